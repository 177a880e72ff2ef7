// A window on a file that moves along, and the registers of the machine that runs over it.
import { IngotError, type Soon, soon } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { longestOpcode, type Registers, underflow } from "./data_opcodes.ts";
import type { Workspace } from "./workspace.ts";

/** Names and numbers are shorter; the windows are as long. */
const longestLine = 2 ** 22;

/** The stream ends what loaders can read. */
export class Broken extends Error {}

/** A leaf outside of the window is asked for (or, at -1, the rest of a line): to be loaded, and the opcode tried again. */
export class Missing extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super();
    this.offset = offset;
  }
}

export class Window {
  readonly r: Registers;
  readonly file: FileSource;
  /** Where the stream has to end. */
  readonly end: number;
  private readonly space: Workspace;
  private size: number;

  constructor(file: FileSource, start: number, end: number, size: number | undefined, space: Workspace) {
    this.file = file;
    this.end = end;
    this.size = size ?? longestLine;
    this.space = space;
    this.r = space.registers(start);
  }

  /** Offset in the file. */
  get offset(): number {
    return this.r.base + this.r.at;
  }

  /** Position of the next line end. @throws Missing where it takes more of the file, Broken where there is none */
  lineEnd(from: number): number {
    const { r } = this;
    const end = r.bytes.indexOf(10, from);
    if (end >= 0 && r.base + end < this.end) return end;
    if (r.base + r.bytes.length >= this.end) throw new Broken("a line without an end");
    if (r.at > 0 || this.size < longestLine) {
      if (r.at === 0) this.size = longestLine;
      throw new Missing(-1);
    }
    return -1;
  }

  /** The end of text that is longer than the window. */
  async skipLine(): Promise<void> {
    const { r } = this;
    while (r.bytes.indexOf(10) < 0 || r.base + r.bytes.indexOf(10) >= this.end) {
      if (r.base + r.bytes.length >= this.end) throw new Broken("a line without an end");
      r.at = r.bytes.length;
      await this.fill();
    }
    r.at = r.bytes.indexOf(10) + 1;
  }

  /** Moves on to where the registers stand. */
  fill(): Soon<void> {
    const base = this.offset;
    const size = Math.min(this.size, this.end - base);
    return soon(this.file.read(base, base + size), (bytes) => this.moved(base, size, bytes));
  }

  private moved(base: number, size: number, bytes: Uint8Array): void {
    const { r } = this;
    if (bytes.length < size)
      throw new IngotError("FILE_TRUNCATED", { what: "shrank while it was read", where: this.file.name });
    // Opcodes may be read beyond the end, and are found to be cut off afterwards.
    r.bytes = base + size === this.end ? this.space.padded(bytes) : bytes;
    r.view = this.space.viewOf(r.bytes);
    r.base = base;
    r.at = 0;
  }

  /** Where the inner loop has to come up, relative to the window. */
  limit(frameEnd: number): number {
    const { r } = this;
    const windowEnd = r.base + r.bytes.length;
    const last = windowEnd >= this.end ? this.end - r.base : r.bytes.length - longestOpcode - 2;
    return Math.min(last, frameEnd - r.base);
  }

  length8(at: number): number {
    return this.r.view.getUint32(at, true) + this.r.view.getUint32(at + 4, true) * 2 ** 32;
  }

  has(operands: number): void {
    if (this.r.depth - operands < this.r.fence) throw new Broken(underflow);
  }

  top(): number {
    this.has(1);
    return this.r.stack[this.r.depth - 1]!;
  }

  push(value: number): void {
    this.r.stack[this.r.depth++] = value;
  }

  mark(): number {
    const mark = this.r.marks.at(-1);
    if (mark === undefined) throw new Broken("no mark on the stack");
    return mark;
  }

  leaveMark(): void {
    this.r.marks.pop();
    this.r.fence = this.r.marks.at(-1) ?? 0;
  }
}
