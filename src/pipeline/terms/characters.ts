// Classes of characters in a regular expression of Python, written so that RE2 and JavaScript read them alike.
// Rule: Python's `re` on str: \w is str.isalnum() or "_" (categories L and N, exactly), \d is category Nd, \s is str.isspace().
// Compared over all code points: no difference that was assigned when Python 3.8, 3.11 or 3.13 was released (docs: ARCHITECTURE.md).

export interface Characters {
  /** The class as RE2 and as JavaScript (with `u`) take it, brackets included. */
  readonly source: string;
  /** Name of the class: equal classes have equal names. */
  readonly key: string;
  /** 1 where a code point belongs to it. */
  bits(): Uint8Array;
}

/** One member of a class: code points from-to, or a named class, which may be taken inverted. */
export type Member =
  | readonly [from: number, to: number]
  | { readonly name: "w" | "d" | "s"; readonly inverted: boolean };

const size = 0x110000;
const whitespace = "\\x09-\\x0d\\x1c-\\x20\\x85\\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const named = { w: "\\p{L}\\p{N}_", d: "\\p{Nd}", s: whitespace } as const;

export function characters(members: readonly Member[], inverted = false): Characters {
  const names = members.map((member) => ("name" in member ? member : null));
  const simple = names.every((member) => !member?.inverted);
  if (simple) return written(members.map(memberSource).join(""), inverted);
  const only = members.length === 1 ? names[0] : null;
  if (only) return written(named[only.name], !inverted);
  // An inverted class beside others has no short form: its code points are listed.
  const bits = new Uint8Array(size);
  for (const member of members) {
    const own = characters([member]).bits();
    for (let code = 0; code < size; code++) if (own[code]) bits[code] = 1;
  }
  return written(rangesOf(bits), inverted);
}

export const wordCharacters = characters([{ name: "w", inverted: false }]);
export const spaces = characters([{ name: "s", inverted: false }]);

function written(body: string, inverted: boolean): Characters {
  const source = `[${inverted ? "^" : ""}${body}]`;
  return { source, key: source, bits: () => bitsOf(source) };
}

function memberSource(member: Member): string {
  if ("name" in member) return named[member.name];
  const [from, to] = member;
  return from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`;
}

/** Letters, digits and what is not ASCII as they are. */
function escaped(code: number): string {
  const text = String.fromCodePoint(code);
  return code > 0xa0 || /[A-Za-z0-9_]/.test(text) ? text : `\\x${code.toString(16).padStart(2, "0")}`;
}

const known = new Map<string, Uint8Array>();

function bitsOf(source: string): Uint8Array {
  const existing = known.get(source);
  if (existing) return existing;
  const expression = new RegExp(`^${source}$`, "u");
  const bits = new Uint8Array(size);
  for (let code = 0; code < size; code++)
    if ((code < 0xd800 || code > 0xdfff) && expression.test(String.fromCodePoint(code))) bits[code] = 1;
  if (known.size > 40) known.clear();
  known.set(source, bits);
  return bits;
}

function rangesOf(bits: Uint8Array): string {
  let text = "";
  for (let code = 0; code < size; code++) {
    if (!bits[code]) continue;
    const from = code;
    while (code + 1 < size && (bits[code + 1] || isSurrogate(code + 1))) code++;
    text += memberSource([from, code]);
  }
  return text;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

export function isWithin(inner: Characters, outer: Characters): boolean {
  if (inner.key === outer.key) return true;
  const [a, b] = [inner.bits(), outer.bits()];
  for (let code = 0; code < size; code++) if (a[code]! > b[code]!) return false;
  return true;
}

export function areDisjoint(one: Characters, other: Characters): boolean {
  if (one.key === other.key) return false;
  const [a, b] = [one.bits(), other.bits()];
  for (let code = 0; code < size; code++) if (a[code] === 1 && b[code] === 1) return false;
  return true;
}
