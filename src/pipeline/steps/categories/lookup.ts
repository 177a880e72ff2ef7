// Where a value stands in a list of known ones, and what a table says of it: texts by their characters, numbers by equality, a missing value
// by `null` in the list.
import { float64, type GraphBuilder, int64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";
import type { Column, Frame } from "../../step.ts";
import { asFloat64 } from "../numbers/columnwise.ts";

export type Category = string | number | null;

/** Texts are found in a hash table, numbers by comparing with each. */
const mostNumbers = 4096;
const mostTexts = 1 << 20;

/** @throws PIPELINE_INVALID where the list is not of the column's type, or names a value twice */
export function checkCategories(
  frame: Frame,
  column: Column,
  list: readonly Category[],
  option: readonly (string | number)[],
): void {
  if (column.shape.length > 0)
    throw frame.refuse(`column \`${column.name}\` is not a single value`, { option: "columns" });
  if (column.dtype === "bool")
    throw frame.refuse(`column \`${column.name}\` is bool`, {
      option: "columns",
      fix: "`cast` it to `string` or `int`",
    });
  const isText = column.dtype === "string";
  const odd = list.findIndex((value) => value !== null && (typeof value === "string") !== isText);
  if (odd >= 0)
    throw frame.refuse(
      `column \`${column.name}\` is ${column.dtype}, its categories must be ${isText ? "texts" : "numbers"}`,
      { option: [...option, odd] },
    );
  if (new Set(list).size < list.length) throw frame.refuse("names a category twice", { option });
  const most = isText ? mostTexts : mostNumbers;
  if (list.length > most) throw frame.refuse(`has ${list.length} categories, at most ${most} are compiled`, { option });
}

/**
 * int64 `[N]`: the position in the list, or its length where the value is not in it.
 * @param value `[N]`
 */
export function emitPosition(g: GraphBuilder, value: Value, list: readonly Category[]): Value {
  if (value.dtype === "string") {
    const keys = list.map((key) => (key === null ? missingText : String(key)));
    return g.op(
      "LabelEncoder",
      [value],
      {
        keys_strings: keys,
        values_int64s: BigInt64Array.from(keys, (_, at) => BigInt(at)),
        default_int64: keys.length,
      },
      { domain: "ai.onnx.ml", name: "position", results: [{ dtype: "int64", shape: value.shape }] },
    );
  }
  const x = asFloat64(g, value);
  const keys = list.map((key) => (key === null ? Number.NaN : Number(key)));
  const isEqual = g.op("Equal", [
    g.op("Unsqueeze", [x, g.constant(int64([1]))]),
    g.constant(float64(keys), "categories"),
  ]);
  const offsets = g.constant(int64(keys.map((_, at) => at - keys.length)));
  const found = g.op("Where", [isEqual, offsets, g.constant(int64([0], []))]);
  const sum = g.op("ReduceSum", [found, g.constant(int64([1]))], { keepdims: 0 });
  const position = g.op("Add", [sum, g.constant(int64([keys.length], []))], {}, { name: "position" });
  const missing = list.indexOf(null);
  return missing < 0 ? position : g.op("Where", [g.op("IsNaN", [x]), g.constant(int64([missing], [])), position]);
}

/** The same outside of the graph. */
export function positionsOf({ data }: Tensor, list: readonly Category[]): number[] {
  const places = new Map(list.map((key, at) => [key, at]));
  return Array.from(data as ArrayLike<number | bigint | string>, (value) => {
    const key =
      typeof value === "string"
        ? value === missingText
          ? null
          : value
        : Number.isNaN(Number(value))
          ? null
          : Number(value);
    return places.get(Object.is(key, -0) ? 0 : key) ?? list.length;
  });
}

/** A number for each position. @param values one more than the list has: the last for values that are not in it */
export function emitFromTable(g: GraphBuilder, position: Value, values: readonly number[]): Value {
  return g.op("Gather", [g.constant(float64(values), "table"), position]);
}

/** bool `[N]`, true where the value is missing. */
export function emitIsMissing(g: GraphBuilder, value: Value): Value {
  if (value.dtype === "string") return g.op("Equal", [value, g.constant(strings([missingText], []))]);
  return g.op("IsNaN", [asFloat64(g, value)]);
}
