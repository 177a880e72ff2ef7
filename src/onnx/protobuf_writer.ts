// Protobuf wire format, writing: one pass measures, one allocation, one pass fills.
import { IngotError } from "../core/index.ts";

const encoder = new TextEncoder();

/** One protobuf message ends at 2 GiB; every reader of ONNX files refuses more. */
export const protobufLimit = 2 ** 31 - 1;

/** Plain names up to this length are written byte by byte: TextEncoder costs more than they do. */
const shortText = 32;

/**
 * Lists of numbers in attributes above this length are packed: one tag for all, half the size. Shorter ones get a tag per number, as
 * the onnx package writes them, so that its files come back byte for byte. Every protobuf reader takes both.
 */
const packAbove = 128;

/**
 * Writes one message tree. The same code runs twice: first with no buffer, adding up sizes and noting the length of every
 * nested message in order; then into the buffer, taking those lengths in the same order.
 */
export class ProtobufWriter {
  #bytes: Uint8Array | null = null;
  #view: DataView | null = null;
  #offset = 0;
  readonly #lengths: number[] = [];
  #next = 0;
  /** The text that was written last, and where: lists of texts repeat themselves. */
  #text = "";
  #textLength = 0;
  #textOffset = 0;

  /** @throws IngotError ONNX_UNSUPPORTED above 2 GiB */
  static encode<T>(value: T, write: (writer: ProtobufWriter, value: T) => void): Uint8Array {
    const writer = new ProtobufWriter();
    write(writer, value);
    const size = writer.#offset;
    if (size > protobufLimit)
      throw new IngotError("ONNX_UNSUPPORTED", {
        what: `the model takes ${size} bytes, one ONNX file holds at most ${protobufLimit}`,
        fix: "write its weights to external data",
      });
    const bytes = new Uint8Array(size);
    writer.#bytes = bytes;
    writer.#view = new DataView(bytes.buffer);
    writer.#offset = 0;
    writer.#next = 0;
    writer.#text = "";
    writer.#textLength = 0;
    write(writer, value);
    return bytes;
  }

  /** Length-delimited nested message. */
  message<T>(field: number, value: T, write: (writer: ProtobufWriter, value: T) => void): void {
    const slot = this.#next++;
    if (this.#bytes) {
      this.#tag(field, 2);
      this.#unsigned(this.#lengths[slot]!);
      write(this, value);
    } else {
      const start = this.#offset;
      this.#lengths.push(0);
      write(this, value);
      const length = this.#offset - start;
      this.#lengths[slot] = length;
      this.#tag(field, 2);
      this.#unsigned(length);
    }
  }

  messages<T>(field: number, values: readonly T[], write: (writer: ProtobufWriter, value: T) => void): void {
    for (const value of values) this.message(field, value, write);
  }

