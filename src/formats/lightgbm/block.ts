// One tree of the file: which lines it has, and the numbers in them.
import type { ModelText, NumberKind, Span } from "./lines.ts";

/** More lines than any version writes for a tree. */
const lineLimit = 64;

/** One `Tree=` block: where its lines are. */
export class TreeBlock {
  readonly text: ModelText;
  readonly index: number;
  readonly #lines: ReadonlyMap<string, Span>;

  constructor(text: ModelText, index: number, lines: ReadonlyMap<string, Span>) {
    this.text = text;
    this.index = index;
    this.#lines = lines;
  }

  has(field: string): boolean {
    return this.#lines.has(field);
  }

  span(field: string): Span {
    const span = this.#lines.get(field);
    if (!span) throw this.text.invalid(`has no line \`${field}=\``, `tree ${this.index}`);
    return span;
  }

  where(field: string): string {
    return `tree ${this.index}, ${field}`;
  }

  read<T extends Int32Array | Uint8Array | Uint32Array | Float64Array>(
    field: string,
    kind: NumberKind,
    out: T,
    at = 0,
    count = out.length,
  ): T {
    this.text.numbers(this.span(field), kind, out, at, count, () => this.where(field));
    return out;
  }

  count(field: string, least: number, most: number): number {
    const value = this.read(field, "int", new Int32Array(1))[0]!;
    if (value < least || value > most)
      throw this.text.invalid(`${value} is not between ${least} and ${most}`, this.where(field));
    return value;
  }
}

/** The lines of the block at `[start, end)`, up to an empty line. */
export function readBlock(text: ModelText, index: number, start: number, end: number): TreeBlock {
  const lines = new Map<string, Span>();
  let at = text.lineEnd(start, end) + 1;
  for (let line = 0; at < end && line < lineLimit; line++) {
    const lineEnd = text.lineEnd(at, end);
    if (text.trimmed(at, lineEnd) === at) break;
    const equals = text.bytes.indexOf(0x3d, at);
    if (equals < 0 || equals >= lineEnd || equals - at > 40)
      throw text.invalid(`line ${line + 1} is not \`field=values\``, `tree ${index}`);
    lines.set(text.text(at, equals), [equals + 1, lineEnd]);
    at = lineEnd + 1;
  }
  return new TreeBlock(text, index, lines);
}
