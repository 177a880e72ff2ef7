// Request bytes to tensors in one pass, compiled per schema: no text, no objects, no second look at each value. It knows the usual requests
// only. On anything else it gives up, and the general way (readJson, encodeRecords) answers or says what is wrong: every error comes from there.
import { isUtf8 } from "node:buffer";
import type { InputSpec, Schema } from "../../core/index.ts";
import { dataType, type Tensor, type TensorData } from "../../onnx/index.ts";
import { textInForm } from "../../pipeline/index.ts";
import { integerRanges } from "../field.ts";
import { type Scan, scanNumber } from "./number_scan.ts";

export interface QuickRecords {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly rows: number;
  /** An array was sent, so an array is answered. */
  readonly isArray: boolean;
}

/** Null: the general way must look. */
export type QuickReader = (body: Buffer) => QuickRecords | null;

/** Reads one element into `data[index]`; false gives up. */
type ReadInto = (scan: Scan, data: TensorData, index: number) => boolean;

interface Column {
  readonly spec: InputSpec;
  /** `"name"` as it stands in JSON. */
  readonly key: Buffer;
  readonly shape: readonly number[];
  /** Elements of one record. */
  readonly width: number;
  readonly read: ReadInto;
  /** Writes a missing scalar; null where it may not miss. */
  readonly miss: ((data: TensorData, index: number) => void) | null;
}

const mostRows = 2 ** 16;
/** A longer array of numbers is for a format that is not JSON. */
const mostElements = 2 ** 22;

/** Null for schemas with inputs that only the general way reads. */
export function quickReader(schema: Schema): QuickReader | null {
  const columns: Column[] = [];
  for (const spec of schema.inputs) {
    const column = columnOf(spec);
    if (!column) return null;
    columns.push(column);
  }
  return columns.length === 0 || columns.length > 1000 ? null : (body) => readBody(columns, body);
}

function columnOf(spec: InputSpec): Column | null {
  const { dtype, layout, shape, missing, name } = spec;
  if (layout === "whole" || !shape.every((dim) => typeof dim === "number")) return null;
  if (dtype !== "string" && dtype !== "bool" && dtype !== "float32" && dtype !== "float64" && !(dtype in integerRanges))
    return null;
  const isFloat = dtype === "float32" || dtype === "float64";
  if ((spec.type === "string") !== (dtype === "string") || (spec.type === "float" && !isFloat)) return null;
  const sentinel = dtype === "string" ? (spec.missingValue ?? "") : Number.NaN;
  const canMiss = missing === "allow" && (dtype === "string" || isFloat);
  const put = (data: TensorData, index: number) => {
    (data as unknown[])[index] = sentinel;
  };
  const read = elementReader(spec);
  return {
    spec,
    key: Buffer.from(JSON.stringify(name)),
    shape: shape as readonly number[],
    width: (shape as readonly number[]).reduce((product, dim) => product * dim, 1),
    read: canMiss ? orMissing(read, put) : read,
    miss: canMiss && shape.length === 0 ? put : null,
  };
}

function orMissing(read: ReadInto, put: (data: TensorData, index: number) => void): ReadInto {
  return (scan, data, index) => {
    if (!skipNull(scan)) return read(scan, data, index);
    put(data, index);
    return true;
  };
}

function skipNull(scan: Scan): boolean {
  if (scan.bytes[scan.at] !== 0x6e || !isWord(scan, "null")) return false;
  scan.at += 4;
  return true;
}

function elementReader(spec: InputSpec): ReadInto {
  switch (spec.type) {
    case "string":
      return textReader(spec);
    case "bool":
      return (scan, data, index) => {
        const isTrue = isWord(scan, "true");
        if (!isTrue && !isWord(scan, "false")) return false;
        scan.at += isTrue ? 4 : 5;
        (data as unknown[])[index] = typeof data[index] === "bigint" ? BigInt(isTrue) : Number(isTrue);
        return true;
      };
    default:
      return numberReader(spec);
  }
}