  text(field: number, value: string): void {
    this.#tag(field, 2);
    const isRepeated = value === this.#text;
    const length = isRepeated ? this.#textLength : utf8Length(value);
    this.#unsigned(length);
    const bytes = this.#bytes;
    const last = this.#textOffset;
    this.#text = value;
    this.#textLength = length;
    this.#textOffset = this.#offset;
    if (!bytes) this.#offset += length;
    else if (isRepeated) {
      bytes.copyWithin(this.#offset, last, last + length);
      this.#offset += length;
    } else if (length === value.length && length <= shortText)
      for (let i = 0; i < length; i++) bytes[this.#offset++] = value.charCodeAt(i);
    else {
      encoder.encodeInto(value, bytes.subarray(this.#offset, this.#offset + length));
      this.#offset += length;
    }
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#unsigned(value.length);
    this.raw(value);
  }

  /** Bytes that are already encoded, tags included. */
  raw(value: Uint8Array): void {
    this.#bytes?.set(value, this.#offset);
    this.#offset += value.length;
  }

  /** int32, int64 or enum. */
  int(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    this.#signed(value);
  }

  float(field: number, value: number): void {
    this.#tag(field, 5);
    this.#view?.setFloat32(this.#offset, value, true);
    this.#offset += 4;
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#view?.setFloat64(this.#offset, value, true);
    this.#offset += 8;
  }

  floats(field: number, values: Float32Array): void {
    if (values.length <= packAbove) for (const value of values) this.float(field, value);
    else this.bytes(field, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  ints(field: number, values: Int32Array | BigInt64Array): void {
    if (values.length <= packAbove) for (const value of values) this.int(field, value);
    else this.#packed(field, values);
  }

  /** Two 32-bit halves per number, because a BigInt64Array makes an object of each. */
  #packed(field: number, values: Int32Array | BigInt64Array): void {
    const slot = this.#next++;
    if (!this.#bytes) this.#lengths.push(packedLength(values));
    const length = this.#lengths[slot]!;
    this.#tag(field, 2);
    this.#unsigned(length);
    if (!this.#bytes) this.#offset += length;
    else if (values instanceof Int32Array && length === values.length) {
      // Each is one byte: copied at once.
      this.#bytes.set(values, this.#offset);
      this.#offset += length;
    } else if (values instanceof Int32Array)
      for (let i = 0; i < values.length; i++) this.#halves(values[i]!, values[i]! >> 31);
    else {
      const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
      for (let i = 0; i < halves.length; i += 2) this.#halves(halves[i]!, halves[i + 1]!);
    }
  }

  #tag(field: number, wire: number): void {
    this.#unsigned(field * 8 + wire);
  }

  /** 0 … 2^53. */
  #unsigned(value: number): void {
    const bytes = this.#bytes;
    if (!bytes) {
      this.#offset += varintLength(value);
      return;
    }
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[this.#offset++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[this.#offset++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.#offset++] = rest;
  }

  /** A 64-bit number from its two halves, into the buffer. */
  #halves(lowHalf: number, highHalf: number): void {
    const bytes = this.#bytes!;
    let low = lowHalf >>> 0;
    let high = highHalf >>> 0;
    while (high !== 0 || low > 127) {
      bytes[this.#offset++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[this.#offset++] = low;
  }

  /** Two's complement of 64 bits: negative numbers take ten bytes. */
  #signed(value: number | bigint): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.#unsigned(Number(value));
      return;
    }
    const bytes = this.#bytes;
    let rest = BigInt.asUintN(64, BigInt(value));
    if (!bytes) {
      this.#offset += signedLength(value);
      return;
    }
    for (; rest > 127n; rest >>= 7n) bytes[this.#offset++] = Number(rest & 127n) | 128;
    bytes[this.#offset++] = Number(rest);
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let limit = 128; value >= limit; limit *= 128) length++;
  return length;
}

function signedLength(value: number | bigint): number {
  if (value < 0) return 10;
  if (value <= Number.MAX_SAFE_INTEGER) return varintLength(Number(value));
  const exact = BigInt(value);
  return exact < 1n << 56n ? 8 : exact < 1n << 63n ? 9 : 10;
}

function packedLength(values: Int32Array | BigInt64Array): number {
  let length = 0;
  if (values instanceof Int32Array) {
    let bits = 0;
    for (let i = 0; i < values.length; i++) bits |= values[i]!;
    if (bits >>> 0 < 128) return values.length;
    for (let i = 0; i < values.length; i++) length += halvesLength(values[i]!, values[i]! >> 31);
    return length;
  }
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < halves.length; i += 2) length += halvesLength(halves[i]!, halves[i + 1]!);
  return length;
}

/** Seven bits to a byte. */
function halvesLength(low: number, high: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
  return bits === 0 ? 1 : Math.ceil(bits / 7);
}

/** Bytes of a string in UTF-8; a lone surrogate becomes U+FFFD, as TextEncoder writes it. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else {
      length += 2;
      const next = text.charCodeAt(i + 1);
      // A pair is four bytes for two units: two were counted, two more are due.
      if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000) i++;
    }
  }
  return length;
}
