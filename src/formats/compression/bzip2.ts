// bzip2: blocks of up to 900 kB, each sorted (Burrows-Wheeler), moved to front and coded with Huffman tables.
import type { Input } from "./input.ts";

const blockMagic = 0x3141_5926_5359;
const endMagic = 0x1772_4538_5090;
/** A block of 900 kB never packs to more: 20 bits for each of its symbols, and its tables. */
const largestBlock = 3 * 2 ** 20;
const longestCode = 20;
const groupSize = 50;
const quickBits = 11;

export function isBzip2(head: Uint8Array): boolean {
  if (head[0] !== 0x42) return false;
  const pi = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
  const end = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
  const level = head[3]! - 0x30;
  if (head[0] !== 0x42 || head[1] !== 0x5a || head[2] !== 0x68 || !(level >= 1 && level <= 9)) return false;
  return [pi, end].some((magic) => magic.every((byte, i) => head[4 + i] === byte));
}

/** One or several streams; the result is the offset behind the last. */
export async function* decompressBzip2(input: Input): AsyncGenerator<Uint8Array, number> {
  for (let streams = 0; ; streams++) {
    await input.fill(10);
    if (!isBzip2(input.bytes.subarray(input.at))) {
      if (streams > 0) return input.offset;
      throw input.malformed("no bzip2 data");
    }
    yield* stream(input);
  }
}

async function* stream(input: Input): AsyncGenerator<Uint8Array> {
  const level = (await input.take(4))[3]! - 0x30;
  const decoder = new BlockDecoder(level * 100_000);
  let bit = 0;
  let combined = 0;
  for (;;) {
    await input.fill(largestBlock);
    const bits = new Bits(input.bytes, input.at, bit);
    const magic = bits.take(24) * 2 ** 24 + bits.take(24);
    const crc = bits.take(32) >>> 0;
    if (bits.overrun) throw input.truncated();
    if (magic === endMagic) {
      if (crc !== combined >>> 0) throw input.malformed("wrong CRC of the bzip2 stream");
      input.at = bits.alignedAt;
      return;
    }
    if (magic !== blockMagic) throw input.malformed("a bzip2 block that is none");
    const problem = decoder.read(bits);
    if (bits.overrun) throw input.truncated();
    if (problem) throw input.malformed(`a bzip2 block is damaged: ${problem}`);
    const check = { crc: -1 };
    for (const chunk of decoder.output(check)) yield chunk;
    if (~check.crc >>> 0 !== crc) throw input.malformed("wrong CRC of a bzip2 block");
    combined = ((combined << 1) | (combined >>> 31)) ^ crc;
    input.at = bits.at;
    bit = bits.bit;
  }
}

/** Bits from the highest of each byte. */
class Bits {
  private readonly bytes: Uint8Array;
  private next: number;
  private held = 0;
  private count = 0;

  constructor(bytes: Uint8Array, at: number, bit: number) {
    this.bytes = bytes;
    this.next = at;
    if (bit > 0) this.take(bit);
  }

  get overrun(): boolean {
    return this.next - (this.count >> 3) > this.bytes.length;
  }

  get at(): number {
    return this.next - Math.ceil(this.count / 8);
  }

  get bit(): number {
    return (8 - (this.count % 8)) % 8;
  }

  get alignedAt(): number {
    return this.next - (this.count >> 3);
  }

  /** At most 24 bits without taking them. */
  peek(count: number): number {
    while (this.count < count) {
      this.held = (this.held << 8) | (this.bytes[this.next++]! & 0xff);
      this.count += 8;
    }
    return (this.held >>> (this.count - count)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.count -= count;
  }

  take(count: number): number {
    if (count > 24) {
      const high = this.take(count - 16);
      return (high << 16) | this.take(16);
    }
    const value = this.peek(count);
    this.count -= count;
    return value;
  }
}

class BlockDecoder {
  private readonly largest: number;
  /** Grows up to the largest block that the header allows. */
  private links: Uint32Array = new Uint32Array(1 << 14);
  private readonly selectors = new Uint8Array(32768);
  private length = 0;
  private origin = 0;
  private randomised = false;

  constructor(largest: number) {
    this.largest = largest;
  }

  /** Reads one block; what is wrong with it, or undefined. */
  read(bits: Bits): string | undefined {
    this.randomised = bits.take(1) === 1;
    if (this.randomised) return "randomised blocks of bzip2 0.9 are not supported";
    this.origin = bits.take(24);
    const symbols = usedBytes(bits);
    const used = symbols.length;
    if (used === 0) return "no symbols";
    const alphabet = used + 2;

    const groups = bits.take(3);
    const selectorCount = bits.take(15);
    if (groups < 2 || groups > 6 || selectorCount < 1) return "no Huffman tables";
    const front = Array.from({ length: groups }, (_, i) => i);
    for (let i = 0; i < selectorCount; i++) {
      let position = 0;
      while (bits.take(1) === 1) if (++position >= groups) return "a selector that is none";
      const group = front[position]!;
      front.splice(position, 1);
      front.unshift(group);
      this.selectors[i] = group;
    }
    const tables: Codes[] = [];
    for (let i = 0; i < groups; i++) {
      const table = readCodes(bits, alphabet);
      if (typeof table === "string") return table;
      tables.push(table);
    }
    return this.symbols(bits, tables, selectorCount, symbols);
  }

