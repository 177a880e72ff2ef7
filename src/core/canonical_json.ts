// One byte form per JSON value, so that equal content has equal digests.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * RFC 8785 (JCS) text: keys sorted by UTF-16 code units, ECMAScript number form, no white space.
 * `undefined` members are left out.
 * @throws TypeError for NaN and infinities, which JSON cannot say
 */
export function canonicalJson(value: Json): string {
  return write(value, "", "");
}

/** Sorted like `canonicalJson`, indented by two spaces, ending with a line feed: for files that people read too. */
export function readableJson(value: Json): string {
  return `${write(value, "\n", "  ")}\n`;
}

function write(value: Json, lineBreak: string, indent: string): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = lineBreak && lineBreak + indent;
  const colon = indent ? ": " : ":";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const nested = value.some((item) => typeof item === "object" && item !== null);
    // A row of plain values stays on one line: a hundred category names are not a hundred lines.
    if (!nested) return `[${value.map((item) => write(item, "", "")).join(indent ? ", " : ",")}]`;
    return `[${value.map((item) => inner + write(item, inner, indent)).join(",")}${lineBreak}]`;
  }
  const members = Object.entries(value as Record<string, Json | undefined>)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (members.length === 0) return "{}";
  return `{${members.map(([key, member]) => inner + JSON.stringify(key) + colon + write(member, inner, indent)).join(",")}${lineBreak}}`;
}
