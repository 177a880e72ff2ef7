// JSON, walked over its bytes: arrays of a million numbers go straight into typed arrays, and what is not needed is passed over.
import { bytesFollow, IngotError } from "../../core/index.ts";
import { DecimalScanner } from "../decimal.ts";
import { type Cursor, deepest, type Kind, type NumberSink } from "./cursor.ts";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
/** Names of features are short; nothing in a model is a long text. */
const longestText = 1 << 20;

const words: readonly (readonly [text: string, value: number])[] = [
  ["true", 1],
  ["false", 0],
  // XGBoost writes these bare (src/common/json.cc, JsonWriter).
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class JsonCursor implements Cursor {
  readonly #bytes: Uint8Array;
  readonly #buffer: Buffer;
  readonly #source: string;
  readonly #scanner: DecimalScanner;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
    this.#scanner = new DecimalScanner(bytes);
  }

  get position(): number {
    return this.#at;
  }

  seek(position: number): void {
    this.#at = position;
  }

  where(): string {
    return `${this.#source} at byte ${this.#at}`;
  }

  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (this.#buffer.toString("latin1", this.#at, this.#at + 4096).trim() !== "" || rest > 4096)
      throw this.#malformed(`${bytesFollow(rest)} the model`);
  }

  kind(): Kind {
    const byte = this.#peek();
    if (byte === openObject) return "object";
    if (byte === openArray) return "array";
    if (byte === quote) return "string";
    if (byte === 0x74 || byte === 0x66) return "boolean";
    return byte === 0x6e ? "null" : "number";
  }

  object(onMember: (key: string) => void): void {
    this.#expect(openObject, "an object");
    this.#enter();
    const keys = new Set<string>();
    if (this.#peek() === closeObject) this.#at++;
    else
      do {
        const key = this.text();
        if (keys.has(key)) throw this.#malformed(`the key ${JSON.stringify(key.slice(0, 60))} appears twice`);
        keys.add(key);
        this.#expect(colon, "`:`");
        onMember(key);
      } while (this.#more(closeObject));
    this.#depth--;
  }

  array(onItem: (index: number) => void): void {
    this.#expect(openArray, "an array");
    this.#enter();
    let index = 0;
    if (this.#peek() === closeArray) this.#at++;
    else
      do onItem(index++);
      while (this.#more(closeArray));
    this.#depth--;
  }

  numbers(sink: NumberSink): number {
    this.#expect(openArray, "an array of numbers");
    if (this.#peek() === closeArray) {
      this.#at++;
      return 0;
    }
    let count = 0;
    do {
      sink.push(this.number());
      count++;
    } while (this.#more(closeArray));
    return count;
  }

  number(): number {
    this.#peek();
    const scanner = this.#scanner;
    scanner.offset = this.#at;
    const value = scanner.next(this.#bytes.length);
    if (scanner.offset > this.#at) {
      this.#at = scanner.offset;
      return value;
    }
    for (const [text, meaning] of words)
      if (this.#buffer.toString("latin1", this.#at, this.#at + text.length) === text) {
        this.#at += text.length;
        return meaning;
      }
    throw this.#malformed("expected a number");
  }

  text(): string {
    this.#expect(quote, "a text");
    const start = this.#at;
    let end = start;
    let escaped = false;
    for (;;) {
      if (end >= this.#bytes.length) throw this.#truncated();
      const byte = this.#bytes[end]!;
      if (byte === quote) break;
      if (byte === backslash) {
        escaped = true;
        end++;
      }
      end++;
      if (end - start > longestText) throw this.#malformed(`a text is longer than ${longestText} bytes`);
    }
    this.#at = end + 1;
    try {
      const text = utf8.decode(this.#bytes.subarray(start, end));
      if (!escaped) return text;
      const meant = JSON.parse(`"${text}"`) as string;
      // Half a surrogate pair has no UTF-8: two such names would become one.
      if (!meant.isWellFormed()) throw new SyntaxError("half a surrogate pair");
      return meant;
    } catch (cause) {
      this.#at = start;
      throw this.#malformed("a text is not valid", cause);
    }
  }

  skip(): void {
    const byte = this.#peek();
    if (byte === quote) {
      this.text();
    } else if (byte === openObject) {
      this.object(() => this.skip());
    } else if (byte === openArray) {
      this.#skipArray();
    } else if (byte === 0x6e && this.#buffer.toString("latin1", this.#at, this.#at + 4) === "null") {
      this.#at += 4;
    } else {
      this.number();
    }
  }

  /** An array of plain numbers ends at the next `]`, which is found much faster than its numbers are read. */
  #skipArray(): void {
    const start = this.#at;
    this.#at++;
    const first = this.#peek();
    const end = first === 0x2d || (first >= 0x30 && first <= 0x39) ? this.#buffer.indexOf(closeArray, this.#at) : -1;
    // Searched up to there only: looking through the whole file for each array would cost its square.
    const inside = this.#buffer.subarray(this.#at, Math.max(end, this.#at));
    if (end >= 0 && ![quote, openArray, openObject].some((byte) => inside.includes(byte))) {
      this.#at = end + 1;
      return;
    }
    this.#at = start;
    this.array(() => this.skip());
  }

  /** After an item: true at a comma, false at the closing bracket. */
  #more(close: number): boolean {
    const byte = this.#peek();
    this.#at++;
    if (byte === comma) return true;
    if (byte === close) return false;
    this.#at--;
    throw this.#malformed(`expected \`,\` or \`${String.fromCharCode(close)}\``);
  }

  #expect(wanted: number, what: string): void {
    if (this.#peek() !== wanted) throw this.#malformed(`expected ${what}`);
    this.#at++;
  }

  /** The next byte that is not white space. */
  #peek(): number {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw this.#truncated();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at++;
    }
  }

  #enter(): void {
    if (++this.#depth > deepest) throw this.#malformed(`nests deeper than ${deepest} levels`);
  }

  #malformed(what: string, cause?: unknown): IngotError {
    return new IngotError("FILE_MALFORMED", { what, where: this.where(), fix: "export the model again", cause });
  }

  #truncated(): IngotError {
    return new IngotError("FILE_TRUNCATED", {
      what: "the file ends within the model",
      where: this.where(),
      fix: "the file is incomplete: copy or export it again",
    });
  }
}
