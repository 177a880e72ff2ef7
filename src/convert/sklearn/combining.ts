// What meta-estimators share: estimators side by side on the same columns, and the answers they take from one another.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { column, mapped } from "./dense.ts";
import type { Classes, ClassRows, ClassValues, ColumnNeed, Matrix, Step } from "./estimator.ts";
import { mergedNeeds } from "./pipeline.ts";

/** Needs of columns that several estimators read. */
export function sharedNeeds(steps: readonly Step[]): readonly ColumnNeed[] | null {
  return mergedNeeds(steps.map((step) => step.columns));
}

/** `[N]` as `[N, 1]` */
export function emitColumn(g: GraphBuilder, x: Value): Value {
  return g.op("Unsqueeze", [x, g.constant(int64([1]))]);
}

/** Values `[N, …]` side by side, `[N]` counting as one column. */
export function emitBeside(g: GraphBuilder, values: readonly Value[]): Value {
  const columns = values.map((value) => (value.shape?.length === 1 ? emitColumn(g, value) : value));
  return columns.length === 1 ? columns[0]! : g.op("Concat", columns, { axis: 1 });
}

export function besideRows(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]!.rows;
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = new Float64Array(rows * columns);
  let from = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++)
      data.set(part.data.subarray(row * part.columns, (row + 1) * part.columns), row * columns + from);
    from += part.columns;
  }
  return { rows, columns, data };
}

/** Column k of `[N, K]` as `[N, 1]`. */
export function emitPick(g: GraphBuilder, x: Value, k: number): Value {
  return g.op("Gather", [x, g.constant(int64([k]))], { axis: 1 });
}

/** `np.average` over matrices of one shape: each times its weight, added in order, over the sum of the weights. */
export function emitAverage(g: GraphBuilder, values: readonly Value[], weights: readonly number[] | null): Value {
  const scaled = weights
    ? values.map((value, i) => g.op("Mul", [value, g.constant(float64([weights[i]!], []))]))
    : values;
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : values.length;
  return g.op(
    "Div",
    [scaled.reduce((sum, value) => g.op("Add", [sum, value])), g.constant(float64([total], []))],
    {},
    { name: "average" },
  );
}

export function averageRows(parts: readonly Matrix[], weights: readonly number[] | null): Matrix {
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : parts.length;
  const sums = parts.slice(1).reduce(
    (sum, part, i) =>
      mapped(sum, (value, row, k) => value + part.data[row * part.columns + k]! * (weights?.[i + 1] ?? 1)),
    mapped(parts[0]!, (value) => value * (weights?.[0] ?? 1)),
  );
  return mapped(sums, (value) => value / total);
}

/**
 * One number per row that grows with the second class: decision_function, else the probability of that class.
 * Rule: sklearn/multiclass.py, _predict_binary.
 */
export function emitScore(g: GraphBuilder, values: ClassValues): Value {
  return values.decision ?? g.op("Squeeze", [emitPick(g, values.probabilities!, 1), g.constant(int64([1]))]);
}

export function scoreRows(rows: ClassRows): Float64Array {
  return rows.decision ? rows.decision.data : column(rows.probabilities!, 1);
}

/** Numbers that classes stand for, where they were encoded before fitting. */
export function numericClasses(classes: Classes): Float64Array {
  return Float64Array.from(classes, Number);
}
