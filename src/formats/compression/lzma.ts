// LZMA symbols: the range decoder and state machine that .lzma, LZMA2 (xz) and 7z share. Rule: LZMA specification of the LZMA SDK.
import type { Window } from "./window.ts";

const states = 12;
const isMatch = 0;
const isRep = isMatch + (states << 4);
const isRepG0 = isRep + states;
const isRepG1 = isRepG0 + states;
const isRepG2 = isRepG1 + states;
const isRep0Long = isRepG2 + states;
const posSlot = isRep0Long + (states << 4);
const posSpecial = posSlot + 4 * 64;
const posAlign = posSpecial + 128;
const matchLength = posAlign + 16;
/** Of a length coder: choice, choice2, low [16][8], mid [16][8], high [256]. */
const lengthLow = 2;
const lengthMid = lengthLow + 128;
const lengthHigh = lengthMid + 128;
const repLength = matchLength + lengthHigh + 256;
const literals = repLength + lengthHigh + 256;

/** A symbol takes at most this many bytes of input. */
const longestSymbol = 21;

export interface LzmaProperties {
  /** Literal context bits. */
  readonly lc: number;
  /** Literal position bits. */
  readonly lp: number;
  /** Position bits. */
  readonly pb: number;
}

/** The byte that holds `(pb * 5 + lp) * 9 + lc`; null where it is none. */
export function lzmaProperties(byte: number): LzmaProperties | null {
  if (byte >= 9 * 5 * 5) return null;
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

/** Why `run` stopped. */
export type LzmaStop = "input" | "output" | "end" | "malformed";

// range and code are kept as int32, which V8 stores in place; they are compared as uint32.
export class LzmaDecoder {
  /** Input: set `bytes`, `at` and `end`; `run` moves `at`. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  private readonly window: Window;
  private probs = new Uint16Array(literals);
  private properties: LzmaProperties = { lc: 0, lp: 0, pb: 0 };
  private range = 0;
  private code = 0;
  private state = 0;
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;
  /** Bytes written since the last reset of the dictionary. */
  private written = 0;

  constructor(window: Window) {
    this.window = window;
  }

  setProperties(properties: LzmaProperties): void {
    this.properties = properties;
    const size = literals + (0x300 << (properties.lc + properties.lp));
    if (this.probs.length !== size) this.probs = new Uint16Array(size);
    this.resetState();
  }

  resetState(): void {
    this.probs.fill(1024);
    this.state = 0;
    this.rep0 = this.rep1 = this.rep2 = this.rep3 = 0;
  }

  resetDictionary(): void {
    this.window.reset();
    this.written = 0;
  }

  /** Bytes that went into the window without being decoded. */
  wrote(length: number): void {
    this.written += length;
  }

  /** Takes the first 5 bytes of a range coded stream. False where they are wrong. */
  start(): boolean {
    if (this.bytes[this.at] !== 0) return false;
    this.at++;
    this.range = -1;
    this.code = 0;
    for (let i = 0; i < 4; i++) this.code = (this.code << 8) | this.bytes[this.at++]!;
    return true;
  }

  /** Whether the range coder stands where an encoder ends. */
  finished(): boolean {
    this.normalize();
    return this.code === 0 && this.at <= this.end;
  }

  /**
   * Decodes until `wanted` bytes were written, the end mark came, or input may run out (unless `final`).
   * The last match may go on to `most`, for which the window must have space; beyond that is malformed.
   */
  run(wanted: number, most: number, final: boolean): LzmaStop {
    const { window } = this;
    const out = window.bytes;
    const { lc, lp, pb } = this.properties;
    const posMask = (1 << pb) - 1;
    const literalMask = (1 << lp) - 1;
    const limit = window.at + most;
    const start = window.at;
    const before = this.written;
    let at = start;
    const enough = at + wanted;
    let stop: LzmaStop = "output";
    while (at < enough) {
      if (this.end - this.at < longestSymbol && (!final || this.at > this.end)) {
        stop = "input";
        break;
      }
      const position = before + at - start;
      const posState = position & posMask;
      if (this.bit(isMatch + (this.state << 4) + posState) === 0) {
        const previous = at > 0 ? out[at - 1]! : 0;
        const base = literals + 0x300 * (((position & literalMask) << lc) + (previous >> (8 - lc)));
        if (this.state < 7) out[at] = this.literal(base);
        else {
          if (this.rep0 >= position) {
            stop = "malformed";
            break;
          }
          out[at] = this.matchedLiteral(base, out[at - this.rep0 - 1]!);
        }
        at++;
        this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
        continue;
      }
      let length: number;
      if (this.bit(isRep + this.state) === 0) {
        this.rep3 = this.rep2;
        this.rep2 = this.rep1;
        this.rep1 = this.rep0;
        length = this.length(matchLength, posState);
        this.state = this.state < 7 ? 7 : 10;
        this.rep0 = this.distance(Math.min(length, 3));
        if (this.rep0 === -1) {
          stop = "end";
          break;
        }
      } else {
        length = this.repeated(posState);
      }
      const distance = (this.rep0 >>> 0) + 1;
      if (distance > before + at - start || distance > at || length + 2 > limit - at) {
        stop = "malformed";
        break;
      }
      length += 2;
      if (distance >= length && length > 32) {
        out.copyWithin(at, at - distance, at - distance + length);
        at += length;
      } else for (const end = at + length; at < end; at++) out[at] = out[at - distance]!;
    }
    if (this.at > this.end) stop = "input";
    this.written = before + at - start;
    window.at = at;
    return stop;
  }

  /** Length of a match at one of the last four distances, -1 for a single byte (2 are added to each). */
  private repeated(posState: number): number {
    const { state } = this;
    if (this.bit(isRepG0 + state) === 0) {
      if (this.bit(isRep0Long + (state << 4) + posState) === 0) {
        this.state = state < 7 ? 9 : 11;
        return -1;
      }
    } else {
      let distance: number;
      if (this.bit(isRepG1 + state) === 0) distance = this.rep1;
      else {
        if (this.bit(isRepG2 + state) === 0) distance = this.rep2;
        else {
          distance = this.rep3;
          this.rep3 = this.rep2;
        }
        this.rep2 = this.rep1;
      }
      this.rep1 = this.rep0;
      this.rep0 = distance;
    }
    const length = this.length(repLength, posState);
    this.state = state < 7 ? 8 : 11;
    return length;
  }

  private literal(base: number): number {
    const { probs, bytes } = this;
    let { range, code, at } = this;
    let symbol = 1;
    do {
      if (range >>> 24 === 0) {
        range <<= 8;
        code = (code << 8) | bytes[at++]!;
      }
      const index = base + symbol;
      const prob = probs[index]!;
      const bound = Math.imul(range >>> 11, prob);
      if (code >>> 0 < bound >>> 0) {
        range = bound;
        probs[index] = prob + ((2048 - prob) >> 5);
        symbol <<= 1;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probs[index] = prob - (prob >> 5);
        symbol = (symbol << 1) | 1;
      }
    } while (symbol < 0x100);
    this.range = range;
    this.code = code;
    this.at = at;
    return symbol & 0xff;
  }

  private matchedLiteral(base: number, match: number): number {
    let symbol = 1;
    let expected = match;
    do {
      const matchBit = (expected >> 7) & 1;
      expected <<= 1;
      const bit = this.bit(base + ((1 + matchBit) << 8) + symbol);
      symbol = (symbol << 1) | bit;
      if (matchBit !== bit) {
        while (symbol < 0x100) symbol = (symbol << 1) | this.bit(base + symbol);
        break;
      }
    } while (symbol < 0x100);
    return symbol & 0xff;
  }

  private length(coder: number, posState: number): number {
    if (this.bit(coder) === 0) return this.tree(coder + lengthLow + (posState << 3), 3);
    if (this.bit(coder + 1) === 0) return 8 + this.tree(coder + lengthMid + (posState << 3), 3);
    return 16 + this.tree(coder + lengthHigh, 8);
  }

  /** Distance - 1 as int32; -1 is the end mark. */
  private distance(lengthState: number): number {
    const slot = this.tree(posSlot + (lengthState << 6), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return base + this.reverseTree(posSpecial + base - slot, bits);
    return base + (this.direct(bits - 4) << 4) + this.reverseTree(posAlign, 4);
  }

  private tree(base: number, bits: number): number {
    let symbol = 1;
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | this.bit(base + symbol);
    return symbol - (1 << bits);
  }

  private reverseTree(base: number, bits: number): number {
    let node = 1;
    let symbol = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      symbol |= bit << i;
    }
    return symbol;
  }

  private direct(bits: number): number {
    let result = 0;
    for (let i = 0; i < bits; i++) {
      this.normalize();
      this.range >>>= 1;
      if (this.code >>> 0 >= this.range) {
        this.code = (this.code - this.range) | 0;
        result = (result << 1) | 1;
      } else result <<= 1;
    }
    return result;
  }

  private bit(index: number): 0 | 1 {
    if (this.range >>> 24 === 0) {
      this.range <<= 8;
      this.code = (this.code << 8) | this.bytes[this.at++]!;
    }
    const prob = this.probs[index]!;
    const bound = Math.imul(this.range >>> 11, prob);
    if (this.code >>> 0 < bound >>> 0) {
      this.range = bound;
      this.probs[index] = prob + ((2048 - prob) >> 5);
      return 0;
    }
    this.range = (this.range - bound) | 0;
    this.code = (this.code - bound) | 0;
    this.probs[index] = prob - (prob >> 5);
    return 1;
  }

  private normalize(): void {
    if (this.range >>> 24 !== 0) return;
    this.range <<= 8;
    this.code = (this.code << 8) | this.bytes[this.at++]!;
  }
}
