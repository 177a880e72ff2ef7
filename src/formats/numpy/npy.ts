// One array of a .npy file, elements as a view of its bytes, objects through the pickle inside.
import { IngotError } from "../../core/index.ts";
import { readPickle } from "../pickle/machine.ts";
import { NdArray } from "../python/ndarray.ts";
import { arrayOf } from "../python/numpy_objects.ts";
import type { PyGlobal } from "../python/values.ts";
import { type NpyHeader, readNpyHeader } from "./header.ts";

export interface Npy {
  readonly header: NpyHeader;
  readonly array: NdArray;
  /** Classes and functions that the pickle of an object array imports. */
  readonly globals: readonly PyGlobal[];
}

/** Reads a whole .npy file. @throws FILE_MALFORMED, FILE_TRUNCATED, MODEL_INVALID, MODEL_UNSUPPORTED */
export function readNpy(bytes: Uint8Array, source: string): Npy {
  const header = readNpyHeader(bytes, source);
  if (header.objects) {
    const { value, globals } = readPickle(bytes, source, { start: header.end });
    if (!(value instanceof NdArray))
      throw new IngotError("MODEL_INVALID", {
        what: "the pickle of an object array holds something else",
        where: source,
      });
    return { header, array: value, globals };
  }
  const size = npyDataSize(header, source);
  if (bytes.length - header.end < size) throw truncated(size, bytes.length - header.end, source);
  const data = bytes.subarray(header.end, header.end + size);
  return { header, array: arrayOf(header.dtype, header.shape, header.fortran, data, source), globals: [] };
}

/** Bytes of the elements. @throws MODEL_INVALID beyond what any file holds */
export function npyDataSize(header: NpyHeader, source: string): number {
  const size = header.shape.reduce((product, length) => product * length, header.dtype.size);
  if (!Number.isSafeInteger(size))
    throw new IngotError("MODEL_INVALID", { what: `an array of shape (${header.shape.join(", ")})`, where: source });
  return size;
}

export function truncated(needed: number, left: number, where: string): IngotError {
  return new IngotError("FILE_TRUNCATED", {
    what: `the array needs ${needed} bytes, ${left} left`,
    where,
    fix: "the file is incomplete: copy or export it again",
  });
}
