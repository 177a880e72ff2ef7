// LZMA2: chunks of at most 2 MiB of output from at most 64 KiB of input, each LZMA or stored. Rule: lzma2_decoder.c of the XZ format.
import type { Input } from "./input.ts";
import { LzmaDecoder, lzmaProperties } from "./lzma.ts";
import { Window } from "./window.ts";

const largestDictionary = 1.5 * 2 ** 30;

/** Size of the dictionary out of the one byte of LZMA2 properties; null where it is none. */
export function lzma2Dictionary(byte: number): number | null {
  if (byte > 40) return null;
  return byte === 40 ? 0xffff_ffff : (2 | (byte & 1)) * 2 ** ((byte >> 1) + 11);
}

/** One LZMA2 stream up to its end byte. The result is the offset behind it. */
export async function* decompressLzma2(input: Input, dictionary: number): AsyncGenerator<Uint8Array, number> {
  if (dictionary > largestDictionary) throw input.unsupported(`LZMA2 with a dictionary of ${dictionary} bytes`);
  const window = new Window(Math.max(4096, dictionary));
  const decoder = new LzmaDecoder(window);
  // What the next chunk must reset at least: 2 the dictionary, 1 the properties.
  let owed = 2;
  for (;;) {
    const control = await input.u8();
    if (control === 0) return input.offset;
    const stored = control < 0x80;
    if (stored && control > 2) throw input.malformed(`LZMA2 control byte ${control}`);
    const reset = (control >> 5) & 3;
    if (control === 1 || control >= 0xe0) {
      decoder.resetDictionary();
      owed = 1;
    } else if (owed === 2) throw input.malformed("LZMA2 does not begin with a new dictionary");
    const head = await input.take(2);
    const size = (stored ? 0 : (control & 0x1f) << 16) + head[0]! * 256 + head[1]! + 1;
    window.reserve(size);
    if (stored) {
      window.bytes.set(await input.take(size), window.at);
      window.at += size;
      decoder.wrote(size);
      yield window.take();
      continue;
    }
    const packedHead = await input.take(2);
    const packed = packedHead[0]! * 256 + packedHead[1]! + 1;
    if (reset >= 2) {
      const properties = lzmaProperties(await input.u8());
      if (!properties || properties.lc + properties.lp > 4)
        throw input.malformed("LZMA2 properties that no encoder writes");
      decoder.setProperties(properties);
      owed = 0;
    } else if (owed > 0) throw input.malformed("LZMA2 data comes before its properties");
    else if (reset === 1) decoder.resetState();
    if (packed < 5) throw input.malformed("an LZMA2 chunk too short to be one");
    const chunk = await input.take(packed);
    decoder.bytes = chunk;
    decoder.at = 0;
    decoder.end = packed;
    if (!decoder.start() || decoder.run(size, size, true) !== "output" || !decoder.finished() || decoder.at !== packed)
      throw input.malformed("LZMA2 data is damaged");
    yield window.take();
  }
}
