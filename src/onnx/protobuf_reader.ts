// Protobuf wire format, reading: views into the file, every length checked before it is used.
import { type ErrorCode, IngotError } from "../core/index.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Nested messages, as protobuf's own readers limit them. */
const depthLimit = 100;
/** Messages and list elements of one file that become objects. The largest public models have some 200,000. */
const objectLimit = 8_000_000;

/** Names up to this length are read byte by byte: TextDecoder costs more than they do. */
const shortText = 32;

/** Whose messages are read, for errors. */
export interface MessageKind {
  readonly code: ErrorCode;
  /** e.g. `an ONNX model`. */
  readonly what: string;
  /** What to do about a malformed one; default: what is said of files. */
  readonly fix?: string;
  /** Messages and list elements that become objects, where fewer are allowed than in files. */
  readonly objects?: number;
}

const onnxModel: MessageKind = { code: "ONNX_MALFORMED", what: "an ONNX model" };

interface Shared {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly source: string;
  readonly kind: MessageKind;
  objects: number;
  /** The short text that was read last, and where its bytes begin: lists of texts repeat themselves, and a string is dearer than a look. */
  text: string;
  textStart: number;
}

/** Reads the fields of one message between two offsets of a file. @throws IngotError of the kind's code */
export class ProtobufReader {
  /** Number and wire type of the field that `next` found. */
  field = 0;
  wire = 0;
  #offset: number;
  readonly #start: number;
  readonly #end: number;
  readonly #depth: number;
  readonly #shared: Shared;
  #fieldStart = 0;

  private constructor(shared: Shared, start: number, end: number, depth: number) {
    this.#shared = shared;
    this.#offset = start;
    this.#start = start;
    this.#end = end;
    this.#depth = depth;
  }

  static over(given: Uint8Array, source: string, kind: MessageKind = onnxModel): ProtobufReader {
    // A Node Buffer would hand its own kind of views on.
    const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new ProtobufReader({ bytes, view, source, kind, objects: 0, text: "", textStart: 0 }, 0, bytes.length, 0);
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#offset >= this.#end) return false;
    this.#fieldStart = this.#offset;
    const tag = this.#unsigned();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0 || this.field > 0x1fffffff) this.fail(`field number ${this.field} does not exist`);
    return true;
  }

  /** All fields of this message as they stand in the file. */
  whole(): Uint8Array {
    return this.#shared.bytes.subarray(this.#start, this.#end);
  }

  /** The current field as it stands in the file, tag included. */
  skip(): Uint8Array {
    if (this.wire === 0) this.#varintEnd();
    else if (this.wire === 1) this.#advance(8);
    else if (this.wire === 2) this.#advance(this.#unsigned());
    else if (this.wire === 5) this.#advance(4);
    else this.fail(`wire type ${this.wire} is not used`);
    return this.#shared.bytes.subarray(this.#fieldStart, this.#offset);
  }

  bytes(): Uint8Array {
    this.#count();
    const start = this.#advance(this.#unsigned());
    return this.#shared.bytes.subarray(start, this.#offset);
  }

  text(): string {
    this.#count();
    const length = this.#unsigned();
    const start = this.#advance(length);
    const { bytes } = this.#shared;
    if (length <= shortText) {
      const shared = this.#shared;
      if (shared.text.length === length && isSame(bytes, shared.textStart, start, length)) return shared.text;
      const plain = asciiText(bytes, start, start + length);
      if (plain !== null) {
        shared.text = plain;
        shared.textStart = start;
        return plain;
      }
    }
    try {
      return strict.decode(bytes.subarray(start, start + length));
    } catch (cause) {
      return this.fail("text is not valid UTF-8", cause);
    }
  }

