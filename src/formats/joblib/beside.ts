// joblib up to 0.9: every array in a file of its own beside the pickle, plain .npy or compressed.
import { compressionOf, type DecompressionLimits, decompress } from "../compression/index.ts";
import type { FileSource } from "../format.ts";
import { readNpy } from "../numpy/npy.ts";
import { NdArray } from "../python/ndarray.ts";
import { buildArray } from "../python/numpy_objects.ts";
import { type PyObject, PyTuple } from "../python/values.ts";
import { invalid, stateOf } from "./wrapper.ts";

/** An array that stands in for its wrapper until the file beside was read. */
export interface ArrayBeside {
  readonly array: NdArray;
  readonly wrapper: PyObject;
}

export function arrayBeside(wrapper: PyObject): ArrayBeside {
  return { array: new NdArray({ kind: "V", size: 0, littleEndian: true }, [0], false, new Uint8Array(0)), wrapper };
}

/** Name of the file that holds the array. */
export function fileNameOf(wrapper: PyObject, where: string): string {
  const name = stateOf(wrapper, where).get("filename");
  if (typeof name === "string" && name !== "") return name;
  throw invalid("an array without the name of its file", where);
}

/** Reads the file of the array. @throws FILE_NOT_FOUND, PATH_UNSAFE and what .npy throws */
export async function fillFromBeside(
  { array, wrapper }: ArrayBeside,
  file: FileSource,
  limits: DecompressionLimits,
): Promise<void> {
  const name = fileNameOf(wrapper, file.name);
  if (!file.sibling) throw invalid(`the array of ${name} is in another file, which is not there`, file.name);
  await using beside = await file.sibling(name);
  if (!wrapper.className.endsWith(".ZNDArrayWrapper")) {
    Object.assign(array, readNpy(await beside.readAll(), beside.name).array);
    return;
  }
  const state = stateOf(wrapper, file.name).get("state");
  const compression = compressionOf(await beside.read(0, 64));
  if (!compression || !(state instanceof PyTuple)) throw invalid(`${name} is no compressed array`, file.name);
  const parts: Uint8Array[] = [];
  for await (const chunk of decompress(compression, beside, limits)) parts.push(chunk);
  buildArray(array, new PyTuple([...state.items, new Uint8Array(Buffer.concat(parts))]), beside.name);
}
