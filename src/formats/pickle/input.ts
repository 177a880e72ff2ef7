// The bytes of a pickle, read opcode by opcode: numbers, lines and payloads that are checked before they are taken.
import { counted, IngotError } from "../../core/index.ts";
import { integerText, longOf, shortText, utf8Text } from "./text.ts";

const longestInteger = 2 ** 20;
const longestLine = 2 ** 28;

export class PickleInput {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  offset: number;
  /** Where the opcode at hand begins. */
  at: number;
  frameEnd = Infinity;
  private readonly source: string;

  constructor(bytes: Uint8Array, source: string, start: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.source = source;
    this.offset = start;
    this.at = start;
  }

  opcode(): number {
    this.at = this.offset;
    if (this.offset >= this.frameEnd) this.leaveFrame();
    return this.u8();
  }

  int(line: string): number | bigint | boolean {
    return line === "00" ? false : line === "01" ? true : this.integer(line);
  }

  integer(line: string): number | bigint {
    return this.checked(integerText(line), "an integer");
  }

  long4(): number | bigint {
    const length = this.view.getInt32(this.advance(4), true);
    if (length > longestInteger) throw this.tooLarge(`an integer of ${length} bytes`);
    return longOf(this.take(length));
  }

  text(length: number): string {
    const bytes = this.take(length);
    return this.checked(utf8Text(bytes), "text in UTF-8");
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.offset);
    if (end < 0) throw this.truncated("the end of a line");
    const start = this.offset;
    const line = this.take(end - start);
    this.offset = end + 1;
    const short = line.length < 256 ? shortText(this.bytes, start, end) : null;
    if (short !== null) return short;
    if (line.length > longestLine) throw this.tooLarge(`a line of ${line.length} bytes`);
    return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("latin1");
  }

  enterFrame(length: number): void {
    if (this.frameEnd !== Infinity) throw this.malformed("a frame begins inside a frame");
    if (length > this.bytes.length - this.offset) throw this.truncated(`a frame of ${length} bytes`);
    this.frameEnd = length === 0 ? Infinity : this.offset + length;
  }

  leaveFrame(): void {
    if (this.offset > this.frameEnd) throw this.malformed("an argument reaches beyond its frame");
    this.frameEnd = Infinity;
  }

  u8(): number {
    return this.bytes[this.advance(1)]!;
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  length8(): number {
    const at = this.advance(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  advance(length: number): number {
    if (!(length >= 0 && length <= this.bytes.length - this.offset)) throw this.truncated(counted(length, "byte"));
    const start = this.offset;
    this.offset += length;
    return start;
  }

  checked<T>(value: T | null, what: string): T {
    if (value === null) throw this.malformed(`not ${what}`);
    return value;
  }

  where(): string {
    return `${this.source} at byte ${this.at}`;
  }

  malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", { what: `pickle: ${what}`, where: this.where() });
  }

  truncated(what: string): IngotError {
    return new IngotError("FILE_TRUNCATED", {
      what: `pickle: needs ${what}, ${counted(this.bytes.length - this.offset, "byte")} left`,
      where: this.where(),
      fix: "the file is incomplete or damaged: copy or save it again",
    });
  }

  tooLarge(what: string): IngotError {
    return new IngotError("FILE_TOO_LARGE", { what: `pickle: ${what}`, where: this.where() });
  }
}
