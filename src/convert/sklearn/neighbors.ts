// The nearest of the training rows. Rules: sklearn/neighbors/_classification.py and _regression.py, predict and predict_proba of
// KNeighbors*; sklearn/neighbors/_base.py, _get_weights (a row at distance 0 outweighs all others). Of rows at one distance the
// first in training order is taken; which one a tree of the library finds is not defined.
import type { Fitted } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import {
  constantMatrix,
  constantNumber,
  denseRows,
  emitDense,
  emitFlat,
  emitRowSum,
  fittedMatrix,
  transposed,
} from "./dense.ts";
import { distanceRows, emitFeatureDistances, type Metric } from "./distances.ts";
import type { Estimator, Matrix } from "./estimator.ts";
import { emitTargets, readTargets, targetRows } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

interface Neighbors {
  readonly rows: Matrix;
  readonly metric: Metric;
  readonly count: number;
  readonly byDistance: boolean;
}

const metrics: Record<string, Metric["name"]> = {
  euclidean: "euclidean",
  l2: "euclidean",
  manhattan: "manhattan",
  l1: "manhattan",
  cityblock: "manhattan",
  chebyshev: "chebyshev",
  sqeuclidean: "sqeuclidean",
  cosine: "cosine",
  canberra: "canberra",
  braycurtis: "braycurtis",
};

/** The metric of any neighbours. */
export function metricOf(self: Fitted): Metric {
  const name = self.get("effective_metric_") ?? self.get("metric");
  if (typeof name !== "string" || (name !== "minkowski" && !metrics[name]))
    throw self.unsupported(
      `measures distances by ${typeof name === "string" ? name : "a function"}`,
      "use euclidean, manhattan, chebyshev, minkowski, cosine, canberra or braycurtis",
    );
  const params = self.get("metric_params");
  if (name === "minkowski" && params !== null && params !== undefined)
    throw self.unsupported("has parameters of its metric");
  const p = name === "minkowski" ? self.number("p") : 2;
  if (name !== "minkowski") return { name: metrics[name]! };
  return p === 2 ? { name: "euclidean" } : p === 1 ? { name: "manhattan" } : { name: "minkowski", p };
}

function neighborsOf(self: Fitted): Neighbors {
  const weights = self.get("weights");
  if (weights !== "uniform" && weights !== "distance")
    throw self.unsupported("weighs neighbours by a function", 'use `weights="distance"`');
  const rows = fittedMatrix(self, "_fit_X");
  const metric = metricOf(self);
  // What is left of a cosine near 1 is rounding, and its inverse would be the weight.
  if (metric.name === "cosine" && weights === "distance")
    throw self.unsupported("weighs neighbours by their cosine distance", 'use `weights="uniform"`');
  const count = self.number("n_neighbors");
  if (!Number.isInteger(count) || count < 1 || count > rows.rows)
    throw self.invalid(`asks for ${count} neighbours of ${rows.rows} rows`);
  return { rows, metric, count, byDistance: weights === "distance" };
}

/** Which row of several at one distance the library finds depends on its search tree, which has no place in a graph. */
export const tieNote =
  "nearest neighbours: of training rows at the same distance the first in the file counts; scikit-learn may take another where not all of them are among the nearest";

/** Distances `[N, count]`, ascending, and where they are. @param distances float64 `[N, M]` */
export function nearestOf(g: GraphBuilder, distances: Value, count: number): [distance: Value, index: Value] {
  const attributes = { axis: 1, largest: 0, sorted: 1 };
  return g.ops("TopK", [distances, g.constant(int64([count]))], attributes, 2) as [Value, Value];
}

/** Sums of weighted values `[N, K]`, and of weights `[N, 1]`. */
function emitSums(g: GraphBuilder, x: Value, { rows, metric, count, byDistance }: Neighbors, values: Matrix): Value[] {
  const [distance, index] = nearestOf(g, emitFeatureDistances(g, x, rows, metric), count);
  const [zero, one] = [constantNumber(g, 0), constantNumber(g, 1)];
  let weights = g.op("Add", [g.op("Mul", [distance, zero]), one]);
  if (byDistance) {
    const isSame = g.op("Cast", [g.op("Equal", [distance, zero])], { to: 11 });
    const hasSame = g.op("Greater", [emitRowSum(g, isSame), zero]);
    weights = g.op("Where", [hasSame, isSame, g.op("Div", [one, distance])]);
  }
  const own = g.op("Gather", [constantMatrix(g, values, "values"), index], { axis: 0 });
  const wide = g.op("Mul", [own, g.op("Unsqueeze", [weights, g.constant(int64([2]))])]);
  return [g.op("ReduceSum", [wide, g.constant(int64([1]))], { keepdims: 0 }), emitRowSum(g, weights)];
}