function numberReader({ type, dtype, min = -Infinity, max = Infinity }: InputSpec): ReadInto {
  const mustBeInteger = type === "int";
  const isLong = dtype === "int64" || dtype === "uint64";
  const range = mustBeInteger ? integerRanges[dtype] : undefined;
  const low = Math.max(min, range ? Number(range[0]) : -Infinity);
  const high = Math.min(max, range ? Number(range[1]) : Infinity);
  return (scan, data, index) => {
    const value = scanNumber(scan);
    if (value === null || value < low || value > high) return false;
    if (mustBeInteger && !Number.isSafeInteger(value)) return false;
    (data as unknown[])[index] = isLong ? BigInt(value) : value;
    return true;
  };
}

function textReader({ text: form }: InputSpec): ReadInto {
  return (scan, data, index) => {
    const { bytes } = scan;
    if (bytes[scan.at] !== 0x22) return false;
    const start = scan.at + 1;
    let at = start;
    let isEscaped = false;
    let isAscii = true;
    for (let code = bytes[at]; code !== 0x22; code = bytes[at]) {
      // Behind the end, and control characters that JSON wants escaped.
      if (code === undefined || code < 0x20) return false;
      if (code >= 0x80) isAscii = false;
      if (code === 0x5c) {
        isEscaped = true;
        at++;
      }
      at++;
    }
    if (at >= bytes.length) return false;
    scan.at = at + 1;
    // No text of a valid body holds a part of a character.
    if (!isAscii && !isUtf8(bytes.subarray(start, at))) return false;
    let text = isAscii ? bytes.toString("latin1", start, at) : bytes.toString("utf8", start, at);
    if (isEscaped) {
      const unescaped = unescapedText(text);
      if (unescaped === null || unescaped.includes("\0")) return false;
      text = unescaped;
    }
    (data as string[])[index] = form ? textInForm(text, form) : text;
    return true;
  };
}

