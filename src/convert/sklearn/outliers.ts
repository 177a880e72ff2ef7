// Outlier detectors by a score above a limit. Rules: sklearn/covariance/_elliptic_envelope.py, EllipticEnvelope.score_samples (the negative
// squared Mahalanobis distance); sklearn/linear_model/_stochastic_gradient.py, SGDOneClassSVM.decision_function;
// sklearn/neighbors/_lof.py, LocalOutlierFactor.score_samples (new rows, `novelty=True`).
import type { Fitted } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import {
  column,
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
import { distanceRows, emitFeatureDistances } from "./distances.ts";
import type { Columns, Detect, Estimator, Matrix, Table } from "./estimator.ts";
import { linearMap } from "./linear_model.ts";
import { metricOf, nearestOf, tieNote } from "./neighbors.ts";
import { numberColumns } from "./tree_input.ts";

interface Scores {
  /** float64 `[N]` */
  emit(g: GraphBuilder, x: Columns): Value;
  evaluate(x: Table): Float64Array;
}

/** Decision = score - offset; an inlier from 0 on. */
function detectBy(scores: Scores, offset: number): Detect {
  return {
    emit(x, { g }) {
      const score = scores.emit(g, x);
      const decision = g.op("Sub", [score, constantNumber(g, offset)], {}, { name: "decision" });
      return { label: emitSide(g, decision), decision, score };
    },
    evaluate(x) {
      const score = scores.evaluate(x);
      const decision = score.map((value) => value - offset);
      return { label: sides(decision), decision, score };
    },
  };
}

function emitSide(g: GraphBuilder, decision: Value): Value {
  const isInlier = g.op("GreaterOrEqual", [decision, constantNumber(g, 0)]);
  return g.op("Where", [isInlier, g.constant(int64([1], [])), g.constant(int64([-1], []))], {}, { name: "label" });
}

const sides = (decision: Float64Array) => Int32Array.from(decision, (value) => (value >= 0 ? 1 : -1));

export const ellipticEnvelope: Estimator = {
  classes: [
    "sklearn.covariance._elliptic_envelope.EllipticEnvelope",
    "sklearn.covariance.elliptic_envelope.EllipticEnvelope",
  ],
  read(self) {
    if (!self.has("precision_"))
      throw self.unsupported("keeps no precision matrix", "fit it with `store_precision=True`");
    const center = self.floats("location_");
    const precision = fittedMatrix(self, "precision_");
    const scores: Scores = {
      emit(g, x) {
        const apart = g.op("Sub", [emitDense(g, x), constantRow(g, center, "location")]);
        const turned = g.op("MatMul", [apart, constantMatrix(g, precision, "precision")]);
        return g.op("Neg", [emitRowSum(g, g.op("Mul", [turned, apart]), false)], {}, { name: "score" });
      },
      evaluate(x) {
        const apart = mapped(denseRows(x), (value, _row, f) => value - center[f]!);
        return negativeRowSums(
          mapped(product(apart, precision), (value, row, f) => value * apart.data[row * apart.columns + f]!),
        );
      },
    };
    return { columns: numberColumns(center.length), detect: detectBy(scores, self.number("offset_")) };
  },
};

function negativeRowSums({ rows, columns, data }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += data[row * columns + k]!;
    return -sum;
  });
}

export const oneClassGradient: Estimator = {
  classes: ["sklearn.linear_model._stochastic_gradient.SGDOneClassSVM"],
  read(self) {
    const offset = self.floats("offset_")[0]!;
    const linear = linearMap(fittedMatrix(self, "coef_"), [-offset]);
    return {
      columns: numberColumns(linear.features),
      detect: {
        emit(x, { g }) {
          const decision = emitFlat(g, linear.emit(g, x));
          return { label: emitSide(g, decision), decision, score: g.op("Add", [decision, constantNumber(g, offset)]) };
        },
        evaluate(x) {
          const decision = column(linear.evaluate(x), 0);
          return { label: sides(decision), decision, score: decision.map((value) => value + offset) };
        },
      },
    };
  },
};

/** Keeps the mean distance of rows that are all one away from 0. */
const smallest = 1e-10;

export const localOutlierFactor: Estimator = {
  classes: ["sklearn.neighbors._lof.LocalOutlierFactor", "sklearn.neighbors.lof.LocalOutlierFactor"],
  read(self) {
    if (!self.boolean("novelty"))
      throw self.unsupported("scores the rows that it was fitted on, no others", "fit it with `novelty=True`");
    const rows = fittedMatrix(self, "_fit_X");
    const count = self.number("n_neighbors_");
    const reach = lastColumn(self, "_distances_fit_X_", rows.rows, count);
    const density = self.floats("_lrd");
    if (density.length !== rows.rows) throw self.invalid("has not one density per row");
    const metric = metricOf(self);
    const scores: Scores = {
      emit(g, x) {
        const distances = emitFeatureDistances(g, emitDense(g, x), rows, metric);
        const [distance, index] = nearestOf(g, distances, count);
        const known = (values: Float64Array, name: string) =>
          g.op("Gather", [constantColumn(g, values, name), index], { axis: 0 });
        const mean = (value: Value) => g.op("Div", [emitRowSum(g, value), constantNumber(g, count)]);
        const reached = mean(g.op("Max", [distance, known(reach, "reach")]));
        const own = g.op("Div", [constantNumber(g, 1), g.op("Add", [reached, constantNumber(g, smallest)])]);
        const ratio = mean(g.op("Div", [known(density, "density"), own]));
        return g.op("Neg", [emitFlat(g, ratio)], {}, { name: "score" });
      },
      evaluate: (x) =>
        Float64Array.from(denseDistances(x, rows, metric), (distances) => {
          const nearest = Array.from(distances.keys())
            .toSorted((a, b) => distances[a]! - distances[b]! || a - b)
            .slice(0, count);
          const mean = (of: (at: number) => number) => nearest.reduce((sum, at) => sum + of(at), 0) / count;
          const own = 1 / (mean((at) => Math.max(distances[at]!, reach[at]!)) + smallest);
          return -mean((at) => density[at]! / own);
        }),
    };
    return { notes: [tieNote], columns: numberColumns(rows.columns), detect: detectBy(scores, self.number("offset_")) };
  },
};

function constantColumn(g: GraphBuilder, values: Float64Array, name: string): Value {
  return g.op("Reshape", [constantRow(g, values, name), g.constant(int64([-1]))]);
}

function* denseDistances(x: Table, rows: Matrix, metric: Parameters<typeof distanceRows>[2]): Iterable<Float64Array> {
  const { columns, data } = denseRows(x);
  for (let row = 0; row < x.rows; row++)
    yield distanceRows({ rows: 1, columns, data: data.subarray(row * columns, (row + 1) * columns) }, rows, metric)
      .data;
}

function lastColumn(self: Fitted, name: string, rows: number, count: number): Float64Array {
  const matrix = fittedMatrix(self, name);
  if (matrix.rows !== rows || matrix.columns < count) throw self.invalid(`has \`${name}\` of other rows`);
  return column(matrix, count - 1);
}
