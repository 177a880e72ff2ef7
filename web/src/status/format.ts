// Numbers as people read them at a glance.

/** `0.42 ms`, `12 ms`, `1.3 s`; a dash where nothing is known. */
export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 10) return `${ms.toPrecision(2)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toPrecision(2)} s`;
}

/** `0`, `0.4`, `37`, `1,204`, `2.1 M`. */
export function count(value: number): string {
  if (value !== 0 && value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  return value < 1e6 ? Math.round(value).toLocaleString("en") : `${(value / 1e6).toPrecision(3)} M`;
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  if (share === 0) return "0 %";
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`. */
export function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}
