// Every decompressor, by the first bytes of the input.
import { compressionOf, decompress } from "../src/formats/compression/index.ts";
import { memoryFile } from "../src/formats/index.ts";

export const name = "compression";

export async function target(bytes: Uint8Array): Promise<void> {
  const compression = compressionOf(bytes);
  if (!compression) return;
  const limits = { output: 2 ** 24, ratio: 1e6 };
  const chunks = decompress(compression, memoryFile(bytes, "fuzz"), limits);
  while (!(await chunks.next()).done);
}
