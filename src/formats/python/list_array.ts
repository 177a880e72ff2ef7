// Python lists as the arrays that numpy would make of them.
import { NdArray, type NumpyDtype, numberOf } from "./ndarray.ts";
import { PyFloat, PyList, PyTuple, type PyValue } from "./values.ts";

const float64: NumpyDtype = { kind: "f", size: 8, littleEndian: true };
const int64: NumpyDtype = { kind: "i", size: 8, littleEndian: true };
const bool: NumpyDtype = { kind: "b", size: 1, littleEndian: true };
const objects: NumpyDtype = { kind: "O", size: 8, littleEndian: true };
const deepest = 8;
const most = 2 ** 24;

/** The array of a (nested) list or tuple of numbers or text; null where it is ragged or holds anything else. */
export function listArray(value: PyValue): NdArray | null {
  const shape: number[] = [];
  for (
    let level: PyValue | undefined = value;
    level instanceof PyList || level instanceof PyTuple;
    level = level.items[0]
  ) {
    if (shape.length === deepest) return null;
    shape.push(level.items.length);
  }
  // Lists that hold one another again and again would never end.
  if (shape.length === 0 || productsOf(shape).some((size) => size > most)) return null;
  const flat: PyValue[] = [];
  return collect(value, shape, 0, flat) ? arrayOfValues(flat, shape) : null;
}

/** Sizes of the list when it is flattened by one axis more and more. */
function productsOf(shape: readonly number[]): number[] {
  let product = 1;
  return shape.map((size) => (product *= size));
}

function collect(value: PyValue, shape: readonly number[], axis: number, flat: PyValue[]): boolean {
  if (axis === shape.length) {
    flat.push(value);
    return typeof value === "string" || numberOf(value) !== undefined;
  }
  if (!(value instanceof PyList || value instanceof PyTuple) || value.items.length !== shape[axis]) return false;
  return value.items.every((item) => collect(item, shape, axis + 1, flat));
}

function arrayOfValues(flat: readonly PyValue[], shape: readonly number[]): NdArray | null {
  if (flat.some((item) => typeof item === "string"))
    return flat.every((item) => typeof item === "string") ? new NdArray(objects, shape, false, flat) : null;
  const isInteger = flat.every((item) => typeof item === "number" || typeof item === "bigint");
  if (flat.length > 0 && flat.every((item) => typeof item === "boolean"))
    return new NdArray(bool, shape, false, Uint8Array.from(flat, Number));
  if (flat.length > 0 && isInteger) {
    const integers = BigInt64Array.from(flat, (item) => BigInt(item as number | bigint));
    return new NdArray(int64, shape, false, new Uint8Array(integers.buffer));
  }
  const floats = Float64Array.from(flat, (item) => (item instanceof PyFloat ? item.value : Number(item)));
  return new NdArray(float64, shape, false, new Uint8Array(floats.buffer));
}