  /** Reader of the nested message that is the current field. */
  message(): ProtobufReader {
    this.#count();
    if (this.#depth >= depthLimit) this.fail(`messages are nested deeper than ${depthLimit} levels`);
    const start = this.#advance(this.#unsigned());
    return new ProtobufReader(this.#shared, start, this.#offset, this.#depth + 1);
  }

  int(): bigint {
    const { low, high } = this.#pair();
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** An integer that must be exact as a JavaScript number. */
  safeInt(): number {
    const byte = this.#shared.bytes[this.#offset]!;
    if (byte < 128 && this.#offset < this.#end) {
      this.#offset++;
      return byte;
    }
    const value = this.int();
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : this.fail(`${value} is out of range`);
  }

  float(): number {
    return this.#shared.view.getFloat32(this.#advance(4), true);
  }

  /** Appends the current field, packed or single, to a list of integers. */
  intsInto(list: IntList): void {
    if (this.wire === 0) {
      const { low, high } = this.#pair();
      list.push(low, high);
      return;
    }
    const length = this.#unsigned();
    const end = this.#advance(length) + length;
    this.#offset = end - length;
    const whole = this.#shared.bytes.subarray(this.#offset, end);
    if (areOneByteEach(whole)) {
      list.append(whole);
      this.#offset = end;
      return;
    }
    list.reserve(countVarints(this.#shared.bytes, this.#offset, end));
    while (this.#offset < end) {
      const byte = this.#shared.bytes[this.#offset]!;
      if (byte < 128) {
        list.push(byte, 0);
        this.#offset++;
      } else {
        const { low, high } = this.#pair();
        list.push(low, high);
      }
    }
    if (this.#offset !== end) this.fail("a packed list ends inside a number");
  }

  /** Appends the current field, packed or single, to a list of sizes. */
  sizesInto(list: number[]): void {
    const end = this.wire === 2 ? this.#unsigned() + this.#offset : 0;
    if (end > this.#end) this.fail("a packed list ends after its message");
    do {
      if (this.wire === 2 && this.#offset >= end) break;
      const size = this.safeInt();
      if (size < 0) this.fail(`a tensor cannot have a dimension of ${size}`);
      this.#count();
      list.push(size);
    } while (this.wire === 2);
    if (this.wire === 2 && this.#offset !== end) this.fail("a packed list ends inside a number");
  }

  /** The little-endian bytes of the current field, packed or single, of `width` bytes per element. */
  fixed(width: 4 | 8): Uint8Array {
    const length = this.wire === 2 ? this.#unsigned() : width;
    if (length % width !== 0) this.fail("a packed list ends inside a number");
    const start = this.#advance(length);
    return this.#shared.bytes.subarray(start, start + length);
  }

  fail(what: string, cause?: unknown): never {
    const { kind, source } = this.#shared;
    throw new IngotError(kind.code, {
      what,
      where: `${source} at byte ${this.#fieldStart}`,
      fix: kind.fix ?? `the file is incomplete, damaged, or not ${kind.what}: copy or export it again`,
      cause,
    });
  }

  #count(): void {
    const limit = this.#shared.kind.objects ?? objectLimit;
    if (++this.#shared.objects > limit) this.fail(`${this.#shared.source} holds more than ${limit} objects`);
  }

  #advance(length: number): number {
    if (length > this.#end - this.#offset)
      this.fail(`needs ${length} bytes, ${this.#end - this.#offset} left in this message`);
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  /** A tag or a length: never above 2^53, so a number holds it. */
  #unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      if (this.#offset >= this.#end) this.fail("ends inside a number");
      const byte = this.#shared.bytes[this.#offset++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return Number.isSafeInteger(value) ? value : this.fail("a length is out of range");
      scale *= 128;
    }
    return this.fail("a length is out of range");
  }

  #varintEnd(): void {
    const start = this.#offset;
    while (this.#offset < this.#end && this.#offset - start < 10) if (this.#shared.bytes[this.#offset++]! < 128) return;
    this.fail("a number is longer than ten bytes or unfinished");
  }

  /** A 64-bit varint as its unsigned low and signed high half. */
  #pair(): { low: number; high: number } {
    const start = this.#offset;
    this.#varintEnd();
    const { bytes } = this.#shared;
    let low = 0;
    let high = 0;
    for (let i = start, shift = 0; i < this.#offset; i++, shift += 7) {
      const bits = bytes[i]! & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    return { low: low >>> 0, high: high | 0 };
  }
}

/** Null when a byte is not ASCII. */
function asciiText(bytes: Uint8Array, start: number, end: number): string | null {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 127) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[one + i] !== bytes[other + i]) return false;
  return true;
}

/**
 * Whether a packed list holds numbers below 128 only, as ids of small trees are: they are then copied at once. Looked at four at a time: a
 * server reads its graph before anything of this code has been compiled.
 */
function areOneByteEach(packed: Uint8Array): boolean {
  const words = new Uint32Array(Math.ceil(packed.length / 4));
  new Uint8Array(words.buffer).set(packed);
  for (let i = 0; i < words.length; i++) if ((words[i]! & 0x80808080) !== 0) return false;
  return true;
}

function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (bytes[i]! < 128) count++;
  return count;
}

const none = new Int32Array();

/** A growing list of 64-bit integers that stays 32 bits wide as long as every value fits. */
export class IntList {
  #narrow: Int32Array = none;
  #wide: BigInt64Array | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room for `more` elements at once. */
  reserve(more: number): void {
    const needed = this.#length + more;
    const capacity = (this.#wide ?? this.#narrow).length;
    if (needed <= capacity) return;
    // One packed list is given what it needs; many short ones must not be copied as often as they are many.
    const size = Math.max(needed, more > 1 && capacity === 0 ? 0 : Math.max(4, capacity * 2));
    if (this.#wide) {
      const grown = new BigInt64Array(size);
      grown.set(this.#wide);
      this.#wide = grown;
    } else {
      const grown = new Int32Array(size);
      grown.set(this.#narrow);
      this.#narrow = grown;
    }
  }

  append(values: Uint8Array): void {
    this.reserve(values.length);
    if (this.#wide) for (const value of values) this.#wide[this.#length++] = BigInt(value);
    else {
      this.#narrow.set(values, this.#length);
      this.#length += values.length;
    }
  }

  /** `low` unsigned, `high` signed 32 bits. */
  push(low: number, high: number): void {
    this.reserve(1);
    if (!this.#wide) {
      if (high === (low | 0) >> 31) {
        this.#narrow[this.#length++] = low;
        return;
      }
      this.#wide = BigInt64Array.from(this.#narrow, BigInt);
    }
    this.#wide[this.#length++] = (BigInt(high) << 32n) | BigInt(low);
  }

  values(): Int32Array | BigInt64Array {
    const full = this.#wide ?? this.#narrow;
    return full.length === this.#length ? full : full.slice(0, this.#length);
  }
}
