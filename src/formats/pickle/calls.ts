// What well-known calls make: containers, bytes, numpy. Every other call stays an inert record.
import { numpyCall } from "../python/numpy_objects.ts";
import {
  PyComplex,
  PyDict,
  PyFloat,
  PyGlobal,
  PyList,
  PyObject,
  PySet,
  PySlice,
  PyTuple,
  type PyValue,
} from "../python/values.ts";

/** Counts what is copied rather than shared, so that few bytes cannot ask for much memory. */
export interface Budget {
  spend(amount: number): void;
}

/**
 * The value of `callable(*args)`. Containers share the items of their argument where Python would copy them: a file cannot make
 * them grow by naming them again.
 */
export function resultOf(
  callable: PyValue,
  args: readonly PyValue[],
  keywords: PyDict | null,
  budget: Budget,
  where: string,
): PyValue {
  if (!(callable instanceof PyGlobal) || keywords) return new PyObject(callable, args, keywords);
  return builtin(callable, args, budget) ?? numpyCall(callable, args, where) ?? new PyObject(callable, args);
}

function builtin(callable: PyGlobal, args: readonly PyValue[], budget: Budget): PyValue | undefined {
  const [first, second] = args;
  switch (callable.path) {
    case "_codecs.encode":
      if (typeof first !== "string" || (second !== "latin1" && second !== "latin-1")) return undefined;
      budget.spend(first.length);
      return new Uint8Array(Buffer.from(first, "latin1"));
    case "builtins.bytes":
    case "builtins.bytearray":
      if (args.length === 0) return new Uint8Array(0);
      if (first instanceof Uint8Array) return first;
      if (typeof first !== "string") return undefined;
      budget.spend(first.length);
      return new Uint8Array(Buffer.from(first, "latin1"));
    case "builtins.set":
    case "builtins.frozenset":
      if (args.length > 0 && !(first instanceof PyList || first instanceof PyTuple)) return undefined;
      return new PySet(callable.name === "frozenset", args.length > 0 ? [...itemsOf(first, budget)] : []);
    case "builtins.slice":
      return args.length === 3 ? new PySlice(args[0]!, args[1]!, args[2]!) : undefined;
    case "builtins.complex":
      return first instanceof PyFloat && second instanceof PyFloat
        ? new PyComplex(first.value, second.value)
        : undefined;
    case "builtins.list":
      return args.length === 0 ? new PyList() : undefined;
    case "builtins.dict":
    case "collections.OrderedDict":
    case "collections.Counter":
      return args.length === 0 ? new PyDict() : dictOf(first, budget);
    case "collections.defaultdict":
      return args.length <= 1 ? new PyDict() : undefined;
    case "copyreg._reconstructor": {
      // Protocol 0 and 1: (class, base, state of the base).
      const made = args[0];
      return made === undefined
        ? undefined
        : new PyObject(made, args[2] === null || args[2] === undefined ? [] : [args[2]]);
    }
    case "copyreg.__newobj__":
      return first === undefined ? undefined : new PyObject(first, args.slice(1));
    default:
      return undefined;
  }
}

function itemsOf(value: PyValue | undefined, budget: Budget): readonly PyValue[] {
  const items = value instanceof PyList || value instanceof PyTuple ? value.items : [];
  budget.spend(items.length);
  return items;
}

function dictOf(value: PyValue | undefined, budget: Budget): PyDict | undefined {
  if (value instanceof PyDict) {
    budget.spend(value.entries.length);
    const dict = new PyDict();
    for (const [key, item] of value.entries) dict.entries.push([key, item]);
    return dict;
  }
  if (!(value instanceof PyList || value instanceof PyTuple)) return undefined;
  const dict = new PyDict();
  for (const pair of itemsOf(value, budget)) {
    if (!(pair instanceof PyList || pair instanceof PyTuple) || pair.items.length !== 2) return undefined;
    dict.entries.push([pair.items[0]!, pair.items[1]!]);
  }
  return dict;
}
