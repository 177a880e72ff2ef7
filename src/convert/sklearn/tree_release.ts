// Which release of scikit-learn fitted an object, where its rules have changed.

/** Whether `version` (`1.3.2`, `0.24.dev0`) is older than `major.minor`; an unknown one is taken for the newest. */
export function isBefore(version: string | null, major: number, minor: number): boolean {
  const [, a, b] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (a === undefined || b === undefined) return false;
  return Number(a) < major || (Number(a) === major && Number(b) < minor);
}
