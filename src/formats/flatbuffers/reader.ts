// FlatBuffers, reading without a schema compiler: tables are looked into by field number. Rule: FlatBuffers internals documentation
// (little-endian; a table begins with the distance back to its vtable; offsets to strings, vectors and tables are relative to themselves).
import { IngotError } from "../../core/index.ts";

/** Tables, strings and vectors of one file that are looked at: a small file may point at one of them millions of times. */
const visitLimit = 4_000_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

interface Shared {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly source: string;
  visits: number;
}

/** Whether a file says at bytes 4 to 8 that it is of this kind. */
export function hasIdentifier(head: Uint8Array, identifier: string): boolean {
  for (let i = 0; i < 4; i++) if (head[4 + i] !== identifier.charCodeAt(i)) return false;
  return true;
}

/** One table. Fields are counted from 0 in the order of the schema; a union takes two numbers. */
export class FlatTable {
  readonly #shared: Shared;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableSize: number;

  private constructor(shared: Shared, at: number) {
    this.#shared = shared;
    this.#at = at;
    visit(shared, at);
    const distance = shared.view.getInt32(room(shared, at, 4), true);
    this.#vtable = room(shared, at - distance, 4);
    const size = shared.view.getUint16(this.#vtable, true);
    if (size < 4 || size % 2 !== 0) fail(shared, this.#vtable, `a table has a vtable of ${size} bytes`);
    room(shared, this.#vtable, size);
    this.#vtableSize = size;
  }

  /**
   * The root table.
   * @param identifier the four characters at byte 4 that the format requires, if it does
   * @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, like every accessor
   */
  static root(bytes: Uint8Array, source: string, identifier?: string): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const shared: Shared = { bytes, view, source, visits: 0 };
    room(shared, 0, 8);
    if (identifier !== undefined && Buffer.from(bytes.subarray(4, 8)).toString("latin1") !== identifier)
      fail(shared, 4, `does not carry the identifier "${identifier}"`);
    return new FlatTable(shared, view.getUint32(0, true));
  }

  /** Whether the field is stored, rather than left at its default. */
  has(field: number): boolean {
    return this.#field(field, 0) >= 0;
  }

  boolean(field: number, fallback = false): boolean {
    const at = this.#field(field, 1);
    return at < 0 ? fallback : this.#shared.bytes[at] !== 0;
  }
  uint8(field: number, fallback = 0): number {
    const at = this.#field(field, 1);
    return at < 0 ? fallback : this.#shared.view.getUint8(at);
  }
  int8(field: number, fallback = 0): number {
    const at = this.#field(field, 1);
    return at < 0 ? fallback : this.#shared.view.getInt8(at);
  }
  int32(field: number, fallback = 0): number {
    const at = this.#field(field, 4);
    return at < 0 ? fallback : this.#shared.view.getInt32(at, true);
  }
  uint32(field: number, fallback = 0): number {
    const at = this.#field(field, 4);
    return at < 0 ? fallback : this.#shared.view.getUint32(at, true);
  }
  int64(field: number, fallback = 0n): bigint {
    const at = this.#field(field, 8);
    return at < 0 ? fallback : this.#shared.view.getBigInt64(at, true);
  }
  uint64(field: number, fallback = 0n): bigint {
    const at = this.#field(field, 8);
    return at < 0 ? fallback : this.#shared.view.getBigUint64(at, true);
  }
  float32(field: number, fallback = 0): number {
    const at = this.#field(field, 4);
    return at < 0 ? fallback : this.#shared.view.getFloat32(at, true);
  }
  float64(field: number, fallback = 0): number {
    const at = this.#field(field, 8);
    return at < 0 ? fallback : this.#shared.view.getFloat64(at, true);
  }

  /** Text; `""` where the field is absent. */
  text(field: number): string {
    const at = this.#field(field, 4);
    return at < 0 ? "" : textAt(this.#shared, this.#follow(at));
  }

  table(field: number): FlatTable | null {
    const at = this.#field(field, 4);
    return at < 0 ? null : new FlatTable(this.#shared, this.#follow(at));
  }

  tables(field: number): FlatTable[] {
    const { start, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => new FlatTable(this.#shared, this.#follow(start + 4 * i)));
  }

  texts(field: number): string[] {
    const { start, length } = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => textAt(this.#shared, this.#follow(start + 4 * i)));
  }

  /** Elements of a vector of scalars or structs of `width` bytes each, as a view of the file. */
  raw(field: number, width: number): Uint8Array {
    const { start, length } = this.#vector(field, width);
    return this.#shared.bytes.subarray(start, start + length * width);
  }

  int32s(field: number): Int32Array {
    return new Int32Array(this.#aligned(field, 4));
  }
  int64s(field: number): BigInt64Array {
    return new BigInt64Array(this.#aligned(field, 8));
  }
  float32s(field: number): Float32Array {
    return new Float32Array(this.#aligned(field, 4));
  }
  float64s(field: number): Float64Array {
    return new Float64Array(this.#aligned(field, 8));
  }

  #aligned(field: number, width: number): ArrayBuffer {
    return Uint8Array.from(this.raw(field, width)).buffer;
  }

  /** Where the field's value stands, -1 when it is not stored. */
  #field(field: number, width: number): number {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#vtableSize) return -1;
    const offset = this.#shared.view.getUint16(this.#vtable + slot, true);
    return offset === 0 ? -1 : room(this.#shared, this.#at + offset, width);
  }

  #follow(at: number): number {
    return at + this.#shared.view.getUint32(room(this.#shared, at, 4), true);
  }

  #vector(field: number, width: number): { start: number; length: number } {
    const at = this.#field(field, 4);
    if (at < 0) return { start: 0, length: 0 };
    const head = this.#follow(at);
    visit(this.#shared, head);
    const length = this.#shared.view.getUint32(room(this.#shared, head, 4), true);
    room(this.#shared, head + 4, length * width);
    return { start: head + 4, length };
  }
}

function textAt(shared: Shared, at: number): string {
  visit(shared, at);
  const length = shared.view.getUint32(room(shared, at, 4), true);
  const start = room(shared, at + 4, length);
  try {
    return utf8.decode(shared.bytes.subarray(start, start + length));
  } catch (cause) {
    return fail(shared, at, "text is not valid UTF-8", cause);
  }
}

function visit(shared: Shared, at: number): void {
  if (++shared.visits > visitLimit) fail(shared, at, `more than ${visitLimit} tables and texts are referred to`);
}

/** `at` when `width` bytes from there are inside the file. */
function room(shared: Shared, at: number, width: number): number {
  if (at >= 0 && width <= shared.bytes.length - at) return at;
  throw new IngotError("FILE_TRUNCATED", {
    what: `needs ${width} bytes at ${at}, the file ends at ${shared.bytes.length}`,
    where: shared.source,
    fix: "the file is incomplete or damaged: copy or export it again",
  });
}

function fail(shared: Shared, at: number, what: string, cause?: unknown): never {
  throw new IngotError("FILE_MALFORMED", { what, where: `${shared.source} at byte ${at}`, cause });
}
