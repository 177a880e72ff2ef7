// Fitted categories of a column, and where a value stands among them. Rule: sklearn/utils/_encode.py, _encode and _check_unknown: equality;
// None and NaN match themselves.
import { type Fitted, NdArray, numberOf, PyFloat, type PyValue } from "../../formats/index.ts";
import { float64, int64, type Tensor, type Value } from "../../onnx/index.ts";
import type { Block, Column, ColumnNeed, Emission } from "./estimator.ts";

/** Categories of one column in the library's order; null stands for a missing one (None or NaN). */
export interface Categories {
  readonly type: "text" | "number";
  readonly values: readonly (string | number | null)[];
  /** What the schema shows: booleans as booleans. */
  readonly shown: readonly (string | number | boolean | null)[];
  /** Where None stands, -1 without: other than NaN it is a category like any other. */
  readonly none: number;
}

/** Where a missing value stands; -1 without. Records have one null for both kinds: it is None where the categories know None. */
function missingAt({ values, none }: Categories): number {
  return none >= 0 ? none : values.indexOf(null);
}

/** The lists in `categories_`. @throws IngotError MODEL_UNSUPPORTED where texts and numbers are mixed */
export function fittedCategories(self: Fitted, attribute = "categories_"): Categories[] {
  return self.items(attribute).map((item, column) => {
    if (!(item instanceof NdArray)) throw self.invalid(`has \`${attribute}[${column}]\` that is no array`);
    const given = item.values();
    const shown = given.map((value) => categoryOf(self, value));
    const known = shown.filter((value) => value !== null);
    const isText = known.length > 0 && known.every((value) => typeof value === "string");
    if (!isText && known.some((value) => typeof value === "string"))
      throw self.unsupported(`mixes texts and numbers in the categories of column ${column}`);
    return {
      type: isText ? "text" : "number",
      values: shown.map((value) => (typeof value === "boolean" ? Number(value) : value)),
      shown,
      none: given.indexOf(null),
    };
  });
}

function categoryOf(self: Fitted, value: PyValue): string | number | boolean | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  const number = value instanceof PyFloat ? value.value : numberOf(value);
  if (number === undefined) throw self.unsupported("has categories that are neither texts nor numbers");
  return Number.isNaN(number) ? null : number;
}

/** @param missing whether the library takes a missing value even where none is among the categories */
export function needOf(categories: Categories, missing: boolean): ColumnNeed {
  return {
    type: categories.type,
    categories: categories.shown,
    missing: missing || categories.values.includes(null),
    ...(categories.none >= 0 ? { none: true } : {}),
  };
}

/**
 * int64 `[N, 1]`: `codes` of the category that each value is, `unknown` where it is none of them.
 * @param block one column
 */
export function emitCodes(
  block: Block,
  categories: Categories,
  codes: readonly number[],
  unknown: number,
  emission: Emission,
): Value {
  const { g, missingText } = emission;
  const { type, values } = categories;
  const isMissing = missingAt(categories);
  if (type === "text") {
    const known = values.map((_, position) => position).filter((at) => values[at] !== null || at === isMissing);
    const keys = known.map((at) => (at === isMissing ? missingText : String(values[at])));
    if (keys.length === 0)
      return g.op("Where", [
        g.op("Equal", [block.value, block.value]),
        g.constant(int64([unknown])),
        g.constant(int64([unknown])),
      ]);
    return g.op(
      "LabelEncoder",
      [block.value],
      { keys_strings: keys, values_int64s: int64Values(known.map((at) => codes[at]!)), default_int64: unknown },
      { domain: "ai.onnx.ml", name: "codes", results: [{ dtype: "int64", shape: block.value.shape }] },
    );
  }
  const numbers = values.map((value) => (value === null ? Number.NaN : Number(value)));
  // One comparison with each category; no value equals two.
  const isEqual = g.op("Equal", [block.value, g.constant(row(float64(numbers)), "categories")]);
  const found = g.op("Where", [
    isEqual,
    g.constant(row(int64(codes.map((code) => code - unknown)))),
    g.constant(int64([0], [1, 1])),
  ]);
  const sum = g.op("ReduceSum", [found, g.constant(int64([1]))], { keepdims: 1 });
  const code = g.op("Add", [sum, g.constant(int64([unknown], [1, 1]))], {}, { name: "codes" });
  return isMissing < 0
    ? code
    : g.op(
        "Where",
        [g.op("IsNaN", [block.value]), g.constant(int64([codes[isMissing]!], [1, 1])), code],
        {},
        { name: "codes" },
      );
}

const int64Values = (codes: readonly number[]): BigInt64Array => BigInt64Array.from(codes, BigInt);

function row(tensor: Tensor): Tensor {
  return { ...tensor, dims: [1, tensor.dims[0]!] };
}

/** The same outside of the graph. */
export function codeRows(
  column: Column,
  categories: Categories,
  codes: readonly number[],
  unknown: number,
): Int32Array {
  const { values } = categories;
  const lookup = new Map(values.map((value, position) => [value, codes[position]!]));
  if (missingAt(categories) >= 0) lookup.set(null, codes[missingAt(categories)]!);
  return Int32Array.from(column as ArrayLike<number>, (value: number | string | null) => {
    const key = typeof value === "number" && Number.isNaN(value) ? null : value;
    // Zero has two signs, and a Map tells them apart no more than Python does.
    return lookup.get(key) ?? unknown;
  });
}

/** 1 in the column of the code, float64 `[N, width]`; nothing for a code below 0. */
export function emitIndicators(codes: Value, width: number, { g }: Emission): Value {
  const columns = g.constant(
    int64(
      Array.from({ length: width }, (_, k) => k),
      [1, width],
    ),
    "columns",
  );
  return g.op("Cast", [g.op("Equal", [codes, columns])], { to: 11 }, { name: "indicators" });
}

export function indicatorRows(codes: Int32Array, width: number): Float64Array[] {
  return Array.from({ length: width }, (_, k) => Float64Array.from(codes, (code) => Number(code === k)));
}

/** float64 `[N, 1]`: the number that belongs to each code; `codes` count from 0. */
export function emitLookup(codes: Value, numbers: ArrayLike<number>, { g }: Emission): Value {
  return g.op("Gather", [g.constant(float64(Array.from(numbers)), "lookup"), codes], { axis: 0 });
}
