// Weights of counted terms: logarithms, rarity, and lengths of rows. Rule: sklearn/feature_extraction/text.py, TfidfTransformer.transform;
// sklearn/utils/sparsefuncs_fast.pyx, inplace_csr_row_normalize_l1 and _l2.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitPerColumn } from "./counts.ts";

/** What happens to one row: all of its values together with their columns. */
export interface Weighting {
  /** @param values float64 `[N, T]`; 0 stays 0. `columns` int64 `[N, T]`, null where they are all of X in order */
  emit(g: GraphBuilder, values: Value, columns: Value | null): Value;
  evaluate(row: ReadonlyMap<number, number>): Map<number, number>;
}

const constant = (g: GraphBuilder, value: number) => g.constant(float64([value], []));

/** `binary`: what is there counts once. */
export const presence: Weighting = {
  // Terms that cancel out are there too: the caller writes 0 where there is no column.
  emit: (g, values) => g.op("Add", [g.op("Mul", [values, constant(g, 0)]), constant(g, 1)]),
  evaluate: (row) => new Map(Array.from(row, ([column]) => [column, 1])),
};

export const logarithm: Weighting = {
  emit(g, values) {
    const isZero = g.op("Equal", [values, constant(g, 0)]);
    const some = g.op("Where", [isZero, constant(g, 1), values]);
    return g.op("Where", [isZero, values, g.op("Add", [g.op("Log", [some]), constant(g, 1)])]);
  },
  evaluate: (row) => new Map(Array.from(row, ([column, value]) => [column, value === 0 ? value : Math.log(value) + 1])),
};

export function rarity(idf: Float64Array): Weighting {
  return {
    emit: (g, values, columns) =>
      g.op("Mul", [
        values,
        columns ? emitPerColumn(g, idf, 0, columns) : g.constant(float64(idf, [1, idf.length]), "idf"),
      ]),
    evaluate: (row) => new Map(Array.from(row, ([column, value]) => [column, value * idf[column]!])),
  };
}

/** @param mayBeNaN logarithms of negative counts: what is 0 stays 0 beside them, since the library's rows are sparse */
export function rowLength(norm: "l1" | "l2", mayBeNaN: boolean): Weighting {
  const isSquare = norm === "l2";
  return {
    emit(g, values) {
      const size = isSquare ? g.op("Mul", [values, values]) : g.op("Abs", [values]);
      const sum = g.op("ReduceSum", [size, g.constant(int64([1]))], { keepdims: 1 });
      const own = isSquare ? g.op("Sqrt", [sum]) : sum;
      const isZero = g.op("Equal", [own, constant(g, 0)]);
      const share = g.op("Div", [values, g.op("Where", [isZero, constant(g, 1), own])], {}, { name: "normalized" });
      return mayBeNaN ? g.op("Where", [g.op("Equal", [values, constant(g, 0)]), values, share]) : share;
    },
    evaluate(row) {
      let sum = 0;
      for (const [, value] of row) sum += isSquare ? value * value : Math.abs(value);
      const own = isSquare ? Math.sqrt(sum) : sum;
      return new Map(Array.from(row, ([column, value]) => [column, own === 0 ? value : value / own]));
    },
  };
}

/** Every weighting in turn. */
export function weightedRow(
  row: ReadonlyMap<number, number>,
  weightings: readonly Weighting[],
): ReadonlyMap<number, number> {
  return weightings.reduce((values, one) => one.evaluate(values), row);
}
