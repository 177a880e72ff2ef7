// How joblib puts arrays into a pickle. Rule: joblib/numpy_pickle.py (since 0.10), joblib/numpy_pickle_compat.py (before).
import { IngotError } from "../../core/index.ts";
import { NdArray } from "../python/ndarray.ts";
import { dtypeOf, shapeOf } from "../python/numpy_dtype.ts";
import { arrayOf } from "../python/numpy_objects.ts";
import { PyDict, PyGlobal, type PyObject, type PyValue } from "../python/values.ts";

/** Where the bytes of an array stand: `[start, end)` of the stream, or a pickle of the array from `start` on. */
export interface ArrayPlace {
  readonly start: number;
  /** Null where a pickle follows, whose end only reading it tells. */
  readonly end: number | null;
}

/** Whether the object stands for an array whose bytes follow its BUILD. */
export function isArrayWrapper(object: PyObject): boolean {
  return isOf(object, "NumpyArrayWrapper");
}

/** Whether the object stands for an array in a file of its own. */
export function isFileWrapper(object: PyObject): boolean {
  return isOf(object, "NDArrayWrapper") || isOf(object, "ZNDArrayWrapper");
}

function isOf(object: PyObject, name: string): boolean {
  const { callable } = object;
  if (!(callable instanceof PyGlobal) || callable.name !== name) return false;
  return /^(.+\.)?joblib\.numpy_pickle(_compat)?$/.test(callable.module);
}

/**
 * Where the elements of a wrapped array are, when the stream goes on at `at`.
 * @param byteAt the byte at an offset, undefined behind the end
 */
export function placeOf(
  wrapper: PyObject,
  at: number,
  byteAt: (offset: number) => number | undefined,
  where: string,
): ArrayPlace {
  const state = stateOf(wrapper, where);
  const dtype = dtypeOf(state.get("dtype"), where);
  if (dtype.kind === "O") return { start: at, end: null };
  const shape = shapeOf(state.get("shape"), where);
  let start = at;
  // Since joblib 1.2: one byte says how many bytes of padding follow it.
  if (typeof state.get("numpy_array_alignment_bytes") === "number") {
    const padding = byteAt(at);
    if (padding === undefined) throw invalid("the stream ends where an array begins", where);
    start += 1 + padding;
  }
  const end = shape.reduce((product, size) => product * size, dtype.size) + start;
  if (!Number.isSafeInteger(end)) throw invalid(`an array of shape (${shape.join(", ")})`, where);
  return { start, end };
}

/** The array of a wrapper, a view of its bytes. */
export function wrappedArray(wrapper: PyObject, data: Uint8Array, where: string): NdArray {
  const state = stateOf(wrapper, where);
  const shape = shapeOf(state.get("shape"), where);
  return arrayOf(dtypeOf(state.get("dtype"), where), shape, state.get("order") === "F", data, where);
}

/**
 * What `PickleOptions.onBuild` of a joblib file does: arrays in place of their wrappers.
 * @param readNested reads the pickle of an object array
 */
export function arraysInStream(
  bytes: Uint8Array,
  source: string,
  readNested: (start: number) => { readonly value: PyValue; readonly end: number },
): (object: PyObject, at: number) => { value: PyValue; next: number } | undefined {
  return (object, at) => {
    if (!isArrayWrapper(object)) return undefined;
    const where = `${source} at byte ${at}`;
    const { start, end } = placeOf(object, at, (offset) => bytes[offset], where);
    if (end === null) {
      const nested = readNested(start);
      if (!(nested.value instanceof NdArray))
        throw invalid("the pickle of an object array holds something else", where);
      return { value: nested.value, next: nested.end };
    }
    if (end > bytes.length)
      throw new IngotError("FILE_TRUNCATED", {
        what: `an array needs ${end - start} bytes, ${Math.max(0, bytes.length - start)} left`,
        where,
        fix: "the file is incomplete: copy or export it again",
      });
    return { value: wrappedArray(object, bytes.subarray(start, end), where), next: end };
  };
}

export function stateOf(wrapper: PyObject, where: string): PyDict {
  if (wrapper.state instanceof PyDict) return wrapper.state;
  throw invalid("an array without dtype and shape", where);
}

export function invalid(what: string, where: string): IngotError {
  return new IngotError("MODEL_INVALID", { what: `joblib: ${what}`, where });
}
