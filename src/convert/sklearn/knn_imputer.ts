// Missing values from the rows that are nearest. Rules: sklearn/impute/_knn.py, KNNImputer.transform and _calc_impute;
// sklearn/metrics/pairwise.py, nan_euclidean_distances (of the features that both rows have, scaled up to all of them);
// sklearn/neighbors/_base.py, _get_weights (a row at distance 0 outweighs all others).
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, constantRow, denseRows, emitDense, emitRowSum, fittedMatrix, oneBlock } from "./dense.ts";
import type { Estimator, Matrix, Step, Transform } from "./estimator.ts";
import { beside, emitIsMissing, isMissing, type MissingMark, missingMark } from "./imputers.ts";
import { tieNote } from "./neighbors.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

interface Neighbours {
  readonly rows: Matrix;
  /** 1 where a fitted value is known. */
  readonly known: Uint8Array;
  readonly mark: MissingMark;
  readonly count: number;
  readonly byDistance: boolean;
  /** Up to scikit-learn 1.5 the mean of equal weights takes in rows that share no feature. */
  readonly countsUnrelated: boolean;
}

/** What fills one column. */
interface Donors {
  readonly column: number;
  /** Rows that know the column. */
  readonly rows: readonly number[];
  readonly values: Float64Array;
  readonly mean: number;
}

export const knnImputer: Estimator = {
  classes: ["sklearn.impute._knn.KNNImputer"],
  read(self, nested) {
    const rows = fittedMatrix(self, "_fit_X");
    const missing = self.array("_mask_fit_X");
    if (missing.length !== rows.data.length) throw self.invalid("has `_fit_X` and `_mask_fit_X` of different sizes");
    const count = self.number("n_neighbors");
    if (!Number.isInteger(count) || count < 1) throw self.invalid(`has ${count} neighbours`);
    const weights = self.get("weights");
    if (weights !== "uniform" && weights !== "distance")
      throw self.unsupported("weighs neighbours by a function", 'use `weights="distance"`');
    if (self.get("metric") !== "nan_euclidean") throw self.unsupported("has a metric of its own");
    const neighbours: Neighbours = {
      rows,
      known: Uint8Array.from(missing.integers(), (flag) => 1 - flag),
      mark: missingMark(self),
      count,
      byDistance: weights === "distance",
      countsUnrelated: isBefore(self.version, 1, 6),
    };
    const keepsEmpty = self.get("keep_empty_features") === true;
    const donors = Array.from({ length: rows.columns }, (_, column) => donorsOf(neighbours, column));
    const kept = donors.filter((own) => own.rows.length > 0 || keepsEmpty);
    if (kept.length === 0) throw self.invalid("was fitted on no value at all");
    const filled: Transform = {
      width: kept.length,
      fillsMissing: neighbours.mark.kind === "missing",
      emit(x, emission) {
        const { g } = emission;
        const raw = emitDense(g, x);
        const isAbsent = emitIsMissing({ value: raw, width: rows.columns }, neighbours.mark, emission);
        const distances = emitDistances(g, raw, isAbsent, neighbours);
        const columns = kept.map((own) => emitColumn(g, raw, isAbsent, distances, own, neighbours));
        return oneBlock(columns.length === 1 ? columns[0]! : g.op("Concat", columns, { axis: 1 }), kept.length);
      },
      evaluate(x) {
        const given = denseRows(x);
        const columns = kept.map(() => new Float64Array(x.rows));
        for (let row = 0; row < x.rows; row++) {
          const values = given.data.subarray(row * rows.columns, (row + 1) * rows.columns);
          const distances = distancesOf(values, neighbours);
          kept.forEach((own, k) => {
            columns[k]![row] = valueFor(values[own.column]!, distances, own, neighbours);
          });
        }
        return { rows: x.rows, columns };
      },
    };
    const indicator = self.optionalChild("indicator_");
    // Where a number stands for missing, the library refuses NaN.
    const columns = numberColumns(rows.columns, neighbours.mark.kind === "missing");
    const step: Step = { notes: [tieNote], columns, transform: filled };
    return indicator ? { ...step, transform: beside(filled, nested(indicator).transform!) } : step;
  },
};

function donorsOf({ rows, known }: Neighbours, column: number): Donors {
  const own: number[] = [];
  for (let row = 0; row < rows.rows; row++) if (known[row * rows.columns + column]) own.push(row);
  const values = Float64Array.from(own, (row) => rows.data[row * rows.columns + column]!);
  return { column, rows: own, values, mean: values.reduce((sum, value) => sum + value, 0) / values.length };
}

