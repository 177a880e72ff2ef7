// Reading binary files that may lie.
import { IngotError } from "./errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A view over bytes that refuses to run past its end. All lengths are checked before anything is allocated;
 * `take` returns views, never copies.
 * @throws IngotError FILE_TRUNCATED, FILE_MALFORMED (invalid UTF-8)
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly source: string;
  offset: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, source: string, offset = 0) {
    this.bytes = bytes;
    this.source = source;
    this.offset = offset;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Reserves `length` bytes and returns where they start. */
  private advance(length: number): number {
    if (!(length >= 0) || length > this.bytes.length - this.offset)
      throw new IngotError("FILE_TRUNCATED", {
        what: `needs ${length} bytes, ${this.remaining} left`,
        where: this.where(),
        fix: "the file is incomplete or damaged: copy or export it again",
      });
    const start = this.offset;
    this.offset += length;
    return start;
  }

  where(): string {
    return `${this.source} at byte ${this.offset}`;
  }

  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const at = this.where();
    try {
      return utf8.decode(this.take(length));
    } catch (cause) {
      if (cause instanceof IngotError) throw cause;
      throw new IngotError("FILE_MALFORMED", { what: "text is not valid UTF-8", where: at, cause });
    }
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }
  i8(): number {
    return this.view.getInt8(this.advance(1));
  }
  u16(littleEndian: boolean): number {
    return this.view.getUint16(this.advance(2), littleEndian);
  }
  i16(littleEndian: boolean): number {
    return this.view.getInt16(this.advance(2), littleEndian);
  }
  u32(littleEndian: boolean): number {
    return this.view.getUint32(this.advance(4), littleEndian);
  }
  i32(littleEndian: boolean): number {
    return this.view.getInt32(this.advance(4), littleEndian);
  }
  i64(littleEndian: boolean): bigint {
    return this.view.getBigInt64(this.advance(8), littleEndian);
  }
  u64(littleEndian: boolean): bigint {
    return this.view.getBigUint64(this.advance(8), littleEndian);
  }
  f32(littleEndian: boolean): number {
    return this.view.getFloat32(this.advance(4), littleEndian);
  }
  f64(littleEndian: boolean): number {
    return this.view.getFloat64(this.advance(8), littleEndian);
  }
}
