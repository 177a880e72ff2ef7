// Rows in which few columns are not 0: what texts become. Positions and values side by side, so that no row is spread over its whole
// vocabulary before it has to be.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitTopK } from "../top_k.ts";

/** Columns that are not 0, by row: each column at most once, ascending; those beyond the last are `width`, their value 0. */
export interface TermCounts {
  /** int64 `[N, T]` */
  readonly indices: Value;
  /** float64 `[N, T]` */
  readonly values: Value;
}

/** Columns that are still written out where a step reads them all: half a megabyte a row. */
export const widestDense = 2 ** 16;

/** Of one size with the indices: a number for each. */
type Values = (g: GraphBuilder, values: Value, indices: Value) => Value;

/**
 * Terms that are counted: every column once in a row, in ascending order, with the sum of its weights.
 * @param indices int64 `[N, T]`: columns; `width` where there is none
 * @param weights float64 `[N, T]`, 0 where there is no column
 */
export function emitSums(g: GraphBuilder, indices: Value, weights: Value | null, width: number): TermCounts {
  const axis = g.constant(int64([1]));
  const count = g.op("Shape", [indices], { start: 1, end: 2 });
  const [sorted, order] = emitTopK(g, indices, count, { lowest: true, name: "sorted" });
  const from = (first: number, last: number) =>
    g.op("Slice", [sorted, g.constant(int64([first])), g.constant(int64([last])), axis]);
  const previous = g.op("Concat", [from(0, 1), from(0, -1)], { axis: 1 });
  const isNew = g.op("Cast", [g.op("Not", [g.op("Equal", [sorted, previous])])], { to: 7 });
  const place = g.op("CumSum", [isNew, g.constant(int64([1], []))], {}, { name: "place" });
  const none = g.op("Sub", [sorted, sorted]);
  const unit = weights
    ? g.op("GatherElements", [weights, order], { axis: 1 })
    : g.op("Cast", [g.op("Less", [sorted, g.constant(int64([width], []))])], { to: 11 });
  const values = g.op(
    "ScatterElements",
    [g.op("Cast", [none], { to: 11 }), place, unit],
    { axis: 1, reduction: "add" },
    { name: "sums" },
  );
  const filled = g.op("Add", [none, g.constant(int64([width], []))]);
  return {
    indices: g.op("ScatterElements", [filled, place, sorted], { axis: 1 }, { name: "columns" }),
    values,
  };
}

/** float64 `[N, width]` */
export function emitSpread(g: GraphBuilder, { indices, values }: TermCounts, width: number): Value {
  const rows = g.op("Shape", [indices], { start: 0, end: 1 });
  const shape = g.op("Concat", [rows, g.constant(int64([width + 1]))], { axis: 0 });
  const zeros = g.op("ConstantOfShape", [shape], { value: float64([0]) });
  const spread = g.op("ScatterElements", [zeros, indices, values], { axis: 1 });
  const ends = [int64([0]), int64([width]), int64([1])].map((end) => g.constant(end));
  return g.op("Slice", [spread, ...ends], {}, { name: "spread" });
}

/** Other values in the same columns; where there is no column the value stays 0. */
export function withValues<Counts extends TermCounts>(
  g: GraphBuilder,
  { indices, values, ...more }: Counts,
  width: number,
  of: Values,
): Omit<Counts, keyof TermCounts> & TermCounts {
  const isNone = g.op("Equal", [indices, g.constant(int64([width], []))]);
  return { ...more, indices, values: g.op("Where", [isNone, g.constant(float64([0], [])), of(g, values, indices)]) };
}

/** One number per column of the matrix, for each index; `none` beyond the last. */
export function emitPerColumn(g: GraphBuilder, numbers: ArrayLike<number>, none: number, indices: Value): Value {
  return g.op("Gather", [g.constant(float64([...Array.from(numbers), none]), "per_column"), indices], { axis: 0 });
}
