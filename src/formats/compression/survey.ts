// A compressed file for the scanner: what it unpacks to is surveyed by its own format, also where the data breaks in the middle.
import { bytesFollow, IngotError } from "../../core/index.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { type Compression, decompress } from "./compressions.ts";
import { decompressed } from "./decompressed.ts";
import { type DecompressionLimits, defaultLimits } from "./limits.ts";

/** Covers the compressed bytes and hands on their output. Never throws for what the file holds. */
export async function surveyCompressed(
  compression: Compression,
  file: OpenFile,
  survey: Survey,
  limits: DecompressionLimits = defaultLimits,
): Promise<void> {
  let broken = false;
  const chunks = untilBroken(decompress(compression, file, limits), (error) => {
    broken = true;
    observeBroken(error, survey);
  });
  const { file: output, end } = await decompressed(chunks, file);
  if (!broken) {
    survey.covered(0, end);
    if (end < file.size)
      survey.observe({
        kind: "anomaly",
        subject: "trailing-data",
        detail: `${bytesFollow(file.size - end)} the ${compression.title} data`,
        at: end,
      });
  }
  // A loader runs what it unpacked before it comes to where the data breaks.
  await survey.nested(unpackedName(file.name, compression.id), output);
}

/** As the unpacker of the compression would call it: `model.pkl` of `model.pkl.gz`. */
export function unpackedName(name: string, id: string): string {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const stem = base.replace(/\.tgz$/i, ".tar").replace(/\.(gz|gzip|bz2|xz|lzma|zst|zstd|lz4|z|zlib)$/i, "");
  return stem === "" || stem === base ? `(${id})` : stem;
}

async function* untilBroken(
  chunks: AsyncGenerator<Uint8Array, number>,
  report: (error: IngotError) => void,
): AsyncGenerator<Uint8Array, number> {
  try {
    return yield* chunks;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    report(error);
    return 0;
  }
}

function observeBroken(error: IngotError, survey: Survey): void {
  switch (error.code) {
    case "DECOMPRESSION_BOMB":
      survey.observe({ kind: "limit", limit: "ratio", detail: error.what });
      return;
    case "FILE_TRUNCATED":
      survey.observe({ kind: "anomaly", subject: "truncated", detail: error.what });
      return;
    case "FILE_MALFORMED":
      survey.observe({ kind: "anomaly", subject: "compression", detail: error.what });
      return;
    default:
      survey.observe({ kind: "unread", detail: error.what });
  }
}
