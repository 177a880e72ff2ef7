// A joblib file of any era as Python objects, arrays as views of the (decompressed) file.
import { IngotError } from "../../core/index.ts";
import { compressionOf, decompress, decompressed, defaultLimits } from "../compression/index.ts";
import type { FileSource } from "../format.ts";
import { looksLikePickle } from "../pickle/detect.ts";
import { type PickleResult, readPickle } from "../pickle/machine.ts";
import type { PyGlobal } from "../python/values.ts";
import { type ArrayBeside, arrayBeside, fillFromBeside } from "./beside.ts";
import { arraysInStream, isFileWrapper } from "./wrapper.ts";

export interface JoblibResult extends PickleResult {
  /** Id of the compression, null where there is none. */
  readonly compression: string | null;
  /** Bytes behind the pickle and its arrays. */
  readonly rest: number;
}

/** Reads a whole joblib file. @throws as `readPickle`, `decompress` and .npy do; FORMAT_UNKNOWN when compressed data is no pickle */
export async function readJoblib(file: FileSource, limits = defaultLimits): Promise<JoblibResult> {
  const compression = compressionOf(await file.read(0, 64));
  if (!compression) return { ...(await readStream(await file.readAll(), file)), compression: null };
  const unpacked = await decompressed(decompress(compression, file, limits), file);
  await using inner = unpacked.file;
  const bytes = await inner.readAll();
  if (!looksLikePickle(bytes.subarray(0, 65536), bytes.length))
    throw new IngotError("FORMAT_UNKNOWN", {
      what: `${compression.title} data that holds no pickle`,
      where: file.name,
      fix: "unpack it and name what was in it",
    });
  const result = await readStream(bytes, file);
  return { ...result, rest: result.rest + file.size - unpacked.end, compression: compression.id };
}

async function readStream(bytes: Uint8Array, file: FileSource): Promise<PickleResult & { rest: number }> {
  const beside: ArrayBeside[] = [];
  const globals: PyGlobal[] = [];
  const inStream = arraysInStream(bytes, file.name, (start) => {
    const nested = readPickle(bytes, file.name, { start });
    globals.push(...nested.globals);
    return nested;
  });
  const result = readPickle(bytes, file.name, {
    onBuild(object, at) {
      if (!isFileWrapper(object)) return inStream(object, at);
      const waiting = arrayBeside(object);
      beside.push(waiting);
      return { value: waiting.array, next: at };
    },
  });
  for (const waiting of beside) await fillFromBeside(waiting, file, defaultLimits);
  return { ...result, globals: [...result.globals, ...globals], rest: bytes.length - result.end };
}
