// The table of compressions, in the order of detection.
import type { FileSource } from "../format.ts";
import { decompressBzip2, isBzip2 } from "./bzip2.ts";
import { Input } from "./input.ts";
import { type DecompressionLimits, defaultLimits, withinLimits } from "./limits.ts";
import { decompressLz4, isLz4 } from "./lz4.ts";
import { decompressLzmaAlone, isLzmaAlone } from "./lzma_alone.ts";
import { decompressGzip, decompressZlib, decompressZstd, isGzip, isZlib, isZstd } from "./native.ts";
import { decompressXz, isXz } from "./xz.ts";
import { decompressZf, isZf } from "./zf.ts";

export interface Compression {
  readonly id: string;
  readonly title: string;
  /** Whether the first bytes (at least 32 where the file has them) are this compression. */
  detect(head: Uint8Array): boolean;
  /** Decompresses from where the input stands; the result is the offset behind the compressed data. */
  decompress(input: Input): AsyncGenerator<Uint8Array, number>;
}

/** In the order of detection: those with a long signature first. */
export const compressions: readonly Compression[] = [
  { id: "xz", title: "xz (LZMA2)", detect: isXz, decompress: decompressXz },
  { id: "zstd", title: "Zstandard", detect: isZstd, decompress: decompressZstd },
  { id: "lz4", title: "LZ4 frame", detect: isLz4, decompress: decompressLz4 },
  { id: "bzip2", title: "bzip2", detect: isBzip2, decompress: decompressBzip2 },
  { id: "gzip", title: "gzip", detect: isGzip, decompress: decompressGzip },
  { id: "zf", title: "joblib before 0.9.3 (zlib)", detect: isZf, decompress: decompressZf },
  { id: "lzma", title: "LZMA alone", detect: isLzmaAlone, decompress: decompressLzmaAlone },
  { id: "zlib", title: "zlib", detect: isZlib, decompress: decompressZlib },
];

/** The compression of a file by its first bytes, undefined where it is none. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return compressions.find(({ detect }) => detect(head));
}

/**
 * The output of a compressed file, chunk by chunk; the result is the offset behind the compressed data.
 * @throws FILE_TRUNCATED, FILE_MALFORMED, DECOMPRESSION_BOMB, MODEL_UNSUPPORTED
 */
export function decompress(
  compression: Compression,
  file: FileSource,
  limits: DecompressionLimits = defaultLimits,
): AsyncGenerator<Uint8Array, number> {
  return withinLimits(compression.decompress(new Input(file)), file.size, file.name, limits);
}