function unescapedText(text: string): string | null {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function readBody(columns: readonly Column[], body: Buffer): QuickRecords | null {
  const scan: Scan = { bytes: body, at: 0, isInteger: false };
  skipSpace(scan);
  const isArray = body[scan.at] === 0x5b;
  if (isArray) {
    scan.at++;
    skipSpace(scan);
  }
  let capacity = isArray ? 16 : 1;
  let data = columns.map(({ spec, width }) => allocated(spec, width * capacity));
  let rows = 0;
  for (;;) {
    if (rows === capacity) {
      capacity *= 4;
      if (capacity > mostRows || columns.some(({ width }) => width * capacity > mostElements)) return null;
      data = data.map((old, i) => grown(columns[i]!.spec, old, columns[i]!.width * capacity));
    }
    if (!readRecord(columns, scan, data, rows++)) return null;
    skipSpace(scan);
    if (!isArray) break;
    const next = body[scan.at++];
    if (next === 0x5d) break;
    if (next !== 0x2c) return null;
    skipSpace(scan);
  }
  skipSpace(scan);
  if (scan.at !== body.length) return null;
  const feeds: Record<string, Tensor> = {};
  for (const [i, { spec, shape, width }] of columns.entries()) {
    const all = data[i]!;
    const used = Array.isArray(all) ? all.slice(0, rows * width) : all.subarray(0, rows * width);
    const dims = shape.length > 0 ? [rows, ...shape] : spec.layout === "column" ? [rows, 1] : [rows];
    feeds[spec.name] = { dtype: spec.dtype, dims, data: used };
  }
  return { feeds, rows, isArray };
}

function readRecord(columns: readonly Column[], scan: Scan, data: readonly TensorData[], row: number): boolean {
  const { bytes } = scan;
  if (bytes[scan.at] !== 0x7b) return false;
  scan.at++;
  skipSpace(scan);
  const seen = columns.length <= 32 ? null : new Uint8Array(columns.length);
  let seenBits = 0;
  let count = 0;
  // Most senders write the inputs in one order: the next key is the one behind the last.
  let expected = 0;
  while (bytes[scan.at] !== 0x7d || count === 0) {
    if (bytes[scan.at] === 0x7d) break;
    const index = columnAt(columns, scan, expected);
    if (index === -1) return false;
    if (seen ? seen[index] === 1 : (seenBits >>> index) & 1) return false;
    if (seen) seen[index] = 1;
    else seenBits |= 1 << index;
    count++;
    expected = index + 1;
    skipSpace(scan);
    if (bytes[scan.at++] !== 0x3a) return false;
    skipSpace(scan);
    const column = columns[index]!;
    if (column.shape.length === 0) {
      if (!column.read(scan, data[index]!, row)) return false;
    } else if (readNested(column, scan, data[index]!, row * column.width, 0) === -1) return false;
    skipSpace(scan);
    const next = bytes[scan.at];
    if (next === 0x7d) break;
    if (next !== 0x2c) return false;
    scan.at++;
    skipSpace(scan);
    if (bytes[scan.at] === 0x7d) return false;
  }
  scan.at++;
  if (count === columns.length) return true;
  for (let index = 0; index < columns.length; index++) {
    if (seen ? seen[index] === 1 : (seenBits >>> index) & 1) continue;
    const { miss } = columns[index]!;
    if (!miss) return false;
    miss(data[index]!, row);
  }
  return true;
}

/** Which column's key stands here; `scan.at` moves behind it. -1 for a key that is not one, or not written plainly. */
function columnAt(columns: readonly Column[], scan: Scan, expected: number): number {
  const { bytes, at } = scan;
  for (let tried = 0; tried < columns.length; tried++) {
    const index = (expected + tried) % columns.length;
    const { key } = columns[index]!;
    if (!startsWith(bytes, at, key)) continue;
    scan.at = at + key.length;
    return index;
  }
  return -1;
}

function startsWith(bytes: Buffer, at: number, key: Buffer): boolean {
  if (at + key.length > bytes.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false;
  return true;
}

/** Nested arrays of exactly the column's shape. @returns the index behind the last element; -1 gives up */
function readNested({ shape, read }: Column, scan: Scan, data: TensorData, from: number, depth: number): number {
  const { bytes } = scan;
  if (bytes[scan.at] !== 0x5b) return -1;
  scan.at++;
  const length = shape[depth]!;
  const isLast = depth + 1 === shape.length;
  let index = from;
  for (let i = 0; i < length; i++) {
    if (i > 0) {
      if (bytes[scan.at] !== 0x2c) return -1;
      scan.at++;
    }
    skipSpace(scan);
    if (isLast) {
      if (!read(scan, data, index++)) return -1;
    } else {
      index = readNested({ shape, read } as Column, scan, data, index, depth + 1);
      if (index === -1) return -1;
    }
    skipSpace(scan);
  }
  if (length === 0) skipSpace(scan);
  if (bytes[scan.at] !== 0x5d) return -1;
  scan.at++;
  return index;
}

/** Rule: RFC 8259, 2: space, tab, line feed, carriage return. */
function skipSpace(scan: Scan): void {
  const { bytes } = scan;
  for (let code = bytes[scan.at]; code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; )
    code = bytes[++scan.at];
}

function isWord({ bytes, at }: Scan, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

function allocated({ dtype }: InputSpec, length: number): TensorData {
  return dtype === "string" ? new Array<string>(length).fill("") : new (dataType(dtype).array!)(length);
}

function grown(spec: InputSpec, old: TensorData, length: number): TensorData {
  const data = allocated(spec, length);
  if (Array.isArray(old)) for (let i = 0; i < old.length; i++) (data as string[])[i] = old[i]!;
  else (data as Float64Array).set(old as Float64Array);
  return data;
}
