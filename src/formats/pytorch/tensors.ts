// Tensors in the objects of a checkpoint: each a view of a storage that lies beside the pickle. Rule: torch/_utils.py (_rebuild_tensor_v2,
// _rebuild_parameter), torch/serialization.py (persistent_id).
import { IngotError } from "../../core/index.ts";
import { numberOf } from "../python/ndarray.ts";
import { PyDict, PyGlobal, PyList, PyObject, PyPersistent, PyTuple, type PyValue } from "../python/values.ts";
import { elementCount, type StoredTensor } from "../tensors.ts";

/** Bytes per element and name of the storage classes. */
export const storages: Readonly<Record<string, readonly [dtype: string, size: number]>> = {
  DoubleStorage: ["float64", 8],
  FloatStorage: ["float32", 4],
  HalfStorage: ["float16", 2],
  BFloat16Storage: ["bfloat16", 2],
  LongStorage: ["int64", 8],
  IntStorage: ["int32", 4],
  ShortStorage: ["int16", 2],
  CharStorage: ["int8", 1],
  ByteStorage: ["uint8", 1],
  BoolStorage: ["bool", 1],
  ComplexFloatStorage: ["complex64", 8],
  ComplexDoubleStorage: ["complex128", 16],
  UntypedStorage: ["uint8", 1],
};

/** Objects that are looked at: a small pickle can share one millions of times. */
const visitLimit = 2_000_000;

/** What stands at the root: `collections.OrderedDict`, `dict`, `list` … */
export function rootName(value: PyValue): string {
  if (value instanceof PyObject) return value.className;
  return value instanceof PyDict ? "dict" : value instanceof PyList ? "list" : "object";
}

/**
 * Every tensor below `root`, by the path to it.
 * @param sizes bytes of each storage, by its key
 * @throws MODEL_INVALID, FILE_TOO_LARGE
 */
export function tensorsIn(root: PyValue, sizes: ReadonlyMap<string, number>, source: string): StoredTensor[] {
  const tensors: StoredTensor[] = [];
  const seen = new Set<PyValue>();
  const open: [name: string, value: PyValue][] = [["", root]];
  for (let visits = 0; open.length > 0; visits++) {
    if (visits > visitLimit)
      throw new IngotError("FILE_TOO_LARGE", { what: `refers to more than ${visitLimit} objects`, where: source });
    const [name, value] = open.pop()!;
    if (typeof value !== "object" || value === null) continue;
    if (value instanceof PyObject && /^torch\._utils\._rebuild_(tensor|parameter)/.test(value.className)) {
      const tensor = tensorOf(name, value, sizes, source);
      if (tensor) tensors.push(tensor);
      else open.push(...value.args.map((arg): [string, PyValue] => [name, arg]));
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    for (const [key, inner] of children(value)) open.push([name === "" ? key : `${name}.${key}`, inner]);
  }
  return tensors.reverse();
}

function children(value: object): [string, PyValue][] {
  const named = (pairs: readonly (readonly [PyValue, PyValue])[]) =>
    pairs.map(([key, inner]): [string, PyValue] => [
      typeof key === "string" ? key : String(numberOf(key) ?? "?"),
      inner,
    ]);
  if (value instanceof PyDict) return named(value.entries);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map((item, i) => [String(i), item]);
  if (!(value instanceof PyObject)) return [];
  return [
    ...named(value.pairs ?? []),
    ...(value.state instanceof PyDict ? named(value.state.entries) : []),
    ...(value.appended ?? []).map((item, i): [string, PyValue] => [String(i), item]),
  ];
}

/** Null for what is wrapped around a tensor (a parameter). @throws MODEL_INVALID for a tensor that is not in its storage */
function tensorOf(
  name: string,
  value: PyObject,
  sizes: ReadonlyMap<string, number>,
  source: string,
): StoredTensor | null {
  const [storage, offset, size, stride] = value.args;
  if (!(storage instanceof PyPersistent)) return null;
  const [kind, type, id, , count] = storage.id instanceof PyTuple ? storage.id.items : [];
  // Packages number their storages.
  const key = typeof id === "number" ? String(id) : id;
  const known = type instanceof PyGlobal ? storages[type.name] : undefined;
  if (
    kind !== "storage" ||
    !known ||
    typeof key !== "string" ||
    !(size instanceof PyTuple) ||
    !(stride instanceof PyTuple)
  )
    return null;
  const [shape, steps] = [size, stride].map((tuple) => tuple.items.map((item) => numberOf(item) ?? Number.NaN)) as [
    number[],
    number[],
  ];
  const bytes = elementCount(shape) * known[1];
  // The last element that the tensor reaches, in elements of its storage.
  const last = shape.includes(0)
    ? 0
    : shape.reduce((sum, dim, i) => sum + (dim - 1) * (steps[i] ?? Number.NaN), (numberOf(offset) ?? 0) + 1);
  const held = sizes.get(key);
  const isInside =
    [...shape, ...steps].every((one) => Number.isSafeInteger(one) && one >= 0) &&
    held !== undefined &&
    last * known[1] <= held &&
    (numberOf(count) ?? 0) * known[1] <= held;
  if (!isInside)
    throw new IngotError("MODEL_INVALID", {
      what: `tensor "${name}" lies outside of its storage "${key}"`,
      where: source,
      fix: "the file is incomplete or damaged: save it again",
    });
  return { name, dtype: known[0], shape, bytes };
}
