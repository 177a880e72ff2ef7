// Attributes of inert objects: what BUILD set, whichever way the class did it.
import { NdArray } from "./ndarray.ts";
import { PyDict, PyObject, PyTuple, type PyValue } from "./values.ts";

/** Attributes by name. `(dict, slots)` tuples of `object.__reduce_ex__` are merged. */
export function attributesOf(value: PyValue): ReadonlyMap<string, PyValue> {
  if (!(value instanceof PyObject)) return new Map();
  const before = known.get(value);
  if (before) return before;
  const { state } = value;
  const dicts =
    state instanceof PyDict
      ? [state]
      : state instanceof PyTuple && state.items.length === 2
        ? state.items.filter((item) => item instanceof PyDict)
        : [];
  const attributes = new Map<string, PyValue>();
  for (const dict of dicts)
    for (const [key, item] of dict.entries) if (typeof key === "string") attributes.set(key, item);
  known.set(value, attributes);
  return attributes;
}

const known = new WeakMap<PyObject, ReadonlyMap<string, PyValue>>();

/** A 0-d array as the value it holds; everything else as it is. */
export function unwrapped(value: PyValue | undefined): PyValue | undefined {
  return value instanceof NdArray && value.shape.length === 0 ? value.values()[0] : value;
}
