// coreml-weights: the blobs that an ML program keeps outside of its graph. Rule: coremltools, mlmodel/src/MILBlob/Blob/StorageFormat.hpp
// (storage_header, blob_metadata: 64 bytes each, everything aligned to 64).
import { ByteReader, bytesFollow, IngotError } from "../../core/index.ts";
import type { FileSource, Format } from "../format.ts";
import { describeTensors, type StoredTensor } from "../tensors.ts";

interface Blob extends StoredTensor {
  readonly start: number;
  readonly end: number;
}

interface CoremlWeights {
  readonly blobs: readonly Blob[];
}

const unit = 64;
const sentinel = 0xdeadbeef;
const mostBlobs = 1_000_000;

/** `BlobDataType`: name and bits of one element. */
const types: Readonly<Record<number, readonly [dtype: string, bits: number]>> = {
  1: ["float16", 16],
  2: ["float32", 32],
  3: ["uint8", 8],
  4: ["int8", 8],
  5: ["bfloat16", 16],
  6: ["int16", 16],
  7: ["uint16", 16],
  8: ["int4", 4],
  9: ["uint1", 1],
  10: ["uint2", 2],
  11: ["uint4", 4],
  12: ["uint3", 3],
  13: ["uint6", 6],
  14: ["int32", 32],
  15: ["uint32", 32],
  16: ["float8e4m3fn", 8],
  17: ["float8e5m2", 8],
};

export const coremlWeights: Format<CoremlWeights> = {
  id: "coreml-weights",
  title: "Core ML weights",
  detect: (head) => head.length >= 2 * unit && u32(head, 4) === 2 && u32(head, unit) === sentinel,
  read: readWeights,
  describe({ blobs }) {
    const { facts, ...sizes } = describeTensors(blobs);
    return {
      format: "coreml-weights",
      producer: { name: "Core ML" },
      task: "unknown",
      summary: `${blobs.length} blobs of weights`,
      inputs: [],
      outputs: [],
      ...sizes,
      facts,
    };
  },
  async survey(file, survey) {
    try {
      let at = 0;
      for (const { start, end } of (await readWeights(file)).blobs) {
        // What stands before the elements: a header of fixed fields, and zeros.
        survey.covered(at, end);
        at = start + Math.ceil((end - start) / unit) * unit;
        const padding = await file.read(end, at);
        if (padding.every((byte) => byte === 0)) survey.covered(end, at);
      }
      if (at < file.size)
        survey.observe({
          kind: "anomaly",
          subject: "trailing-data",
          at,
          detail: `${bytesFollow(file.size - at)} the last blob`,
        });
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

/** Blobs one behind the other, each described by the 64 bytes before it. @throws FILE_MALFORMED, FILE_TRUNCATED */
async function readWeights(file: FileSource): Promise<CoremlWeights> {
  const count = new ByteReader(await file.read(0, unit), file.name).u32(true);
  if (count > mostBlobs) throw malformed(file, `states ${count} blobs`);
  const blobs: Blob[] = [];
  let at = unit;
  for (let i = 0; i < count; i++) {
    const reader = new ByteReader(await file.read(at, at + unit), file.name);
    if (reader.u32(true) !== sentinel) throw malformed(file, `has no blob at byte ${at}`);
    const type = reader.u32(true);
    const [size, start] = [Number(reader.u64(true)), Number(reader.u64(true))];
    const [dtype, bits] = types[type] ?? ["unknown", 8];
    if (start !== at + unit) throw malformed(file, `says that the blob at byte ${at} begins at byte ${start}`);
    const end = start + size;
    if (!Number.isSafeInteger(end) || end > file.size)
      throw new IngotError("FILE_TRUNCATED", {
        what: `a blob ends at byte ${end}, the file at ${file.size}`,
        where: file.name,
        fix: "copy or export it again",
      });
    blobs.push({ name: `blob at ${start}`, dtype, shape: [Math.floor((size * 8) / bits)], bytes: size, start, end });
    at = Math.ceil(end / unit) * unit;
  }
  return { blobs };
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

function malformed(file: FileSource, what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, where: file.name, fix: "copy or export it again" });
}
