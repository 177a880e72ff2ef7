// numpy arrays and scalars out of the calls that pickles make for them.
import { IngotError } from "../../core/index.ts";
import { elementReader } from "./elements.ts";
import { NdArray, type NumpyDtype } from "./ndarray.ts";
import { dtypeOf, shapeOf } from "./numpy_dtype.ts";
import { PyGlobal, PyList, PyTuple, type PyValue } from "./values.ts";

type Writable<T> = { -readonly [key in keyof T]: T[key] };

const unset: NumpyDtype = { kind: "V", size: 0, littleEndian: true };
const arrayClasses = new Set(["numpy.ndarray", "numpy.matrix", "numpy.recarray", "numpy.memmap", "numpy.rec.recarray"]);

/**
 * What a call of numpy makes, where it makes an array or a scalar: `_reconstruct` an array that BUILD fills, `scalar` a Python
 * scalar (dates and records: a 0-d array), `_frombuffer` an array. Undefined for every other call.
 * @throws MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function numpyCall(callable: PyGlobal, args: readonly PyValue[], where: string): PyValue | undefined {
  const { module, name } = callable;
  if (module === "numpy.core.multiarray" || module === "numpy._core.multiarray") {
    if (name === "_reconstruct") {
      const made = args[0] instanceof PyGlobal && arrayClasses.has(args[0].path);
      return made ? new NdArray(unset, [0], false, new Uint8Array(0)) : undefined;
    }
    if (name === "scalar") return scalar(args, where);
  }
  if ((module === "numpy.core.numeric" || module === "numpy._core.numeric") && name === "_frombuffer") {
    const [buffer, dtype, shape, order] = args;
    return arrayOf(dtypeOf(dtype, where), shapeOf(shape, where), order === "F", buffer, where);
  }
  return undefined;
}

/** BUILD of an array out of `_reconstruct`: `(version, shape, dtype, is_fortran, data)`. It stays the same object. */
export function buildArray(array: NdArray, state: PyValue, where: string): void {
  const items = state instanceof PyTuple ? state.items : [];
  // Arrays of numpy 1.0 had no version.
  const [shape, dtype, fortran, data] = items.length === 5 ? items.slice(1) : items;
  if (items.length < 4 || items.length > 5) throw invalid("an array without shape, dtype and data", where);
  const made = arrayOf(dtypeOf(dtype, where), shapeOf(shape, where), fortran === true || fortran === 1, data, where);
  Object.assign(array as Writable<NdArray>, {
    dtype: made.dtype,
    shape: made.shape,
    fortran: made.fortran,
    data: made.data,
  });
}

/** An array of checked size. `data` may be bytes, text of Python 2, or the list of an object array. */
export function arrayOf(
  dtype: NumpyDtype,
  shape: readonly number[],
  fortran: boolean,
  data: PyValue | undefined,
  where: string,
): NdArray {
  const count = shape.reduce((product, size) => product * size, 1);
  if (dtype.kind === "O") {
    if (!(data instanceof PyList)) throw invalid("an object array without a list", where);
    if (data.items.length !== count)
      throw invalid(`${data.items.length} objects where its shape asks for ${count}`, where);
    return new NdArray(dtype, shape, fortran, data.items);
  }
  const bytes = typeof data === "string" ? new Uint8Array(Buffer.from(data, "latin1")) : data;
  if (!(bytes instanceof Uint8Array)) throw invalid("an array without bytes", where);
  // Elements of no size take no bytes, so that only a limit keeps their number in bounds.
  const fits = dtype.size === 0 ? bytes.length === 0 && count <= 1e6 : bytes.length === count * dtype.size;
  if (!fits) throw invalid(`${bytes.length} bytes where its shape asks for ${count} × ${dtype.size}`, where);
  return new NdArray(dtype, shape, fortran, bytes);
}

function scalar(args: readonly PyValue[], where: string): PyValue {
  const dtype = dtypeOf(args[0], where);
  if (dtype.kind === "O") return args[1] ?? null;
  const array = arrayOf(dtype, [], false, args[1], where);
  return "MmV".includes(dtype.kind) ? array : elementReader(dtype, array.data as Uint8Array)(0);
}

function invalid(what: string, where: string): IngotError {
  return new IngotError("MODEL_INVALID", { what: `numpy: ${what}`, where });
}
