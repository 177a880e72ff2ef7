// What one walk over a pickle needs of memory, kept for the next: a folder of small models is thousands of short walks.
import { AbstractMemo } from "./abstract_memo.ts";
import { ValueRing } from "./abstract_values.ts";
import type { Registers } from "./data_opcodes.ts";

/** Zeros behind the last byte: opcodes may be read beyond it. */
const padding = 16;
/** What is larger serves one walk only. */
const keptWindow = 2 ** 18;
const keptStack = 2 ** 16;
/** Walks inside each other that find memory waiting. */
const mostKept = 8;

const nothing = new Uint8Array(0);
const kept: Workspace[] = [];

export class Workspace {
  private window = new Uint8Array(2 ** 14);
  private view = new DataView(this.window.buffer);
  private readonly memo = new AbstractMemo();
  private readonly ring = new ValueRing();
  private readonly r: Registers = {
    bytes: nothing,
    view: this.view,
    base: 0,
    at: 0,
    limit: 0,
    stack: new Float64Array(1024),
    depth: 0,
    marks: [],
    fence: 0,
    memo: this.memo,
    ring: this.ring,
    copies: 0,
    broken: null,
  };

  /** One that nobody uses; give it back when the walk is over. */
  static take(): Workspace {
    return kept.pop() ?? new Workspace();
  }

  giveBack(): void {
    this.r.bytes = nothing;
    this.r.view = this.view;
    if (kept.length < mostKept) kept.push(this);
  }

  /** As for a new walk that begins at `start`. */
  registers(start: number): Registers {
    const { r } = this;
    this.memo.clear();
    this.ring.clear();
    if (r.stack.length > keptStack) r.stack = new Float64Array(1024);
    r.base = start;
    r.at = 0;
    r.limit = 0;
    r.depth = 0;
    r.marks.length = 0;
    r.fence = 0;
    r.copies = 0;
    r.broken = null;
    return r;
  }

  /** A copy of the bytes with zeros behind them, valid until the next call. */
  padded(bytes: Uint8Array): Uint8Array {
    const size = bytes.length + padding;
    if (size > keptWindow) {
      const own = new Uint8Array(size);
      own.set(bytes);
      return own;
    }
    if (size > this.window.length) {
      this.window = new Uint8Array(Math.max(size, this.window.length * 2));
      this.view = new DataView(this.window.buffer);
    }
    this.window.set(bytes);
    this.window.fill(0, bytes.length, size);
    return this.window.subarray(0, size);
  }

  /** A view of what `padded` or the file gave. */
  viewOf(bytes: Uint8Array): DataView {
    return bytes.buffer === this.window.buffer
      ? this.view
      : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
