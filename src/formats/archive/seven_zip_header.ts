// The header of a 7z archive: packed streams, folders (chains of coders) and files. Rule: 7zFormat.txt of the LZMA SDK.
import { ByteReader, IngotError } from "../../core/index.ts";
import type { Entry } from "../tree.ts";
import { malformed, mostEntries } from "./zip_directory.ts";

export interface Coder {
  /** Method id in hexadecimal, e.g. `21` for LZMA2. */
  readonly id: string;
  readonly properties: Uint8Array;
}

/** One solid block: its coders in the order in which they unpack. */
export interface Block {
  /** Null where its coders are no plain chain (BCJ2 and the like). */
  readonly coders: readonly Coder[] | null;
  /** Where its packed bytes are: `[start, end)` of the file. */
  readonly start: number;
  readonly end: number;
  /** Bytes after the last coder, and after each. */
  readonly size: number;
  readonly sizes: readonly number[];
}

export interface SevenZipFile extends Entry {
  /** Index of the block and offset in what it unpacks to; null for what has no content. */
  readonly place: { readonly block: number; readonly offset: number; readonly crc: number | null } | null;
}

interface Streams {
  readonly blocks: readonly Block[];
  /** For each block, sizes and checksums of the files in it. */
  readonly parts: readonly (readonly { readonly size: number; readonly crc: number | null }[])[];
}

const mostBlocks = 1_000_000;
const mostCoders = 32;
/** Packed streams begin behind the 32 bytes of the signature. */
const dataStart = 32;

export class SevenZipHeader {
  private readonly reader: ByteReader;
  private readonly source: string;

  constructor(bytes: Uint8Array, source: string) {
    this.reader = new ByteReader(bytes, source);
    this.source = source;
  }

  /** @throws FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE */
  files(): { blocks: readonly Block[]; files: SevenZipFile[] } {
    let streams: Streams = { blocks: [], parts: [] };
    let files: SevenZipFile[] = [];
    for (let id = this.number(); id !== 0; id = this.number())
      if (id === 0x04) streams = this.streams();
      else if (id === 0x05) files = this.filesInfo(streams);
      else throw this.wrong(`has a part of kind ${id} in its header`);
    return { blocks: streams.blocks, files };
  }

  /** First byte of a header: 1 a header, 0x17 one that is packed itself. */
  kind(): number {
    return this.number();
  }

  streams(): Streams {
    let packStart = dataStart;
    let packed: number[] = [];
    let blocks: Block[] = [];
    let checksums: (number | null)[] = [];
    let parts: { size: number; crc: number | null }[][] | null = null;
    for (let id = this.number(); id !== 0; id = this.number())
      if (id === 0x06) {
        packStart = dataStart + this.number();
        packed = this.packSizes();
      } else if (id === 0x07) [blocks, checksums] = this.unpackInfo(packStart, packed);
      else if (id === 0x08) parts = this.subStreams(blocks, checksums);
      else throw this.wrong(`has streams of kind ${id}`);
    return { blocks, parts: parts ?? blocks.map(({ size }, i) => [{ size, crc: checksums[i] ?? null }]) };
  }

  private packSizes(): number[] {
    const count = this.count("packed streams");
    let sizes: number[] = [];
    for (let id = this.number(); id !== 0; id = this.number())
      if (id === 0x09) sizes = Array.from({ length: count }, () => this.number());
      else if (id === 0x0a) this.digests(count);
      else throw this.wrong(`has packed streams of kind ${id}`);
    return sizes;
  }

