// What steps on a model's answers share: numbers are computed in float64 whatever the model wrote, and scores lie along the last axis.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";

const numeric = new Set(["float64", "float32", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32"]);

/** A column of numbers. @throws what `frame.refuse` and `frame.column` return */
export function numberColumn(frame: Frame, name: string): Column {
  const column = frame.column(name);
  if (numeric.has(column.dtype)) return column;
  throw frame.refuse(`column \`${name}\` is ${column.dtype}, not numbers`, { option: "column" });
}

/** A column of scores `[N, K]` (or deeper), with K where it is fixed. @throws what `frame.refuse` returns */
export function scoreColumn(frame: Frame, name: string): { column: Column; size: number | null } {
  const column = numberColumn(frame, name);
  const size = column.shape.at(-1);
  if (size === undefined)
    throw frame.refuse(`column \`${name}\` is one number per record, not a score for each class`, { option: "column" });
  return { column, size: typeof size === "number" ? size : null };
}

/** Names along the last axis: as given, else the column's own. @throws what `frame.refuse` returns */
export function classesOf(
  frame: Frame,
  { column, size }: { column: Column; size: number | null },
  given: readonly string[] | undefined,
  option = "classes",
): readonly string[] | undefined {
  const classes = given ?? column.classes;
  if (classes && size !== null && classes.length !== size)
    throw frame.refuse(`names ${classes.length} classes where column \`${column.name}\` has ${size}`, { option });
  if (classes && new Set(classes).size < classes.length) throw frame.refuse("names one class twice", { option });
  return classes;
}

export const classNames = z
  .array(z.string())
  .min(1)
  .optional()
  .describe("Names along the last axis, in order; default: those of the column");

export const resultName = z.string().min(1).optional().describe("Name of the result; default: replaces the column");

/** float64, as every step on answers computes. */
export function emitFloat64(g: GraphBuilder, value: Value): Value {
  return value.dtype === "float64" ? value : g.op("Cast", [value], { to: 11 });
}

export function number(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []));
}

export const lastAxis = (g: GraphBuilder): Value => g.constant(int64([-1]));

export function numbersOf({ data }: Tensor): Float64Array {
  return data instanceof Float64Array ? data : Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The scores of each record (or position) in turn: views of one array. */
export function scoreRows(tensor: Tensor): Float64Array[] {
  const numbers = numbersOf(tensor);
  const size = tensor.dims.at(-1)!;
  const count = size === 0 ? 0 : numbers.length / size;
  return Array.from({ length: count }, (_, row) => numbers.subarray(row * size, (row + 1) * size));
}

/** What each number of some columns becomes, by itself; NaN stays NaN. */
export function eachNumber(
  columns: readonly Column[],
  emit: (g: GraphBuilder, value: Value, at: number) => Value,
  evaluate: (value: number, at: number) => number,
  writes: readonly Column[] = columns,
): StepPlan {
  return {
    reads: columns.map(({ name }) => name),
    writes: writes.map((column) => ({ ...column, dtype: "float64" })),
    emit: (values, { g }) => values.map((value, at) => emit(g, emitFloat64(g, value), at)),
    evaluate: (tensors) =>
      tensors.map((tensor, at) =>
        float64(
          numbersOf(tensor).map((value) => evaluate(value, at)),
          tensor.dims,
        ),
      ),
  };
}