  /** Huffman codes to runs and moved bytes, then the links of the inverse transform. */
  private symbols(bits: Bits, tables: Codes[], selectorCount: number, front: Uint8Array): string | undefined {
    const { largest } = this;
    let { links } = this;
    const end = front.length + 1;
    const counts = new Uint32Array(257);
    let length = 0;
    let run = 0;
    let runBit = 1;
    let group = 0;
    let left = 0;
    let table = tables[0]!;
    for (;;) {
      if (left === 0) {
        if (group >= selectorCount) return "more symbols than selectors";
        if (bits.overrun) return "it ends early";
        table = tables[this.selectors[group++]!]!;
        left = groupSize;
      }
      left--;
      const symbol = table.next(bits);
      if (symbol < 0) return "a code that is none";
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > largest) return "a run longer than a block";
        continue;
      }
      if (run > 0) {
        if (length + run > largest) return "more than a block holds";
        if (length + run > links.length) links = this.grown(length + run);
        const byte = front[0]!;
        links.fill(byte, length, length + run);
        counts[byte + 1]! += run;
        length += run;
        run = 0;
        runBit = 1;
      }
      if (symbol === end) break;
      if (length >= largest) return "more than a block holds";
      if (length >= links.length) links = this.grown(length + 1);
      const position = symbol - 1;
      const byte = front[position]!;
      front.copyWithin(1, 0, position);
      front[0] = byte;
      links[length++] = byte;
      counts[byte + 1]!++;
    }
    if (this.origin >= length) return "it starts beyond its end";
    for (let i = 1; i <= 256; i++) counts[i]! += counts[i - 1]!;
    for (let i = 0; i < length; i++) links[counts[links[i]! & 0xff]!++]! |= i << 8;
    this.length = length;
    return undefined;
  }

  private grown(length: number): Uint32Array {
    const links = new Uint32Array(Math.min(this.largest, Math.max(length, this.links.length * 2)));
    links.set(this.links);
    this.links = links;
    return links;
  }

  /** The bytes of the block, its runs (four equal bytes, then a count) expanded. */
  *output(check: { crc: number }): Generator<Uint8Array> {
    const { links, length } = this;
    const size = 1 << 17;
    let out = new Uint8Array(size + 256);
    let at = 0;
    let { crc } = check;
    let link = links[this.origin]! >>> 8;
    let repeats = 0;
    let previous = -1;
    for (let i = 0; i < length; i++) {
      const entry = links[link]!;
      const byte = entry & 0xff;
      link = entry >>> 8;
      if (repeats === 4) {
        for (let n = 0; n < byte; n++) {
          out[at++] = previous;
          crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ previous]!;
        }
        repeats = 0;
        previous = -1;
      } else {
        out[at++] = byte;
        crc = (crc << 8) ^ crcTable[(crc >>> 24) ^ byte]!;
        repeats = byte === previous ? repeats + 1 : 1;
        previous = byte;
      }
      if (at >= size) {
        yield out.subarray(0, at);
        out = new Uint8Array(size + 256);
        at = 0;
      }
    }
    check.crc = crc;
    yield out.subarray(0, at);
  }
}

function usedBytes(bits: Bits): Uint8Array {
  const blocks = bits.take(16);
  const used: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (((blocks >> (15 - i)) & 1) === 0) continue;
    const part = bits.take(16);
    for (let j = 0; j < 16; j++) if ((part >> (15 - j)) & 1) used.push(i * 16 + j);
  }
  return Uint8Array.from(used);
}

/** Canonical codes: short ones by a look-up, long ones by the range of codes of each length. */
class Codes {
  /** For every `quickBits` bits the symbol they begin with (shifted by 5) and the length of its code; 0 where it is longer. */
  private readonly quick = new Uint16Array(1 << quickBits);
  private readonly symbols: Uint16Array;
  /** Of each length: the first code that is longer, and what to add to a code to find its symbol. */
  private readonly ends = new Int32Array(longestCode + 1);
  private readonly shifts = new Int32Array(longestCode + 1);

  constructor(lengths: Uint8Array) {
    this.symbols = new Uint16Array(lengths.length);
    let code = 0;
    let count = 0;
    for (let length = 1; length <= longestCode; length++) {
      code <<= 1;
      this.shifts[length] = count - code;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        if (length <= quickBits) {
          const start = code << (quickBits - length);
          this.quick.fill((symbol << 5) | length, start, start + (1 << (quickBits - length)));
        }
        this.symbols[count++] = symbol;
        code++;
      }
      this.ends[length] = code;
    }
  }

  /** The next symbol, -1 where no code begins like this. */
  next(bits: Bits): number {
    const entry = this.quick[bits.peek(quickBits)]!;
    if (entry !== 0) {
      bits.skip(entry & 31);
      return entry >> 5;
    }
    for (let length = quickBits + 1; length <= longestCode; length++) {
      const code = bits.peek(length);
      if (code >= this.ends[length]!) continue;
      bits.skip(length);
      return this.symbols[code + this.shifts[length]!] ?? -1;
    }
    return -1;
  }
}

function readCodes(bits: Bits, alphabet: number): Codes | string {
  const lengths = new Uint8Array(alphabet);
  let length = bits.take(5);
  for (let i = 0; i < alphabet; i++) {
    for (;;) {
      if (length < 1 || length > longestCode) return "a code of impossible length";
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  if (lengths.reduce((sum, size) => sum + 2 ** (longestCode - size), 0) > 2 ** longestCode)
    return "more codes than fit";
  return new Codes(lengths);
}

/** CRC-32 with the highest bit first. */
const crcTable = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  crcTable[i] = crc;
}
