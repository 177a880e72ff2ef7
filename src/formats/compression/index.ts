// compression: what Ingot decompresses, by content. Bounded by `DecompressionLimits`, streaming, without running other programs.
export { decompressBzip2 } from "./bzip2.ts";
export { compressionOf, decompress } from "./compressions.ts";
export { decompressed } from "./decompressed.ts";
export { Input } from "./input.ts";
export { type DecompressionLimits, defaultLimits, withinLimits } from "./limits.ts";
export { lzmaProperties } from "./lzma.ts";
export { decompressLzma } from "./lzma_alone.ts";
export { decompressLzma2, lzma2Dictionary } from "./lzma2.ts";
export { decompressDeflate, decompressZstd } from "./native.ts";
export { surveyCompressed, unpackedName } from "./survey.ts";
export { withoutX86Filter } from "./x86_filter.ts";
