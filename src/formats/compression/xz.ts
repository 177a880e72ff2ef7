// .xz: streams of blocks of LZMA2, each block checked, then an index. Rule: "The .xz File Format" 1.2.

import { crc32 } from "node:zlib";
import { nodeCrypto } from "../../core/index.ts";
import { Crc64 } from "./checksums.ts";
import type { Input } from "./input.ts";
import { decompressLzma2, lzma2Dictionary } from "./lzma2.ts";

const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const lzma2Filter = 0x21;
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

export function isXz(head: Uint8Array): boolean {
  return head[0] === magic[0] && magic.every((byte, i) => head[i] === byte);
}

/** One or several streams; the result is the offset behind the last. */
export async function* decompressXz(input: Input): AsyncGenerator<Uint8Array, number> {
  for (;;) {
    yield* stream(input);
    const end = input.offset;
    // Padding between streams is NULs in fours.
    while ((await input.fill(4)) && input.bytes.subarray(input.at, input.at + 4).every((byte) => byte === 0))
      input.at += 4;
    if (!(await input.fill(6)) || !isXz(input.bytes.subarray(input.at)))
      return input.buffered === 0 ? input.offset : end;
  }
}

async function* stream(input: Input): AsyncGenerator<Uint8Array> {
  const head = (await input.take(12)).slice();
  const view = new DataView(head.buffer);
  if (!isXz(head) || head[6] !== 0 || head[7]! > 15) throw input.malformed("an .xz header that is none");
  if (crc32(head.subarray(6, 8)) !== view.getUint32(8, true)) throw input.malformed("wrong CRC of the .xz header");
  const sizes: [unpadded: number, output: number][] = [];
  for (;;) {
    const headerSize = await input.u8();
    if (headerSize === 0) break;
    sizes.push(yield* block(input, (headerSize + 1) * 4, head[7]!));
  }
  await checkIndex(input, sizes, head[7]!);
}

async function* block(
  input: Input,
  headerSize: number,
  checkKind: number,
): AsyncGenerator<Uint8Array, [number, number]> {
  const rest = (await input.take(headerSize - 1)).slice();
  const stated = new DataView(rest.buffer).getUint32(rest.length - 4, true);
  if (crc32(rest.subarray(0, -4), crc32(Uint8Array.of(headerSize / 4 - 1))) !== stated)
    throw input.malformed("wrong CRC of an .xz block header");
  const fields = new Fields(rest.subarray(0, -4), input);
  const flags = fields.byte();
  const packed = flags & 0x40 ? fields.integer() : null;
  const unpacked = flags & 0x80 ? fields.integer() : null;
  if ((flags & 3) !== 0 || flags & 0x3c) throw input.unsupported("an .xz file with filters besides LZMA2");
  if (fields.integer() !== lzma2Filter || fields.integer() !== 1) throw input.unsupported("an .xz file without LZMA2");
  const dictionary = lzma2Dictionary(fields.byte());
  if (dictionary === null) throw input.malformed("an .xz block with an impossible dictionary");

  const start = input.offset;
  const check = checkOf(checkKind);
  let output = 0;
  const chunks = decompressLzma2(input, dictionary);
  for await (const chunk of chunks) {
    check?.update(chunk);
    output += chunk.length;
    yield chunk;
  }
  const size = input.offset - start;
  if ((packed !== null && packed !== size) || (unpacked !== null && unpacked !== output))
    throw input.malformed("an .xz block is not as long as its header says");
  if ((await input.take((4 - (size % 4)) % 4)).some((byte) => byte !== 0))
    throw input.malformed("padding that is not 0");
  const checkSize = checkSizes[checkKind]!;
  const expected = await input.take(checkSize);
  if (check && Buffer.compare(check.digest(), expected) !== 0)
    throw input.malformed("the checksum of an .xz block does not match its data");
  return [headerSize + size + checkSize, output];
}

async function checkIndex(input: Input, sizes: [number, number][], checkKind: number): Promise<void> {
  // At most 20 bytes per block and 13 besides: read as one piece, after its size is known from the blocks.
  const expected = [
    0,
    ...varint(sizes.length),
    ...sizes.flatMap(([unpadded, output]) => [...varint(unpadded), ...varint(output)]),
  ];
  while (expected.length % 4 !== 0) expected.push(0);
  const bytes = Uint8Array.from(expected);
  const found = await input.take(bytes.length - 1);
  if (Buffer.compare(bytes.subarray(1), found) !== 0) throw input.malformed("the .xz index does not match its blocks");
  if ((await input.u32()) !== crc32(bytes)) throw input.malformed("wrong CRC of the .xz index");
  const footer = (await input.take(12)).slice();
  const view = new DataView(footer.buffer);
  const wrong =
    view.getUint32(0, true) !== crc32(footer.subarray(4, 10)) ||
    (view.getUint32(4, true) + 1) * 4 !== bytes.length + 4 ||
    footer[8] !== 0 ||
    footer[9] !== checkKind ||
    footer[10] !== 0x59 ||
    footer[11] !== 0x5a;
  if (wrong) throw input.malformed("an .xz footer that does not match its header");
}

interface Check {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

function checkOf(kind: number): Check | null {
  if (kind === 1) {
    let crc = 0;
    return {
      update: (bytes) => {
        crc = crc32(bytes, crc);
      },
      digest: () => littleEndian(BigInt(crc), 4),
    };
  }
  if (kind === 4) {
    const crc = new Crc64();
    return { update: (bytes) => crc.update(bytes), digest: () => littleEndian(crc.digest(), 8) };
  }
  if (kind === 10) {
    const hash = nodeCrypto().createHash("sha256");
    return { update: (bytes) => hash.update(bytes), digest: () => hash.digest() };
  }
  return null;
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
}

class Fields {
  private readonly bytes: Uint8Array;
  private readonly input: Input;
  private at = 0;

  constructor(bytes: Uint8Array, input: Input) {
    this.bytes = bytes;
    this.input = input;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw this.input.malformed("an .xz block header that ends early");
    return byte;
  }

  integer(): number {
    let value = 0;
    for (let i = 0; i < 7; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw this.input.malformed("an .xz block header with a number beyond reason");
  }
}
