// `.lzma`: 13 bytes of header (properties, dictionary size, output size or -1), then one LZMA stream.

import type { Input } from "./input.ts";
import { LzmaDecoder, type LzmaProperties, lzmaProperties } from "./lzma.ts";
import { Window } from "./window.ts";

const step = 1 << 18;
const longestMatch = 273;
const largestDictionary = 1.5 * 2 ** 30;

/** Whether the bytes can begin a `.lzma` file: properties 0x5D as every writer sets them, a likely dictionary. */
export function isLzmaAlone(head: Uint8Array): boolean {
  if (head.length < 14 || head[0] !== 0x5d || head[13] !== 0) return false;
  const view = new DataView(head.buffer, head.byteOffset, 13);
  const dictionary = view.getUint32(1, true);
  const size = view.getBigUint64(5, true);
  const likely = dictionary === 0xffff_ffff || [2, 3].some((m) => Number.isInteger(Math.log2(dictionary / m)));
  return likely && (size === 2n ** 64n - 1n || size < 2n ** 38n);
}

export async function* decompressLzmaAlone(input: Input): AsyncGenerator<Uint8Array, number> {
  const properties = lzmaProperties(await input.u8());
  if (!properties) throw input.malformed("LZMA properties that no encoder writes");
  const dictionary = await input.u32();
  const size = await input.u64();
  const known = size === 2n ** 64n - 1n ? null : Number(size);
  return yield* decompressLzma(input, properties, dictionary, known);
}

/**
 * One LZMA stream (7z and zip method 14 hold it without a header). Where `size` is not known, an end mark must come.
 * The result is the offset behind the stream.
 */
export async function* decompressLzma(
  input: Input,
  properties: LzmaProperties,
  dictionary: number,
  size: number | null,
): AsyncGenerator<Uint8Array, number> {
  if (dictionary > largestDictionary && dictionary !== 0xffff_ffff)
    throw input.unsupported(`LZMA with a dictionary of ${dictionary} bytes`);
  const window = new Window(Math.max(4096, Math.min(dictionary, largestDictionary)));
  const decoder = new LzmaDecoder(window);
  decoder.setProperties(properties);
  let left = size ?? Infinity;
  if (!(await input.fill(5))) throw input.truncated();
  load(decoder, input);
  if (!decoder.start()) throw input.malformed("LZMA data does not start with 0");
  input.at = decoder.at;
  while (left > 0) {
    await input.fill(1024);
    load(decoder, input);
    window.reserve(step + longestMatch);
    const stop = decoder.run(Math.min(left, step), Math.min(left, step + longestMatch), input.final);
    input.at = Math.min(decoder.at, input.bytes.length);
    left -= window.waiting;
    yield window.take();
    if (stop === "malformed") throw input.malformed("LZMA data is damaged");
    if (stop === "end") {
      if (size !== null && left > 0) throw input.malformed(`LZMA data ends ${left} bytes early`);
      left = 0;
      if (!decoder.finished()) throw input.malformed("LZMA data is damaged at its end");
      input.at = decoder.at;
      return input.offset;
    }
    if (stop === "input" && input.final) throw input.truncated();
  }
  // A stream of known size may still carry an end mark.
  await input.fill(32);
  load(decoder, input);
  if (!decoder.finished() && (decoder.run(1, 0, true) !== "end" || !decoder.finished()))
    throw input.malformed("LZMA data does not end where its size says");
  input.at = decoder.at;
  return input.offset;
}

function load(decoder: LzmaDecoder, input: Input): void {
  decoder.bytes = input.bytes;
  decoder.at = input.at;
  decoder.end = input.bytes.length;
}
