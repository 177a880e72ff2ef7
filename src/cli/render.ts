// Text for terminals: aligned columns and sizes that people can read.
import { inOneLine } from "./visible.ts";

/** Rows as aligned columns; the last column is not padded. */
export function columns(table: readonly (readonly string[])[], gap = "  "): string {
  const rows = table.map((row) => row.map(inOneLine));
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!)))
        .join(gap)
        .trimEnd(),
    )
    .join("\n");
}

/** Decimal units, as disks and registries count: `1.2 MB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let amount = bytes;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** `sha256:0123456789ab`: enough to tell apart, short enough to read. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 13);
}

/** `a, b, c and 12 more`. */
export function few(items: readonly (string | number)[], limit = 6): string {
  // A text of nothing, or of blanks, is seen only in quotes.
  const shown = items.slice(0, limit).map((item) => (String(item).trim() === "" ? `"${item}"` : item));
  if (items.length <= limit) return shown.join(", ");
  return `${shown.join(", ")} and ${items.length - limit} more`;
}
