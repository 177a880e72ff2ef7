// JSON that is bounded in depth and count and that tells of keys which stand twice: readers differ in which of them they take.
import { IngotError, quoted } from "../../core/index.ts";
import type { JsonValue } from "./value.ts";

export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Values of any kind. */
  readonly values: number;
}

export interface JsonReading {
  readonly value: JsonValue;
  /** Keys that stand more than once in one object, in the order of the text; the last value counts. */
  readonly duplicates: readonly string[];
}

const defaults: JsonLimits = { depth: 256, values: 20_000_000 };
const shownDuplicates = 100;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads one JSON value and nothing but white space around it. @throws FILE_MALFORMED, FILE_TOO_LARGE */
export function readJson(bytes: Uint8Array, source: string, limits: JsonLimits = defaults): JsonReading {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new IngotError("FILE_MALFORMED", { what: "JSON is not valid UTF-8", where: source, cause });
  }
  return readJsonText(text.replace(/^\ufeff/, ""), source, limits);
}

/** As `readJson`, of text. */
export function readJsonText(text: string, source: string, limits: JsonLimits = defaults): JsonReading {
  const reader = new JsonReader(text, source, limits);
  const value = reader.value(0);
  reader.end();
  return { value, duplicates: reader.duplicates };
}

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const literals: readonly [text: string, value: null | boolean | number][] = [
  ["true", true],
  ["false", false],
  ["null", null],
  // Python writes and reads these; they stand in many real configurations.
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

class JsonReader {
  readonly duplicates: string[] = [];
  private readonly text: string;
  private readonly source: string;
  private readonly limits: JsonLimits;
  private offset = 0;
  private count = 0;

  constructor(text: string, source: string, limits: JsonLimits) {
    this.text = text;
    this.source = source;
    this.limits = limits;
  }

  value(depth: number): JsonValue {
    if (++this.count > this.limits.values) throw this.tooLarge(`more than ${this.limits.values} values`);
    if (depth > this.limits.depth) throw this.tooLarge(`nested deeper than ${this.limits.depth}`);
    const char = this.next();
    if (char === "{") return this.object(depth);
    if (char === "[") return this.array(depth);
    if (char === '"') return this.string();
    return this.atom();
  }

  end(): void {
    if (this.next() !== "") throw this.malformed("something follows the value");
  }

  private object(depth: number): JsonValue {
    const entries = new Map<string, JsonValue>();
    this.offset++;
    if (this.next() === "}") {
      this.offset++;
      return entries;
    }
    for (;;) {
      if (this.next() !== '"') throw this.malformed("a key is needed");
      const key = this.string();
      this.expect(":");
      if (entries.has(key) && this.duplicates.length < shownDuplicates) this.duplicates.push(key);
      entries.set(key, this.value(depth + 1));
      if (this.next() === "}") break;
      this.expect(",");
    }
    this.offset++;
    return entries;
  }

  private array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.offset++;
    if (this.next() === "]") {
      this.offset++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.next() === "]") break;
      this.expect(",");
    }
    this.offset++;
    return items;
  }

  /** A string from its opening quote on. */
  private string(): string {
    const start = this.offset + 1;
    let end = this.text.indexOf('"', start);
    for (; end > 0; end = this.text.indexOf('"', end + 1)) {
      let slashes = 0;
      while (this.text[end - 1 - slashes] === "\\") slashes++;
      if (slashes % 2 === 0) break;
    }
    if (end < 0) throw this.malformed("a string does not end");
    const raw = this.text.slice(start, end);
    try {
      const value: string = JSON.parse(`"${raw}"`);
      this.offset = end + 1;
      return value;
    } catch {
      throw this.malformed(`the string ${quoted(raw)} is not valid`);
    }
  }

  private atom(): JsonValue {
    for (const [text, value] of literals)
      if (this.text.startsWith(text, this.offset)) {
        this.offset += text.length;
        return value;
      }
    number.lastIndex = this.offset;
    const found = number.exec(this.text);
    if (!found) throw this.malformed(this.offset >= this.text.length ? "ends too early" : "a value is needed");
    this.offset += found[0].length;
    const value = Number(found[0]);
    const isInteger = found[1] === undefined && found[2] === undefined;
    // Digits without end cost time in the square of their number.
    return isInteger && !Number.isSafeInteger(value) && found[0].length <= 400 ? BigInt(found[0]) : value;
  }

  /** Skips white space; the character there, or "" at the end. */
  private next(): string {
    let char = this.text.charCodeAt(this.offset);
    while (char === 32 || char === 10 || char === 13 || char === 9) char = this.text.charCodeAt(++this.offset);
    return this.text[this.offset] ?? "";
  }

  private expect(char: string): void {
    if (this.next() !== char) throw this.malformed(`\`${char}\` is needed`);
    this.offset++;
  }

  private malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", {
      what: `not valid JSON: ${what}`,
      where: `${this.source} at character ${this.offset}`,
      fix: "write the file again",
    });
  }

  private tooLarge(what: string): IngotError {
    return new IngotError("FILE_TOO_LARGE", { what: `JSON ${what}`, where: this.source });
  }
}
