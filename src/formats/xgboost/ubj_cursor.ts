// UBJSON as XGBoost writes it: big-endian, sizes in front, number arrays as one typed block.
// Rule: dmlc/xgboost src/common/json.cc, UBJReader and UBJWriter.
import { ByteReader, bytesFollow, IngotError } from "../../core/index.ts";
import { type Cursor, deepest, type Kind, type NumberSink } from "./cursor.ts";

/** Markers of numbers, with their size in bytes. */
const sizes: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };
const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  i: (view, at) => view.getInt8(at),
  U: (view, at) => view.getUint8(at),
  I: (view, at) => view.getInt16(at),
  l: (view, at) => view.getInt32(at),
  L: (view, at) => Number(view.getBigInt64(at)),
  d: (view, at) => view.getFloat32(at),
  D: (view, at) => view.getFloat64(at),
};
const longestText = 1 << 20;

export class UbjCursor implements Cursor {
  readonly #reader: ByteReader;
  #depth = 0;

  constructor(bytes: Uint8Array, source: string) {
    this.#reader = new ByteReader(bytes, source);
  }

  get position(): number {
    return this.#reader.offset;
  }

  seek(position: number): void {
    this.#reader.offset = position;
  }

  where(): string {
    return this.#reader.where();
  }

  end(): void {
    if (this.#reader.remaining > 0) throw this.#malformed(`${bytesFollow(this.#reader.remaining)} the model`);
  }

  kind(): Kind {
    const marker = this.#peek();
    if (marker === "{") return "object";
    if (marker === "[") return "array";
    if (marker === "S") return "string";
    if (marker === "T" || marker === "F") return "boolean";
    if (marker === "Z") return "null";
    if (marker in sizes) return "number";
    throw this.#malformed(`unknown marker ${JSON.stringify(marker)}`);
  }

  object(onMember: (key: string) => void): void {
    this.#expect("{", "an object");
    this.#enter();
    const keys = new Set<string>();
    while (this.#peek() !== "}") {
      const key = this.#sizedText();
      if (keys.has(key)) throw this.#malformed(`the key ${JSON.stringify(key.slice(0, 60))} appears twice`);
      keys.add(key);
      onMember(key);
    }
    this.#reader.offset++;
    this.#depth--;
  }

  array(onItem: (index: number) => void): void {
    this.#expect("[", "an array");
    this.#enter();
    if (this.#peek() === "$") throw this.#malformed("expected an array of values, got a block of numbers");
    let index = 0;
    if (this.#peek() === "#") {
      this.#reader.offset++;
      const count = this.#count();
      // Every item takes a byte at least.
      if (count > this.#reader.remaining) throw this.#malformed(`an array of ${count} items does not fit the file`);
      while (index < count) onItem(index++);
    } else {
      while (this.#peek() !== "]") onItem(index++);
      this.#reader.offset++;
    }
    this.#depth--;
  }

  numbers(sink: NumberSink): number {
    this.#expect("[", "an array of numbers");
    if (this.#peek() === "$") return this.#block(sink);
    let index = 0;
    this.#reader.offset--;
    this.array(() => {
      sink.push(this.number());
      index++;
    });
    return index;
  }

  /** `$<type>#<count>` and the numbers, without markers between them. */
  #block(sink: NumberSink): number {
    const { type, count, start } = this.#blockHead();
    const reader = this.#reader;
    sink.reserve(count);
    const end = reader.offset;
    const { bytes } = reader;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = readers[type]!;
    const size = sizes[type]!;
    for (let at = start; at < end; at += size) sink.push(read(view, at));
    return count;
  }

  #blockHead(): { type: string; count: number; start: number } {
    this.#expect("$", "a type");
    const type = String.fromCharCode(this.#reader.u8());
    const size = sizes[type];
    if (size === undefined) throw this.#malformed(`a block of ${JSON.stringify(type)} is not supported`);
    this.#expect("#", "a count");
    const count = this.#count();
    const start = this.#reader.offset;
    this.#reader.take(count * size);
    return { type, count, start };
  }

  number(): number {
    const marker = String.fromCharCode(this.#reader.u8());
    if (marker === "T") return 1;
    if (marker === "F") return 0;
    if (marker in sizes) return this.#plain(marker);
    this.#reader.offset--;
    throw this.#malformed("expected a number");
  }

  #plain(type: string): number {
    const { bytes } = this.#reader;
    const at = this.#reader.offset;
    this.#reader.take(sizes[type]!);
    return readers[type]!(new DataView(bytes.buffer, bytes.byteOffset + at, sizes[type]!), 0);
  }

  text(): string {
    this.#expect("S", "a text");
    return this.#sizedText();
  }

  skip(): void {
    const kind = this.kind();
    if (kind === "object") this.object(() => this.skip());
    else if (kind === "string") this.text();
    else if (kind === "null") this.#reader.offset++;
    else if (kind !== "array") this.number();
    else {
      this.#reader.offset++;
      if (this.#peek() === "$") this.#blockHead();
      else {
        this.#reader.offset--;
        this.array(() => this.skip());
      }
    }
  }

  #sizedText(): string {
    const length = this.#count();
    if (length > longestText) throw this.#malformed(`a text of ${length} bytes`);
    return this.#reader.utf8(length);
  }

  #count(): number {
    const at = this.#reader.offset;
    const marker = String.fromCharCode(this.#reader.u8());
    const count = marker in sizes && marker !== "d" && marker !== "D" ? this.#plain(marker) : -1;
    if (count >= 0 && Number.isSafeInteger(count)) return count;
    this.#reader.offset = at;
    throw this.#malformed("expected a length");
  }

  #peek(): string {
    const byte = this.#reader.u8();
    this.#reader.offset--;
    return String.fromCharCode(byte);
  }

  #expect(marker: string, what: string): void {
    if (this.#peek() !== marker) throw this.#malformed(`expected ${what}`);
    this.#reader.offset++;
  }

  #enter(): void {
    if (++this.#depth > deepest) throw this.#malformed(`nests deeper than ${deepest} levels`);
  }

  #malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", { what, where: this.where(), fix: "export the model again" });
  }
}
