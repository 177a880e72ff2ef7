// Regular expressions of Python, read into a tree. Rule: Python, Lib/re/_parser.py; what is not in the list here is refused by its name.
import { type Characters, characters, type Member } from "./characters.ts";

export type Pattern =
  | { readonly kind: "characters"; readonly set: Characters }
  | { readonly kind: "boundary" }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Pattern[] }
  | {
      readonly kind: "repeat";
      readonly part: Pattern;
      readonly min: number;
      readonly max: number | null;
      readonly lazy: boolean;
    };

export interface ParsedPattern {
  readonly pattern: Pattern;
  /** Capturing groups; a single one is what the library takes for the token. */
  readonly groups: readonly Pattern[];
}

/** What cannot be read, in words. */
export class PatternUnsupported extends Error {}

const lineFeed = 10;
const shorthand = /^[wdsWDS]$/;
const controls: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };
/** RE2 repeats no more often. */
const mostRepeats = 1000;

/** @throws PatternUnsupported */
export function parsePattern(text: string): ParsedPattern {
  const reader = new PatternReader(text);
  const pattern = reader.choice();
  reader.end();
  return { pattern, groups: reader.groups };
}

class PatternReader {
  readonly groups: Pattern[] = [];
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    // (?u) says what is so anyway.
    this.#characters = Array.from(text.replace(/^\(\?u\)/, ""));
  }

  end(): void {
    if (this.#at < this.#characters.length) throw new PatternUnsupported("an unmatched )");
  }

  choice(): Pattern {
    const parts = [this.#sequence()];
    while (this.#takes("|")) parts.push(this.#sequence());
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek())
      parts.push(this.#repeated(this.#atom()));
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  #repeated(part: Pattern): Pattern {
    const bounds = this.#bounds();
    if (!bounds) return part;
    if (part.kind === "boundary") throw new PatternUnsupported("a repeated \\b");
    const [min, max] = bounds;
    if (Math.max(min, max ?? 0) > mostRepeats || (max !== null && max < min))
      throw new PatternUnsupported(`repetition {${min},${max}}`);
    const lazy = this.#takes("?");
    if (this.#bounds()) throw new PatternUnsupported("possessive or multiple repetition");
    return { kind: "repeat", part, min, max, lazy };
  }

  #bounds(): [number, number | null] | null {
    if (this.#takes("*")) return [0, null];
    if (this.#takes("+")) return [1, null];
    if (this.#takes("?")) return [0, 1];
    const counted = /^\{(\d*)(,?)(\d*)\}/.exec(this.#characters.slice(this.#at, this.#at + 16).join(""));
    // Braces without numbers are themselves.
    if (!counted || (counted[1] === "" && counted[3] === "")) return null;
    this.#at += counted[0].length;
    const min = Number(counted[1] || 0);
    return [min, counted[2] === "" ? min : counted[3] === "" ? null : Number(counted[3])];
  }

  #atom(): Pattern {
    const next = this.#take();
    switch (next) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "characters", set: this.#class() };
      case ".":
        return { kind: "characters", set: characters([[lineFeed, lineFeed]], true) };
      case "^":
      case "$":
        throw new PatternUnsupported(`the anchor ${next}`);
      case "\\": {
        if (this.#takes("b")) return { kind: "boundary" };
        return { kind: "characters", set: characters([this.#escape()]) };
      }
      default: {
        const code = next.codePointAt(0)!;
        return { kind: "characters", set: characters([[code, code]]) };
      }
    }
  }

  #group(): Pattern {
    if (++this.#depth > 50) throw new PatternUnsupported("groups more than 50 deep");
    const isCapturing = this.#peek() !== "?";
    if (!isCapturing && !(this.#takes("?") && this.#takes(":")))
      throw new PatternUnsupported("flags, names or look-around: (?…)");
    const inner = this.choice();
    if (!this.#takes(")")) throw new PatternUnsupported("a group without an end");
    this.#depth--;
    if (isCapturing) this.groups.push(inner);
    return inner;
  }

  #class(): Characters {
    const inverted = this.#takes("^");
    const members: Member[] = [];
    // A ] that comes first is one of the characters.
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      const from = this.#member();
      const isRange = this.#peek() === "-" && this.#characters[this.#at + 1] !== "]";
      if (!isRange) {
        members.push(from);
        continue;
      }
      this.#take();
      const to = this.#member();
      if ("name" in from || "name" in to || to[0] < from[0]) throw new PatternUnsupported("a range without ends");
      members.push([from[0], to[0]]);
    }
    this.#take();
    return characters(members, inverted);
  }

  #member(): Member {
    const next = this.#take();
    if (next === "\\") return this.#takes("b") ? [8, 8] : this.#escape();
    const code = next.codePointAt(0)!;
    return [code, code];
  }

  #escape(): Member {
    const next = this.#take();
    if (shorthand.test(next))
      return { name: next.toLowerCase() as "w" | "d" | "s", inverted: next !== next.toLowerCase() };
    const width = { x: 2, u: 4, U: 8 }[next];
    const control = controls[next];
    if (control !== undefined) return [control, control];
    if (width === undefined && /[A-Za-z0-9]/.test(next)) throw new PatternUnsupported(`\\${next}`);
    const code = width === undefined ? next.codePointAt(0)! : this.#hex(width);
    return [code, code];
  }

  #hex(width: number): number {
    const digits = this.#characters.slice(this.#at, this.#at + width).join("");
    this.#at += width;
    const code = new RegExp(`^[0-9A-Fa-f]{${width}}$`).test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw new PatternUnsupported(`the escape ${digits}`);
    return code;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string {
    const next = this.#characters[this.#at++];
    if (next === undefined) throw new PatternUnsupported("an end too soon");
    return next;
  }

  #takes(wanted: string): boolean {
    if (this.#peek() !== wanted) return false;
    this.#at++;
    return true;
  }
}
