// Compressed bytes, a buffer at a time: decoders run without awaiting on what is buffered, and refill between steps.
import { IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";

const bufferSize = 256 * 1024;

export class Input {
  readonly name: string;
  bytes: Uint8Array = new Uint8Array(0);
  /** Next byte of `bytes`. */
  at = 0;
  private readonly file: FileSource;
  private readonly stop: number;
  private next: number;

  /** Reads `[start, stop)` of the file. */
  constructor(file: FileSource, start = 0, stop: number = file.size) {
    this.name = file.name;
    this.file = file;
    this.next = start;
    this.stop = stop;
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.next - this.bytes.length + this.at;
  }

  /** Goes on from another offset. */
  seek(offset: number): void {
    const at = offset - (this.next - this.bytes.length);
    if (at >= 0 && at <= this.bytes.length) {
      this.at = at;
      return;
    }
    this.bytes = new Uint8Array(0);
    this.at = 0;
    this.next = offset;
  }

  get buffered(): number {
    return this.bytes.length - this.at;
  }

  /** Whether `bytes` ends where the input ends. */
  get final(): boolean {
    return this.next >= this.stop;
  }

  /** Buffers at least `length` bytes where the input still has them. */
  async fill(length: number): Promise<boolean> {
    if (this.buffered >= length) return true;
    if (this.final) return false;
    const read = await this.file.read(this.next, Math.min(this.stop, this.next + Math.max(length, bufferSize)));
    // Of a Buffer, slice() is no copy.
    const more = new Uint8Array(read.buffer, read.byteOffset, read.length);
    this.next = more.length === 0 ? this.stop : this.next + more.length;
    if (this.buffered === 0) this.bytes = more;
    else {
      const joined = new Uint8Array(this.buffered + more.length);
      joined.set(this.bytes.subarray(this.at));
      joined.set(more, this.buffered);
      this.bytes = joined;
    }
    this.at = 0;
    return this.fill(length);
  }

  /** The next `length` bytes; a view, valid until the next call. @throws FILE_TRUNCATED */
  async take(length: number): Promise<Uint8Array> {
    if (!(await this.fill(length))) throw this.truncated();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  async u8(): Promise<number> {
    return (await this.take(1))[0]!;
  }

  async u32(): Promise<number> {
    const bytes = await this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  async u64(): Promise<bigint> {
    const bytes = await this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  truncated(): IngotError {
    return new IngotError("FILE_TRUNCATED", {
      what: "compressed data ends before its end mark",
      where: `${this.name} at byte ${this.offset}`,
      fix: "the file is incomplete or damaged: copy or export it again",
    });
  }

  malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", {
      what,
      where: `${this.name} at byte ${this.offset}`,
      fix: "the file is damaged: copy or export it again",
    });
  }

  unsupported(what: string): IngotError {
    return new IngotError("MODEL_UNSUPPORTED", {
      what,
      where: this.name,
      fix: "unpack the file yourself and use the result",
    });
  }
}
