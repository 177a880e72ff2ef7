// LZ4 frames: blocks of at most 4 MiB, linked or not. Rule: lz4_Frame_format.md 1.6.
import { XxHash32 } from "./checksums.ts";
import type { Input } from "./input.ts";
import { Window } from "./window.ts";

const frameMagic = 0x184d_2204;
const dictionary = 65536;

export function isLz4(head: Uint8Array): boolean {
  return head[0] === 0x04 && head[1] === 0x22 && head[2] === 0x4d && head[3] === 0x18;
}

/** One or several frames; the result is the offset behind the last. */
export async function* decompressLz4(input: Input): AsyncGenerator<Uint8Array, number> {
  for (let frames = 0; ; frames++) {
    const start = input.offset;
    if (!(await input.fill(4)) && frames > 0) return start;
    const magic = new DataView(input.bytes.buffer, input.bytes.byteOffset + input.at).getUint32(0, true);
    if (magic >>> 4 === 0x184d_2a5) {
      // A skippable frame, by its size.
      await input.take(4);
      await input.take(await input.u32());
    } else if (magic === frameMagic) yield* frame(input);
    else if (frames > 0) return start;
    else throw input.malformed("no LZ4 frame");
  }
}

async function* frame(input: Input): AsyncGenerator<Uint8Array> {
  await input.take(4);
  const descriptor = [...(await input.take(2))];
  const [flags, blocks] = descriptor as [number, number];
  if (flags >> 6 !== 1 || flags & 2 || blocks & 0x8f) throw input.malformed("an LZ4 header that is none");
  const linked = (flags & 0x20) === 0;
  const largest = 4 ** ((blocks >> 4) + 4);
  if (blocks >> 4 < 4) throw input.malformed("an LZ4 header that is none");
  if (flags & 0x08) descriptor.push(...(await input.take(8)));
  const size = flags & 0x08 ? Number(new DataView(Uint8Array.from(descriptor).buffer).getBigUint64(2, true)) : null;
  if (flags & 0x01) throw input.unsupported("LZ4 with an outside dictionary");
  if ((await input.u8()) !== ((hashOf(Uint8Array.from(descriptor)) >>> 8) & 0xff))
    throw input.malformed("wrong checksum of the LZ4 header");

  const window = new Window(dictionary);
  const content = new XxHash32();
  let output = 0;
  for (;;) {
    const word = await input.u32();
    if (word === 0) break;
    const stored = word >>> 31 === 1;
    const length = word & 0x7fff_ffff;
    if (length > largest) throw input.malformed(`an LZ4 block of ${length} bytes`);
    const block = await input.take(length);
    if (!linked) window.reset();
    window.reserve(largest);
    if (stored) {
      window.bytes.set(block, window.at);
      window.at += length;
    } else {
      const end = decodeBlock(block, window.bytes, window.at, window.at + largest);
      if (end < 0) throw input.malformed("an LZ4 block is damaged");
      window.at = end;
    }
    const expected = flags & 0x10 ? hashOf(block) : null;
    const chunk = window.take();
    if (expected !== null && (await input.u32()) !== expected)
      throw input.malformed("the checksum of an LZ4 block does not match its data");
    if (flags & 0x04) content.update(chunk);
    output += chunk.length;
    yield chunk;
  }
  if (size !== null && size !== output)
    throw input.malformed(`LZ4 holds ${output} bytes where its header says ${size}`);
  if (flags & 0x04 && (await input.u32()) !== content.digest())
    throw input.malformed("the checksum of the LZ4 content does not match its data");
}

function hashOf(bytes: Uint8Array): number {
  const hash = new XxHash32();
  hash.update(bytes);
  return hash.digest();
}

/** Decodes one block into `out` from `start`, at most up to `limit`; the end of its output, -1 where it is damaged. */
export function decodeBlock(block: Uint8Array, out: Uint8Array, start: number, limit: number): number {
  let at = start;
  let from = 0;
  while (from < block.length) {
    const token = block[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (from >= block.length) return -1;
        more = block[from++]!;
        literals += more;
      } while (more === 255);
    }
    if (literals > block.length - from || literals > limit - at) return -1;
    if (literals > 32) out.set(block.subarray(from, from + literals), at);
    else for (let i = 0; i < literals; i++) out[at + i] = block[from + i]!;
    at += literals;
    from += literals;
    // Only the last sequence has no match.
    if (from === block.length) return at;
    if (from + 2 > block.length) return -1;
    const distance = block[from]! | (block[from + 1]! << 8);
    from += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do {
        if (from >= block.length) return -1;
        more = block[from++]!;
        length += more;
      } while (more === 255);
    }
    if (distance === 0 || distance > at || length > limit - at) return -1;
    if (distance >= length && length > 32) {
      out.copyWithin(at, at - distance, at - distance + length);
      at += length;
    } else for (const end = at + length; at < end; at++) out[at] = out[at - distance]!;
  }
  return -1;
}
