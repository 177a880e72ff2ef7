// Where a path inside a file leads.

export type PathKind = "inside" | "absolute" | "url" | "escape";

/** Judges a path as every system may read it: `/` and `\`, drive letters, URLs, NUL. */
export function pathKind(path: string): PathKind {
  if (path.includes("\0")) return "escape";
  const parts = path.split(/[/\\]/);
  // Even `a/../b`: readers that check the text and readers that follow it come to different places.
  if (parts.includes("..")) return "escape";
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return "url";
  if (/^([/\\]|~|[a-z]:)/i.test(path)) return "absolute";
  return "inside";
}