/** The same of rows. */
function sumRows(x: Matrix, { rows, metric, count, byDistance }: Neighbors, values: Matrix): [Matrix, Float64Array] {
  const sums = new Float64Array(x.rows * values.columns);
  const all = new Float64Array(x.rows);
  for (let row = 0; row < x.rows; row++) {
    const data = x.data.subarray(row * x.columns, (row + 1) * x.columns);
    const distances = distanceRows({ rows: 1, columns: x.columns, data }, rows, metric).data;
    const nearest = Array.from(distances.keys())
      .toSorted((a, b) => distances[a]! - distances[b]! || a - b)
      .slice(0, count);
    const hasSame = nearest.some((at) => distances[at] === 0);
    for (const at of nearest) {
      const weight = !byDistance ? 1 : hasSame ? Number(distances[at] === 0) : 1 / distances[at]!;
      all[row]! += weight;
      for (let k = 0; k < values.columns; k++)
        sums[row * values.columns + k]! += weight * values.data[at * values.columns + k]!;
    }
  }
  return [{ rows: x.rows, columns: values.columns, data: sums }, all];
}

/** `_y`: `[M]`, or `[M, targets]`. */
export function fittedTargets(self: Fitted, rows: number): Matrix {
  const y = fittedMatrix(self, "_y");
  const shaped = self.array("_y").shape.length === 1 ? transposed(y) : y;
  if (shaped.rows !== rows) throw self.invalid("has not one target per row");
  return shaped;
}

/** 1 in the column of its class, one column per class of each target. */
export function fittedClasses(self: Fitted, rows: number, counts: readonly number[]): Matrix {
  const given = fittedTargets(self, rows);
  if (given.columns !== counts.length) throw self.invalid("has not one column of classes per target");
  const width = counts.reduce((sum, count) => sum + count, 0);
  const data = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let from = 0;
    for (const [target, count] of counts.entries()) {
      const position = given.data[row * given.columns + target]!;
      if (!(position >= 0 && position < count)) throw self.invalid("has targets that are none of its classes");
      data[row * width + from + position] = 1;
      from += count;
    }
  }
  return { rows, columns: width, data };
}

export const neighborsRegressor: Estimator = {
  classes: ["sklearn.neighbors._regression.KNeighborsRegressor", "sklearn.neighbors.regression.KNeighborsRegressor"],
  read(self) {
    const neighbors = neighborsOf(self);
    const values = fittedTargets(self, neighbors.rows.rows);
    const isFlat = self.array("_y").shape.length === 1;
    return {
      notes: [tieNote],
      columns: numberColumns(neighbors.rows.columns),
      regress: {
        targets: isFlat ? null : values.columns,
        emit(x, { g }) {
          const mean = g.op("Div", emitSums(g, emitDense(g, x), neighbors, values), {}, { name: "mean" });
          return isFlat ? emitFlat(g, mean) : mean;
        },
        evaluate(x) {
          const [sums, all] = sumRows(denseRows(x), neighbors, values);
          return { ...sums, data: sums.data.map((sum, at) => sum / all[Math.floor(at / sums.columns)]!) };
        },
      },
    };
  },
};

export const neighborsClassifier: Estimator = {
  classes: [
    "sklearn.neighbors._classification.KNeighborsClassifier",
    "sklearn.neighbors.classification.KNeighborsClassifier",
  ],
  read(self) {
    const neighbors = neighborsOf(self);
    const targets = readTargets(self);
    const counts = targets.map((classes) => classes.length);
    const values = fittedClasses(self, neighbors.rows.rows, counts);
    const width = values.columns;
    return {
      notes: [tieNote],
      columns: numberColumns(neighbors.rows.columns),
      classify: {
        targets,
        emit(x, { g }) {
          const shares = g.op("Div", emitSums(g, emitDense(g, x), neighbors, values), {}, { name: "probabilities" });
          return emitTargets(g, shares, counts);
        },
        evaluate(x) {
          const [sums, all] = sumRows(denseRows(x), neighbors, values);
          const shares = sums.data.map((sum, at) => sum / all[Math.floor(at / width)]!);
          return targetRows(sums.rows, counts, shares);
        },
      },
    };
  },
};