/** float64 `[N, rows]`; infinite where two rows share no feature. */
function emitDistances(g: GraphBuilder, raw: Value, isAbsent: Value, { rows, known }: Neighbours): Value {
  const zero = constantNumber(g, 0);
  const filled = g.op("Where", [isAbsent, zero, raw]);
  const present = g.op("Cast", [g.op("Not", [isAbsent])], { to: 11 });
  let squares: Value | null = null;
  for (let f = 0; f < rows.columns; f++) {
    const at = g.constant(int64([f]));
    const column = (data: ArrayLike<number>) =>
      constantRow(
        g,
        Array.from({ length: rows.rows }, (_, row) => data[row * rows.columns + f]!),
      );
    const fitted = column(rows.data.map((value, i) => (known[i] ? value : 0)));
    const difference = g.op("Sub", [g.op("Gather", [filled, at], { axis: 1 }), fitted]);
    const shared = g.op("Mul", [g.op("Gather", [present, at], { axis: 1 }), column(known)]);
    const term = g.op("Mul", [g.op("Mul", [difference, difference]), shared]);
    squares = squares ? g.op("Add", [squares, term]) : term;
  }
  const counts = g.op("MatMul", [
    present,
    g.constant(float64(transposedFlags(known, rows), [rows.columns, rows.rows])),
  ]);
  const mean = g.op("Div", [squares!, g.op("Max", [counts, constantNumber(g, 1)])]);
  const distance = g.op("Sqrt", [g.op("Mul", [mean, constantNumber(g, rows.columns)])]);
  const isUnrelated = g.op("Equal", [counts, zero]);
  return g.op("Where", [isUnrelated, constantNumber(g, Number.POSITIVE_INFINITY), distance], {}, { name: "distances" });
}

function transposedFlags(known: Uint8Array, { rows, columns }: Matrix): Float64Array {
  const turned = new Float64Array(known.length);
  for (let i = 0; i < rows; i++) for (let f = 0; f < columns; f++) turned[f * rows + i] = known[i * columns + f]!;
  return turned;
}

/** `[N, 1]`: the column with its gaps filled. */
function emitColumn(
  g: GraphBuilder,
  raw: Value,
  isAbsent: Value,
  distances: Value,
  donors: Donors,
  { count, byDistance, countsUnrelated, rows }: Neighbours,
): Value {
  const at = g.constant(int64([donors.column]));
  if (donors.rows.length === 0)
    return g.op("Mul", [g.op("Cast", [g.op("Gather", [isAbsent, at], { axis: 1 })], { to: 11 }), constantNumber(g, 0)]);
  const own =
    donors.rows.length === rows.rows
      ? distances
      : g.op("Gather", [distances, g.constant(int64(donors.rows))], { axis: 1 });
  const nearest = g.constant(int64([Math.min(count, donors.rows.length)]));
  const [distance, index] = g.ops("TopK", [own, nearest], { axis: 1, largest: 0, sorted: 1 }, 2) as [Value, Value];
  const values = g.op("Gather", [g.constant(float64(donors.values)), index], { axis: 0 });
  const weights = emitWeights(g, distance, byDistance, countsUnrelated);
  const average = g.op("Div", [emitRowSum(g, g.op("Mul", [values, weights])), emitRowSum(g, weights)]);
  const least = g.op("Gather", [distance, g.constant(int64([0]))], { axis: 1 });
  const filling = g.op("Where", [g.op("IsInf", [least]), constantNumber(g, donors.mean), average]);
  return g.op(
    "Where",
    [g.op("Gather", [isAbsent, at], { axis: 1 }), filling, g.op("Gather", [raw, at], { axis: 1 })],
    {},
    { name: "imputed" },
  );
}

function emitWeights(g: GraphBuilder, distance: Value, byDistance: boolean, countsUnrelated: boolean): Value {
  const [zero, one] = [constantNumber(g, 0), constantNumber(g, 1)];
  if (!byDistance) return g.op("Where", [g.op("IsInf", [distance]), countsUnrelated ? one : zero, one]);
  const isSame = g.op("Cast", [g.op("Equal", [distance, zero])], { to: 11 });
  const hasSame = g.op("Greater", [emitRowSum(g, isSame), zero]);
  return g.op("Where", [hasSame, isSame, g.op("Div", [one, distance])]);
}

function distancesOf(values: Float64Array, { rows, known, mark }: Neighbours): Float64Array {
  return Float64Array.from({ length: rows.rows }, (_, row) => {
    let [sum, count] = [0, 0];
    for (let f = 0; f < rows.columns; f++) {
      if (!known[row * rows.columns + f] || isMissing(values[f]!, mark)) continue;
      count++;
      sum += (values[f]! - rows.data[row * rows.columns + f]!) ** 2;
    }
    return count === 0 ? Number.POSITIVE_INFINITY : Math.sqrt((sum / count) * rows.columns);
  });
}

function valueFor(
  value: number,
  distances: Float64Array,
  donors: Donors,
  { mark, count, byDistance, countsUnrelated }: Neighbours,
): number {
  if (donors.rows.length === 0) return 0;
  if (!isMissing(value, mark)) return value;
  const order = donors.rows.map((row, k) => ({ distance: distances[row]!, value: donors.values[k]! }));
  const nearest = order.toSorted((a, b) => (a.distance === b.distance ? 0 : a.distance - b.distance)).slice(0, count);
  if (nearest[0]!.distance === Number.POSITIVE_INFINITY) return donors.mean;
  const hasSame = nearest.some(({ distance }) => distance === 0);
  let [sum, all] = [0, 0];
  for (const one of nearest) {
    const isUnrelated = one.distance === Number.POSITIVE_INFINITY;
    const weight = byDistance
      ? hasSame
        ? Number(one.distance === 0)
        : 1 / one.distance
      : Number(countsUnrelated || !isUnrelated);
    sum += weight * one.value;
    all += weight;
  }
  return sum / all;
}
