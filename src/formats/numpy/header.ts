// The header of .npy files, versions 1 to 3. Rule: numpy/lib/format.py.
import { IngotError, quoted } from "../../core/index.ts";
import type { NumpyDtype } from "../python/ndarray.ts";
import { dtypeOfText, shapeOf } from "../python/numpy_dtype.ts";
import { PyDict, PyList, PyTuple, type PyValue } from "../python/values.ts";
import { parseLiteral } from "./literal.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const longestHeader = 1 << 20;

export interface NpyHeader {
  readonly version: 1 | 2 | 3;
  readonly dtype: NumpyDtype;
  readonly shape: readonly number[];
  readonly fortran: boolean;
  /** Whether a pickle follows instead of elements. */
  readonly objects: boolean;
  /** Where the header ends and the array begins. */
  readonly end: number;
}

export function isNpy(head: Uint8Array): boolean {
  return head.length >= 10 && magic.every((byte, i) => head[i] === byte) && head[6]! >= 1 && head[6]! <= 3;
}

/** Number of bytes up to the end of the header, out of the first 12. @throws FILE_MALFORMED */
export function npyHeaderEnd(head: Uint8Array, where: string): number {
  if (!isNpy(head) || head.length < 12) throw malformed("this is no .npy header", where);
  const view = new DataView(head.buffer, head.byteOffset, 12);
  const length = head[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) throw malformed(`a .npy header of ${length} bytes`, where);
  return (head[6] === 1 ? 10 : 12) + length;
}

/** Reads a header that is there as a whole. @throws FILE_MALFORMED, FILE_TRUNCATED, MODEL_INVALID, MODEL_UNSUPPORTED */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const end = npyHeaderEnd(bytes, where);
  if (bytes.length < end)
    throw new IngotError("FILE_TRUNCATED", { what: `a .npy header of ${end} bytes, ${bytes.length} left`, where });
  const version = bytes[6] as 1 | 2 | 3;
  const text = Buffer.from(bytes.subarray(version === 1 ? 10 : 12, end)).toString(version === 3 ? "utf8" : "latin1");
  const literal = parseLiteral(text);
  if (!(literal instanceof PyDict)) throw malformed("the .npy header is no Python dict", where);
  const keys = literal.entries.map(([key]) => key);
  if (keys.length !== 3 || !["descr", "fortran_order", "shape"].every((key) => keys.includes(key)))
    throw malformed(`the .npy header has keys ${quoted(keys.map(String).join(", "))}`, where);
  const fortran = literal.get("fortran_order");
  if (typeof fortran !== "boolean") throw malformed("fortran_order of the .npy header is no boolean", where);
  const shape = literal.get("shape");
  if (!(shape instanceof PyTuple)) throw malformed("the shape of the .npy header is no tuple", where);
  const objects = holdsObjects(literal.get("descr"), 0);
  const dtype: NumpyDtype = objects
    ? { kind: "O", size: 8, littleEndian: true }
    : dtypeOfDescr(literal.get("descr"), where, 0).dtype;
  return { version, dtype, shape: shapeOf(shape, where), fortran, objects, end };
}

/** Whether elements are objects or hold some: numpy pickles the whole array then. */
function holdsObjects(descr: PyValue | undefined, depth: number): boolean {
  if (typeof descr === "string") return /^[|<>=]?O\d*$/.test(descr);
  const items = descr instanceof PyList ? descr.items : [];
  return depth < 16 && items.some((field) => field instanceof PyTuple && holdsObjects(field.items[1], depth + 1));
}

function dtypeOfDescr(
  descr: PyValue | undefined,
  where: string,
  depth: number,
): { dtype: NumpyDtype; shape?: readonly number[] } {
  if (typeof descr === "string") return { dtype: dtypeOfText(descr, where) };
  // A subarray type: (descr, shape).
  if (descr instanceof PyTuple && descr.items.length === 2 && depth < 16) {
    const { dtype, shape = [] } = dtypeOfDescr(descr.items[0], where, depth + 1);
    return { dtype, shape: [...shapeOf(descr.items[1], where), ...shape] };
  }
  if (!(descr instanceof PyList) || depth >= 16) throw malformed("the dtype of the .npy header is none", where);
  const fields: { name: string; dtype: NumpyDtype; offset: number; shape?: readonly number[] }[] = [];
  let size = 0;
  for (const field of descr.items) {
    if (!(field instanceof PyTuple) || field.items.length < 2 || field.items.length > 3)
      throw malformed("a field of the .npy header is none", where);
    const [label, type, inner] = field.items;
    // (title, name) where the field has a title; no name for padding.
    const name = label instanceof PyTuple ? label.items[1] : label;
    if (typeof name !== "string") throw malformed("a field of the .npy header has no name", where);
    const { dtype, shape: own = [] } = dtypeOfDescr(type, where, depth + 1);
    const shape = [...(inner === undefined ? [] : shapeOf(inner, where)), ...own];
    if (!(name === "" && dtype.kind === "V"))
      fields.push({ name, dtype, offset: size, ...(shape.length > 0 ? { shape } : {}) });
    size += dtype.size * shape.reduce((product, length) => product * length, 1);
    if (!(size <= 2 ** 31)) throw malformed("an element of the .npy header is too large", where);
  }
  return { dtype: { kind: "V", size, littleEndian: true, fields } };
}

function malformed(what: string, where: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, where, fix: "the file is damaged: copy or export it again" });
}
