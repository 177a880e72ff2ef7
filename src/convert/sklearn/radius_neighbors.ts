// All training rows within a radius. Rules: sklearn/neighbors/_classification.py, RadiusNeighborsClassifier.predict and
// predict_proba; sklearn/neighbors/_regression.py, RadiusNeighborsRegressor.predict; sklearn/neighbors/_base.py, _get_weights.
// A row without neighbours is answered by NaN; the library refuses to classify it where there is no `outlier_label`.
import { type Fitted, NdArray, PyList, PyTuple } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import {
  constantMatrix,
  constantNumber,
  constantRow,
  denseRows,
  emitDense,
  emitFlat,
  emitRowSum,
  fittedMatrix,
  mapped,
  product,
} from "./dense.ts";
import { distanceRows, emitFeatureDistances, type Metric } from "./distances.ts";
import type { Classes, Estimator, Matrix } from "./estimator.ts";
import { fittedClasses, fittedTargets, metricOf } from "./neighbors.ts";
import { classesOf, emitTargets, readTargets, targetRows } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

interface Surroundings {
  readonly rows: Matrix;
  /** Distances are compared as squares where they are roots. */
  readonly metric: Metric;
  readonly limit: number;
  readonly isRoot: boolean;
  readonly byDistance: boolean;
}

function surroundingsOf(self: Fitted): Surroundings {
  const weights = self.get("weights") ?? "uniform";
  if (weights !== "uniform" && weights !== "distance")
    throw self.unsupported("weighs neighbours by a function", 'use `weights="distance"`');
  const metric = metricOf(self);
  const radius = self.number("radius");
  const isRoot = metric.name === "euclidean";
  return {
    rows: fittedMatrix(self, "_fit_X"),
    metric: isRoot ? { name: "sqeuclidean" } : metric,
    limit: isRoot ? radius * radius : radius,
    isRoot,
    byDistance: weights === "distance",
  };
}

/** Weight of each training row, `[N, M]`; a row at distance 0 outweighs all others. */
function emitWeights(g: GraphBuilder, x: Value, { rows, metric, limit, isRoot, byDistance }: Surroundings): Value {
  const [zero, one] = [constantNumber(g, 0), constantNumber(g, 1)];
  const given = emitFeatureDistances(g, x, rows, metric);
  const isNear = g.op("LessOrEqual", [given, constantNumber(g, limit)]);
  if (!byDistance) return g.op("Cast", [isNear], { to: 11 }, { name: "weights" });
  const isSame = g.op("Cast", [g.op("Equal", [given, zero])], { to: 11 });
  const hasSame = g.op("Greater", [emitRowSum(g, isSame), zero]);
  const share = g.op("Where", [isNear, g.op("Div", [one, isRoot ? g.op("Sqrt", [given]) : given]), zero]);
  return g.op("Where", [hasSame, isSame, share], {}, { name: "weights" });
}

function weightRows(x: Matrix, { rows, metric, limit, isRoot, byDistance }: Surroundings): Matrix {
  const given = distanceRows(x, rows, metric);
  const same = new Set<number>();
  given.data.forEach((value, at) => {
    if (value === 0) same.add(Math.floor(at / rows.rows));
  });
  return mapped(given, (value, row) => {
    if (!byDistance) return Number(value <= limit);
    if (same.has(row)) return Number(value === 0);
    return value <= limit ? 1 / (isRoot ? Math.sqrt(value) : value) : 0;
  });
}

/** Mean of the values by weight, `[N, K]`; `without` where no row has weight. */
function emitMeans(g: GraphBuilder, x: Value, near: Surroundings, values: Matrix, without: readonly number[]): Value {
  const weights = emitWeights(g, x, near);
  const sums = g.op("MatMul", [weights, constantMatrix(g, values, "values")]);
  const all = emitRowSum(g, weights);
  const isAlone = g.op("Equal", [all, constantNumber(g, 0)]);
  return g.op("Where", [isAlone, constantRow(g, without), g.op("Div", [sums, all])], {}, { name: "mean" });
}

function meanRows(x: Matrix, near: Surroundings, values: Matrix, without: readonly number[]): Matrix {
  const weights = weightRows(x, near);
  const all = product(weights, { rows: weights.columns, columns: 1, data: new Float64Array(weights.columns).fill(1) });
  return mapped(product(weights, values), (sum, row, k) => (all.data[row] === 0 ? without[k]! : sum / all.data[row]!));
}

export const radiusNeighborsRegressor: Estimator = {
  classes: [
    "sklearn.neighbors._regression.RadiusNeighborsRegressor",
    "sklearn.neighbors.regression.RadiusNeighborsRegressor",
  ],
  read(self) {
    const near = surroundingsOf(self);
    const values = fittedTargets(self, near.rows.rows);
    const isFlat = self.array("_y").shape.length === 1;
    const without = Array.from({ length: values.columns }, () => Number.NaN);
    return {
      columns: numberColumns(near.rows.columns),
      regress: {
        targets: isFlat ? null : values.columns,
        emit(x, { g }) {
          const mean = emitMeans(g, emitDense(g, x), near, values, without);
          return isFlat ? emitFlat(g, mean) : mean;
        },
        evaluate: (x) => meanRows(denseRows(x), near, values, without),
      },
    };
  },
};

/** Probabilities of rows without neighbours: all for the label of outliers. */
function outlierShares(self: Fitted, targets: readonly Classes[]): number[] {
  if (!self.has("outlier_label_")) return targets.flatMap((classes) => classes.map(() => Number.NaN));
  const given = self.get("outlier_label_");
  if (!(given instanceof NdArray || given instanceof PyList || given instanceof PyTuple))
    throw self.invalid("has `outlier_label_` that is no list");
  const labels = classesOf(self, self.array("outlier_label_"));
  if (labels.length !== targets.length) throw self.invalid("has not one label of outliers per target");
  return targets.flatMap((classes, target) => {
    const label = labels[target]!;
    if (!classes.includes(label))
      throw self.unsupported(`answers outliers with ${label}, which is none of its classes`, "use one of the classes");
    return classes.map((each) => Number(each === label));
  });
}

export const radiusNeighborsClassifier: Estimator = {
  classes: [
    "sklearn.neighbors._classification.RadiusNeighborsClassifier",
    "sklearn.neighbors.classification.RadiusNeighborsClassifier",
  ],
  read(self) {
    const near = surroundingsOf(self);
    const targets = readTargets(self);
    const counts = targets.map((classes) => classes.length);
    const values = fittedClasses(self, near.rows.rows, counts);
    const without = outlierShares(self, targets);
    return {
      columns: numberColumns(near.rows.columns),
      classify: {
        targets,
        emit: (x, { g }) => emitTargets(g, emitMeans(g, emitDense(g, x), near, values, without), counts),
        evaluate: (x) => targetRows(x.rows, counts, meanRows(denseRows(x), near, values, without).data),
      },
    };
  },
};