  private unpackInfo(packStart: number, packed: readonly number[]): [Block[], (number | null)[]] {
    if (this.number() !== 0x0b) throw this.wrong("has no folders where they belong");
    const count = this.count("folders");
    if (this.reader.u8() !== 0) throw this.wrong("keeps its folders outside of its header");
    const folders = Array.from({ length: count }, () => this.folder());
    if (this.number() !== 0x0c) throw this.wrong("does not say how large its folders are");
    let at = packStart;
    let stream = 0;
    const blocks = folders.map(({ coders, outputs, inputs, order }): Block => {
      const sizes = Array.from({ length: outputs }, () => this.number());
      const start = at;
      for (let i = 0; i < inputs; i++) at += packed[stream++] ?? Number.NaN;
      if (!Number.isSafeInteger(at)) throw this.wrong("has fewer packed streams than its folders need");
      const chain = order === null ? null : order.map((coder) => coders[coder]!);
      const ordered = order === null ? sizes : order.map((coder) => sizes[coder]!);
      return { coders: chain, start, end: at, size: ordered.at(-1) ?? 0, sizes: ordered };
    });
    let checksums: (number | null)[] = [];
    for (let id = this.number(); id !== 0; id = this.number())
      if (id === 0x0a) checksums = this.digests(count);
      else throw this.wrong(`has folders of kind ${id}`);
    return [blocks, checksums];
  }

  /** Coders, and in which order a plain chain unpacks; null where they branch. */
  private folder() {
    const count = this.number();
    if (count < 1 || count > mostCoders) throw this.wrong(`has a folder of ${count} coders`);
    const coders: Coder[] = [];
    let [totalIn, totalOut] = [0, 0];
    for (let i = 0; i < count; i++) {
      const flags = this.reader.u8();
      const id = Buffer.from(this.reader.take(flags & 15)).toString("hex");
      const [inputs, outputs] = flags & 0x10 ? [this.number(), this.number()] : [1, 1];
      const properties = flags & 0x20 ? this.reader.take(this.number()) : new Uint8Array(0);
      if (inputs > mostCoders || outputs !== 1) throw this.wrong("has a coder with more than one output");
      totalIn += inputs;
      totalOut += outputs;
      coders.push({ id, properties });
    }
    const pairs = Array.from({ length: totalOut - 1 }, () => [this.number(), this.number()] as const);
    const inputs = totalIn - pairs.length;
    if (inputs > 1) for (let i = 0; i < inputs; i++) this.number();
    return { coders, outputs: totalOut, inputs, order: totalIn === count ? chainOf(count, pairs) : null };
  }

  private subStreams(blocks: readonly Block[], checksums: readonly (number | null)[]) {
    let counts = blocks.map(() => 1);
    let id = this.number();
    if (id === 0x0d) {
      counts = blocks.map(() => this.number());
      if (counts.reduce((sum, one) => sum + one, 0) > mostEntries) throw this.tooMany();
      id = this.number();
    }
    const sizes = blocks.map(({ size }, i) => {
      const own: number[] = [];
      if (counts[i] === 0) return own;
      let left = size;
      for (let k = 1; k < counts[i]!; k++) {
        const one = id === 0x09 ? this.number() : 0;
        own.push(one);
        left -= one;
      }
      if (left < 0) throw this.wrong("has files that are larger than their folder");
      return [...own, left];
    });
    if (id === 0x09) id = this.number();
    // Checksums of those that are not known already: a folder of one file has that of the folder.
    const known = (i: number) => counts[i] === 1 && checksums[i] !== undefined && checksums[i] !== null;
    const missing = counts.reduce((sum, count, i) => sum + (known(i) ? 0 : count), 0);
    let given: (number | null)[] = [];
    for (; id !== 0; id = this.number())
      if (id === 0x0a) given = this.digests(missing);
      else throw this.wrong(`has files of kind ${id}`);
    let next = 0;
    return sizes.map((own, i) =>
      own.map((size) => ({ size, crc: known(i) ? checksums[i]! : (given[next++] ?? null) })),
    );
  }

