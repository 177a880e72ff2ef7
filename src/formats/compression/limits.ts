// How much a compressed file may unpack to: checked while it unpacks, never after.
import { IngotError } from "../../core/index.ts";

export interface DecompressionLimits {
  /** Most bytes of output. */
  readonly output: number;
  /** Most bytes of output for each byte of input, asked from 16 MiB of output on: small files of zeros are harmless. */
  readonly ratio: number;
}

/** zlib reaches 1032:1 on zeros, which arrays of zeros are; beyond that nothing honest is. */
export const defaultLimits: DecompressionLimits = { output: 64 * 2 ** 30, ratio: 2000 };

const harmless = 16 * 2 ** 20;

/** Passes chunks on while they stay within the limits. @throws DECOMPRESSION_BOMB */
export async function* withinLimits(
  chunks: AsyncGenerator<Uint8Array, number>,
  inputSize: number,
  name: string,
  limits: DecompressionLimits,
): AsyncGenerator<Uint8Array, number> {
  let output = 0;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return value;
    output += value.length;
    const most = Math.min(limits.output, Math.max(harmless, inputSize * limits.ratio));
    if (output > most) {
      await chunks.return(0);
      throw new IngotError("DECOMPRESSION_BOMB", {
        what: `${inputSize} compressed bytes unpack to more than ${most} bytes`,
        where: name,
        fix: "if you trust the file, unpack it yourself and use the result",
      });
    }
    if (value.length > 0) yield value;
  }
}
