// Scalar inputs of many records, column by column: one loop per kind of input that stores usual values at once and asks the input's own reader
// about all others. Who gives a value that is refused is told by the general way (encode.ts), which words the errors.
import { IngotError, type InputSpec } from "../core/index.ts";
import type { Tensor, TensorData } from "../onnx/index.ts";
import { allocate, elementWriter } from "./element_store.ts";
import { elementReader, integerRanges, type Place, type ReadElement } from "./field.ts";
import type { PackedGroup } from "./packed/pack_inputs.ts";
import { addGroup } from "./packed/packed_session.ts";
import type { InputRecord } from "./predictor.ts";
import type { RecordLayout } from "./record_layout.ts";

/** Stores place `at` of each row into element `from` and every `stride`th that follows. @throws IngotError INPUT_INVALID */
type StoreColumn = (
  data: TensorData,
  rows: readonly (readonly unknown[])[],
  at: number,
  from: number,
  stride: number,
) => void;

/** A tensor that columns are stored into: a column's own, or the cells of a group that crosses side by side. */
export interface QuickTarget {
  readonly spec: InputSpec;
  readonly width: number;
  readonly group: PackedGroup | null;
}

export interface QuickColumn {
  readonly spec: InputSpec;
  /** Place among the schema's inputs. */
  readonly at: number;
  readonly target: number;
  /** Place in a row of the target. */
  readonly offset: number;
  readonly store: StoreColumn;
}

/** Records whose values are held at one time. */
const rowsAtOnce = 128;
/** Errors of this way are not shown. */
const nowhere: Place = { path: "", row: null };

export function quickColumn(spec: InputSpec, at: number, target: number, offset: number): QuickColumn {
  return { spec, at, target, offset, store: storeOf(spec) };
}

/** Null where any record or value is refused, or too odd for this way. */
export function quickScalars(
  columns: readonly QuickColumn[],
  targets: readonly QuickTarget[],
  layout: RecordLayout,
  records: readonly InputRecord[],
  mayHoldOthers: boolean,
): Record<string, Tensor> | null {
  const count = records.length;
  try {
    const stores = targets.map(({ spec, width }) => allocate(spec, count * width));
    for (let from = 0; from < count; from += rowsAtOnce) {
      const rows: (readonly unknown[])[] = [];
      const end = Math.min(count, from + rowsAtOnce);
      for (let row = from; row < end; row++) {
        const values = layout.valuesOf(records[row]!, mayHoldOthers);
        if (values === null) return null;
        rows.push(values);
      }
      for (const { store, target, at, offset } of columns) {
        const { width } = targets[target]!;
        store(stores[target]!, rows, at, from * width + offset, width);
      }
    }
    const feeds: Record<string, Tensor> = {};
    targets.forEach(({ spec: { name, dtype, layout: form }, group }, i) => {
      const dims = form === "column" ? [count, 1] : form === "batch" ? [count] : [];
      if (group) addGroup(feeds, group, stores[i]!, count);
      else feeds[name] = { dtype, dims, data: stores[i]! };
    });
    return feeds;
  } catch (error) {
    if (error instanceof IngotError) return null;
    throw error;
  }
}

function storeOf(spec: InputSpec): StoreColumn {
  const read = elementReader(spec);
  if (!spec.unread) {
    if (spec.dtype === "float32" || spec.dtype === "float64") {
      if (spec.type === "float") return storeFloats(spec, read);
      if (spec.type === "int") return storeIntegers(spec, read);
    }
    if (spec.type === "int" && Object.hasOwn(integerRanges, spec.dtype)) return storeIntegers(spec, read);
    if (spec.type === "string" && spec.dtype === "string" && !spec.text) return storeTexts(read);
  }
  return storeAny(spec, read);
}

function storeFloats({ missing, min = -Infinity, max = Infinity }: InputSpec, read: ReadElement): StoreColumn {
  const canMiss = missing === "allow";
  return (data, rows, at, from, stride) => {
    const numbers = data as Float64Array;
    for (let i = 0, to = from; i < rows.length; i++, to += stride) {
      const value = rows[i]![at];
      if (typeof value === "number" && value >= min && value <= max) numbers[to] = value;
      else if (value === null && canMiss) numbers[to] = Number.NaN;
      else numbers[to] = read(value, nowhere) as number;
    }
  };
}

function storeIntegers(spec: InputSpec, read: ReadElement): StoreColumn {
  const { dtype, min = -Infinity, max = Infinity } = spec;
  const range = Object.hasOwn(integerRanges, dtype) ? integerRanges[dtype] : undefined;
  const isLong = dtype === "int64" || dtype === "uint64";
  // Whole numbers of a double: what rounds to the end of a range of 64 bits is none of them.
  const low = Math.max(min, range ? Number(range[0]) : -Infinity);
  const high = Math.min(max, range ? Number(range[1]) : Infinity);
  return (data, rows, at, from, stride) => {
    const elements = data as unknown as (number | bigint)[];
    for (let i = 0, to = from; i < rows.length; i++, to += stride) {
      const value = rows[i]![at];
      if (typeof value === "number" && value >= low && value <= high && Number.isSafeInteger(value))
        elements[to] = isLong ? BigInt(value) : value;
      else elements[to] = read(value, nowhere) as number | bigint;
    }
  };
}

function storeTexts(read: ReadElement): StoreColumn {
  return (data, rows, at, from, stride) => {
    const texts = data as string[];
    for (let i = 0, to = from; i < rows.length; i++, to += stride) {
      const value = rows[i]![at];
      texts[to] = typeof value === "string" && !value.includes("\0") ? value : (read(value, nowhere) as string);
    }
  };
}

function storeAny(spec: InputSpec, read: ReadElement): StoreColumn {
  const write = elementWriter(spec);
  return (data, rows, at, from, stride) => {
    for (let i = 0, to = from; i < rows.length; i++, to += stride) write(data, to, read(rows[i]![at], nowhere));
  };
}
