// Lines of a LightGBM text file, over bytes, and the errors that name them.
import { IngotError, quoted } from "../../core/index.ts";
import { DecimalScanner } from "../decimal.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Text of a LightGBM file: finds lines, reads the numbers in them, and says where it was when something is wrong. */
export class ModelText {
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly #buffer: Buffer;
  readonly #scanner: DecimalScanner;

  constructor(bytes: Uint8Array, source: string) {
    this.bytes = bytes;
    this.source = source;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#scanner = new DecimalScanner(bytes);
  }

  /** Where the line that begins at `start` ends, without its line break, at most `limit`. */
  lineEnd(start: number, limit = this.bytes.length): number {
    const found = this.#buffer.indexOf(0x0a, start);
    return found < 0 || found > limit ? limit : found;
  }

  /** The text of `[start, end)`, without a carriage return at its end. */
  text(start: number, end: number): string {
    try {
      return decoder.decode(this.bytes.subarray(start, this.trimmed(start, end)));
    } catch (cause) {
      throw this.invalid("text is not valid UTF-8", `byte ${start}`, cause);
    }
  }

  /** `end` without the carriage return and the blanks before it. */
  trimmed(start: number, end: number): number {
    while (end > start && (this.bytes[end - 1] === 0x0d || this.bytes[end - 1] === 0x20)) end--;
    return end;
  }

  startsWith(prefix: string, start: number): boolean {
    if (start + prefix.length > this.bytes.length) return false;
    for (let i = 0; i < prefix.length; i++) if (this.bytes[start + i] !== prefix.charCodeAt(i)) return false;
    return true;
  }

  /**
   * The numbers of `[start, end)`, separated by blanks, into `out` from `at` on: exactly `count` of them.
   */
  numbers(
    [start, end]: Span,
    kind: NumberKind,
    out: Int32Array | Uint8Array | Uint32Array | Float64Array,
    at: number,
    count: number,
    where: () => string,
  ): void {
    const scanner = this.#scanner;
    const { bytes } = this;
    scanner.offset = start;
    let found = 0;
    for (;;) {
      while (scanner.offset < end && isBlank(bytes[scanner.offset]!)) scanner.offset++;
      if (scanner.offset >= end) break;
      if (found === count) throw this.#count(`more than the ${count} values expected`, where());
      const from = scanner.offset;
      let value = scanner.next(end);
      if (Number.isNaN(value) || (scanner.offset < end && !isBlank(bytes[scanner.offset]!)))
        value = this.#word(from, end, where);
      else if (kind !== "float" && !inRange(value, kind, scanner.isInteger)) throw this.#number(from, end, where());
      if (kind !== "float" && !Number.isFinite(value)) throw this.#number(from, end, where());
      out[at + found] = value;
      found++;
    }
    if (found < count) throw this.#count(`${found} values where ${count} are expected`, where());
  }

  /** `inf` and `nan` as C prints them. */
  #word(from: number, end: number, where: () => string): number {
    const scanner = this.#scanner;
    let to = from;
    while (to < end && !isBlank(this.bytes[to]!)) to++;
    const word = this.#buffer.toString("latin1", from, Math.min(to, from + 12)).toLowerCase();
    scanner.offset = to;
    if (/^[-+]?nan$/.test(word)) return Number.NaN;
    if (/^\+?inf(inity)?$/.test(word)) return Number.POSITIVE_INFINITY;
    if (/^-inf(inity)?$/.test(word)) return Number.NEGATIVE_INFINITY;
    throw this.#number(from, end, where());
  }

  #number(from: number, end: number, where: string): IngotError {
    const word = this.#buffer.toString("latin1", from, Math.min(end, from + 40)).split(/\s/)[0];
    return this.invalid(`${quoted(word)} is not a number that belongs here`, where);
  }

  #count(what: string, where: string): IngotError {
    return this.invalid(what, where);
  }

  invalid(what: string, where?: string, cause?: unknown): IngotError {
    return new IngotError("MODEL_INVALID", {
      what,
      where: where ? `${this.source}: ${where}` : this.source,
      fix: "the file is damaged or was edited: save the model again with `Booster.save_model`",
      cause,
    });
  }

  truncated(what: string, where?: string): IngotError {
    return new IngotError("FILE_TRUNCATED", {
      what,
      where: where ? `${this.source}: ${where}` : this.source,
      fix: "the file is incomplete: copy or save it again",
    });
  }
}

/** Bytes from `start` up to, not including, `end`. */
export type Span = readonly [start: number, end: number];

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09;
}

/** `float`: any number, infinities and NaN as well. The others: whole numbers that their column holds. */
export type NumberKind = "float" | keyof typeof ranges;

const ranges = {
  byte: [0, 0xff],
  uint: [0, 0xffff_ffff],
  int: [-0x8000_0000, 0x7fff_ffff],
} as const;

function inRange(value: number, kind: keyof typeof ranges, isInteger: boolean): boolean {
  const [least, most] = ranges[kind];
  return isInteger && value >= least && value <= most;
}