  private filesInfo({ parts }: Streams): SevenZipFile[] {
    const count = this.count("files");
    let names: string[] = [];
    let empty: boolean[] = [];
    let emptyFiles: boolean[] = [];
    let attributes: number[] = [];
    for (let id = this.number(); id !== 0; id = this.number()) {
      const end = this.number() + this.reader.offset;
      if (end > this.reader.bytes.length) throw this.wrong("has a property that is longer than its header");
      if (id === 0x0e) empty = this.bits(count);
      else if (id === 0x0f) emptyFiles = this.bits(empty.filter(Boolean).length);
      else if (id === 0x11 && this.reader.u8() === 0) names = this.names(count, end);
      else if (id === 0x15) attributes = this.attributes(count);
      this.reader.offset = end;
    }
    const places = parts.flatMap((own, block) => {
      let offset = 0;
      return own.map(({ size, crc }) => {
        offset += size;
        return { size, place: { block, offset: offset - size, crc } };
      });
    });
    let stream = 0;
    let hollow = 0;
    return Array.from({ length: count }, (_, i): SevenZipFile => {
      const content = empty[i] ? undefined : places[stream++];
      const path = names[i] ?? `file ${i}`;
      if (content) return { path, kind: kindOf(attributes[i]), ...content };
      const isFile = empty[i] ? emptyFiles[hollow++] === true : true;
      return { path, size: 0, kind: isFile ? "file" : "folder", place: null };
    });
  }

  private names(count: number, end: number): string[] {
    const text = Buffer.from(this.reader.take(end - this.reader.offset)).toString("utf16le");
    const names = text.split("\0");
    if (names.length < count) throw this.wrong("has fewer names than files");
    return names.slice(0, count);
  }

  private attributes(count: number): number[] {
    const defined = this.defined(count);
    if (this.reader.u8() !== 0) throw this.wrong("keeps attributes outside of its header");
    return defined.map((one) => (one ? this.reader.u32(true) : 0));
  }

  private digests(count: number): (number | null)[] {
    return this.defined(count).map((one) => (one ? this.reader.u32(true) : null));
  }

  private defined(count: number): boolean[] {
    return this.reader.u8() !== 0 ? new Array<boolean>(count).fill(true) : this.bits(count);
  }

  private bits(count: number): boolean[] {
    const bytes = this.reader.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, i) => (bytes[i >> 3]! & (0x80 >> (i & 7))) !== 0);
  }

  private count(what: string): number {
    const count = this.number();
    // Each takes a byte at least, of which nobody has more than the header holds.
    if (count > mostBlocks || count > this.reader.bytes.length * 8) throw this.wrong(`states ${count} ${what}`);
    if (what === "files" && count > mostEntries) throw this.tooMany();
    return count;
  }

  /** One to nine bytes: the leading ones of the first say how many follow. */
  private number(): number {
    const first = this.reader.u8();
    let value = 0;
    let mask = 0x80;
    for (let i = 0; i < 8; i++, mask >>= 1) {
      if ((first & mask) === 0) {
        value += (first & (mask - 1)) * 2 ** (8 * i);
        break;
      }
      value += this.reader.u8() * 2 ** (8 * i);
    }
    if (!Number.isSafeInteger(value)) throw this.wrong("states a number beyond 2^53");
    return value;
  }

  private wrong(what: string): IngotError {
    return malformed(this.source, what);
  }

  private tooMany(): IngotError {
    return new IngotError("FILE_TOO_LARGE", { what: `holds more than ${mostEntries} members`, where: this.source });
  }
}

/** Coder `a` reads what coder `b` wrote: from the one whose input is packed to the one whose output is the content. */
function chainOf(count: number, pairs: readonly (readonly [input: number, output: number])[]): number[] | null {
  let coder = Array.from({ length: count }, (_, i) => i).find((i) => !pairs.some(([input]) => input === i));
  const order: number[] = [];
  while (coder !== undefined && order.length < count) {
    order.push(coder);
    const output = coder;
    coder = pairs.find(([, from]) => from === output)?.[0];
  }
  return order.length === count && new Set(order).size === count ? order : null;
}

/** Unix mode in the upper half, where the writer says so. */
function kindOf(attributes = 0): Entry["kind"] {
  if (attributes & 0x8000) {
    const type = (attributes >>> 16) & 0o170000;
    if (type === 0o120000) return "link";
    if (type === 0o040000) return "folder";
    if (type !== 0 && type !== 0o100000) return "device";
  }
  return attributes & 0x10 ? "folder" : attributes & 0x400 ? "link" : "file";
}
