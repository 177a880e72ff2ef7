// numpy.dtype as pickles hold it: REDUCE ("f8", False, True), then BUILD (version, byte order, subarray, names, fields, …).
import { IngotError, quoted } from "../../core/index.ts";
import type { NumpyDtype } from "./ndarray.ts";
import { PyDict, PyGlobal, PyObject, PyTuple, type PyValue } from "./values.ts";

const kinds = new Set(["b", "i", "u", "f", "c", "S", "U", "O", "V", "M", "m"]);
const sizes: Partial<Record<NumpyDtype["kind"], readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 12, 16],
  c: [8, 16, 24, 32],
  M: [8],
  m: [8],
};
const deepest = 16;

/** A dtype and, where it is a subarray type, the shape of one element. */
interface ShapedDtype {
  readonly dtype: NumpyDtype;
  readonly shape?: readonly number[];
}

const known = new WeakMap<PyObject, ShapedDtype>();

/** Whether the value is a pickled `numpy.dtype`. */
export function isDtype(value: PyValue | undefined): value is PyObject {
  if (!(value instanceof PyObject)) return false;
  const { callable } = value;
  // Asked of every array: the name is not put together for it.
  if (callable instanceof PyGlobal) return callable.name === "dtype" && callable.module === "numpy";
  return value.className === "numpy.dtype";
}

/** The dtype that a pickled `numpy.dtype` object stands for. @throws MODEL_INVALID, MODEL_UNSUPPORTED */
export function dtypeOf(value: PyValue | undefined, where: string): NumpyDtype {
  const { dtype, shape } = shapedDtype(value, where, 0);
  if (shape) throw invalid("an array of a subarray dtype", where);
  return dtype;
}

function shapedDtype(value: PyValue | undefined, where: string, depth: number): ShapedDtype {
  if (!isDtype(value)) throw invalid("something that is no numpy.dtype stands for one", where);
  if (depth > deepest) throw invalid(`dtypes nested deeper than ${deepest}`, where);
  const before = known.get(value);
  if (before) return before;
  const shaped = decode(value, where, depth);
  known.set(value, shaped);
  return shaped;
}

function decode(value: PyObject, where: string, depth: number): ShapedDtype {
  const state = value.state instanceof PyTuple ? value.state.items : [];
  const [, order, subarray, names, fields, itemSize] = state;
  if (subarray instanceof PyTuple && subarray.items.length === 2) {
    const { dtype, shape = [] } = shapedDtype(subarray.items[0], where, depth + 1);
    return { dtype, shape: [...shapeOf(subarray.items[1], where), ...shape] };
  }
  const plain = dtypeOfText(typeText(value.args[0], where), where, itemSize);
  const littleEndian = order === ">" ? false : plain.littleEndian;
  const unit = unitOf(state[8]);
  if (!(fields instanceof PyDict)) return { dtype: { ...plain, littleEndian, ...(unit ? { unit } : {}) } };
  if (!(names instanceof PyTuple)) throw invalid("a structured dtype without names", where);
  return { dtype: { kind: "V", size: plain.size, littleEndian: true, fields: fieldsOf() } };

  function fieldsOf(): NonNullable<NumpyDtype["fields"]> {
    const byName = new Map((fields as PyDict).entries.map(([name, field]) => [String(name), field]));
    return (names as PyTuple).items.map((name) => {
      const field = byName.get(String(name));
      const offset = field instanceof PyTuple ? field.items[1] : undefined;
      if (typeof name !== "string" || !(field instanceof PyTuple) || typeof offset !== "number" || !(offset >= 0))
        throw invalid("a structured dtype with a broken field", where);
      const { dtype, shape } = shapedDtype(field.items[0], where, depth + 1);
      const size = dtype.size * (shape ?? []).reduce((product, length) => product * length, 1);
      if (dtype.kind === "O") throw invalid("a structured dtype that holds objects", where, "MODEL_UNSUPPORTED");
      if (offset + size > plain.size) throw invalid(`field ${quoted(name)} reaches beyond its record`, where);
      return { name, dtype, offset, ...(shape ? { shape } : {}) };
    });
  }
}

function typeText(value: PyValue | undefined, where: string): string {
  if (typeof value === "string") return value;
  if (isRecordType(value)) return "V";
  throw invalid("a numpy.dtype of an unknown kind", where, "MODEL_UNSUPPORTED");
}

/** `numpy.dtype((numpy.record, [...]))` of record arrays: the fields follow in BUILD. */
function isRecordType(value: PyValue | undefined): boolean {
  return value !== null && typeof value === "object" && "path" in value && value.path === "numpy.record";
}

/** A dtype by its text, e.g. `f8`, `<i4`, `U10`, `M8[ns]`. @throws MODEL_INVALID, MODEL_UNSUPPORTED */
export function dtypeOfText(text: string, where: string, itemSize?: PyValue): NumpyDtype {
  const match = /^([<>=|]?)([a-zA-Z?])(\d*)(?:\[([^\]]*)\])?$/.exec(text);
  const kind = (match?.[2] === "?" ? "b" : match?.[2] === "a" ? "S" : match?.[2]) as NumpyDtype["kind"];
  if (!match || !kinds.has(kind)) throw invalid(`dtype ${quoted(text)}`, where, "MODEL_UNSUPPORTED");
  const digits = match[3] === "" ? defaultSize(kind) : Number(match[3]);
  // U and S of length 0 and V take their size from BUILD.
  const fromState = typeof itemSize === "number" && itemSize > 0 ? itemSize : undefined;
  const size = kind === "U" ? digits * 4 : digits;
  const dtype: NumpyDtype = {
    kind,
    size: "SUV".includes(kind) ? (fromState ?? size) : size,
    littleEndian: match[1] !== ">",
    ...(match[4] === undefined ? {} : { unit: match[4] }),
  };
  const allowed = sizes[kind];
  if (!(dtype.size <= 2 ** 31) || (allowed && !allowed.includes(dtype.size)) || (kind === "U" && dtype.size % 4))
    throw invalid(`dtype ${quoted(text)}`, where, "MODEL_UNSUPPORTED");
  return dtype;
}

function defaultSize(kind: NumpyDtype["kind"]): number {
  return kind === "b" ? 1 : "SUV".includes(kind) ? 0 : 8;
}

/** Metadata of dates: `({}, ("ns", 1, 1, 1))`. */
function unitOf(metadata: PyValue | undefined): string | undefined {
  const unit = metadata instanceof PyTuple ? metadata.items[1] : undefined;
  if (!(unit instanceof PyTuple) || unit.items.length === 0) return undefined;
  const [name, count] = unit.items;
  const text = name instanceof Uint8Array ? Buffer.from(name).toString("latin1") : String(name);
  return typeof count === "number" && count > 1 ? `${count}${text}` : text;
}

/** A shape as a tuple of sizes. @throws MODEL_INVALID */
export function shapeOf(value: PyValue | undefined, where: string): number[] {
  const items = value instanceof PyTuple ? value.items : typeof value === "number" ? [value] : undefined;
  if (!items || items.length > 64 || !items.every((size) => typeof size === "number" && size >= 0))
    throw invalid("an array whose shape is none", where);
  return items as number[];
}

function invalid(
  what: string,
  where: string,
  code: "MODEL_INVALID" | "MODEL_UNSUPPORTED" = "MODEL_INVALID",
): IngotError {
  return new IngotError(code, { what: `numpy: ${what}`, where });
}
