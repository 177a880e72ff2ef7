// Mixtures of normal distributions, and classes of one each. Rules: sklearn/mixture/_gaussian_mixture.py,
// _estimate_log_gaussian_prob; _bayesian_mixture.py, _estimate_log_weights and _estimate_log_prob;
// sklearn/discriminant_analysis.py, QuadraticDiscriminantAnalysis._decision_function and predict_proba.
import { type Fitted, NdArray } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import {
  column,
  constantMatrix,
  constantNumber,
  constantRow,
  denseRows,
  emitDense,
  emitFlat,
  emitLogSumExp,
  emitRowArgMax,
  emitRowSum,
  fittedMatrix,
  logNormalized,
  mapped,
  product,
  rowArgMax,
} from "./dense.ts";
import { digamma } from "./digamma.ts";
import type { Classes, Estimator, Matrix } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

/** offset - |(x - mean) root|² / 2, where `root` turns rows into independent standard normals. */
interface Normal {
  readonly mean: Float64Array;
  readonly root: Matrix;
  readonly offset: number;
}

/** `[N, normals]` */
function emitLogs(g: GraphBuilder, x: Value, normals: readonly Normal[]): Value {
  const logs = normals.map(({ mean, root, offset }) => {
    const turned = g.op("MatMul", [g.op("Sub", [x, constantRow(g, mean)]), constantMatrix(g, root)]);
    const half = g.op("Mul", [emitRowSum(g, g.op("Mul", [turned, turned])), constantNumber(g, 0.5)]);
    return g.op("Sub", [constantNumber(g, offset), half]);
  });
  return g.op("Concat", logs, { axis: 1 }, { name: "log_likelihoods" });
}

function logRows(x: Matrix, normals: readonly Normal[]): Matrix {
  const data = new Float64Array(x.rows * normals.length);
  for (const [k, { mean, root, offset }] of normals.entries()) {
    const turned = product(
      mapped(x, (value, _row, f) => value - mean[f]!),
      root,
    );
    for (let row = 0; row < x.rows; row++) {
      let sum = 0;
      for (let c = 0; c < turned.columns; c++) sum += turned.data[row * turned.columns + c]! ** 2;
      data[row * normals.length + k] = offset - 0.5 * sum;
    }
  }
  return { rows: x.rows, columns: normals.length, data };
}

function emitShares(g: GraphBuilder, logs: Value): Value {
  return g.op("Exp", [g.op("Sub", [logs, emitLogSumExp(g, logs)])], {}, { name: "probabilities" });
}

const row = (matrix: Matrix, k: number) => matrix.data.subarray(k * matrix.columns, (k + 1) * matrix.columns);

/** Cholesky roots of the precisions, one `[F, F]` per component. */
function rootsOf(self: Fitted, count: number, features: number): Matrix[] {
  const values = self.floats("precisions_cholesky_");
  const kind = self.string("covariance_type");
  const size = features * features;
  const expected = { full: count * size, tied: size, diag: count * features, spherical: count }[kind];
  if (expected === undefined) throw self.unsupported(`has the covariance_type ${kind}`);
  if (values.length !== expected) throw self.invalid(`has ${values.length} precisions, ${expected} are needed`);
  return Array.from({ length: count }, (_, k) => {
    const diagonal = (at: (f: number) => number) =>
      Float64Array.from({ length: size }, (_each, i) =>
        Math.floor(i / features) === i % features ? at(i % features) : 0,
      );
    const data =
      kind === "full"
        ? values.slice(k * size, (k + 1) * size)
        : kind === "tied"
          ? values
          : diagonal((f) => values[kind === "diag" ? k * features + f : k]!);
    return { rows: features, columns: features, data };
  });
}

/** Expected logarithms of the weights, and what uncertainty adds to each component. */
function bayesian(self: Fitted, count: number, features: number): { weights: number[]; terms: number[] } {
  const freedom = self.floats("degrees_of_freedom_");
  const precision = self.floats("mean_precision_");
  const terms = Array.from({ length: count }, (_, k) => {
    let log = features * Math.log(2);
    for (let f = 0; f < features; f++) log += digamma(0.5 * (freedom[k]! - f));
    return -0.5 * features * Math.log(freedom[k]!) + 0.5 * (log - features / precision[k]!);
  });
  if (self.string("weight_concentration_prior_type") !== "dirichlet_process") {
    const concentration = self.floats("weight_concentration_");
    const all = digamma(concentration.reduce((sum, value) => sum + value, 0));
    return { weights: Array.from(concentration, (value) => digamma(value) - all), terms };
  }
  const pair = self.items("weight_concentration_").map((item) => {
    if (!(item instanceof NdArray)) throw self.invalid("has `weight_concentration_` that is no pair of arrays");
    return item.floats();
  });
  let before = 0;
  const weights = Array.from({ length: count }, (_, k) => {
    const [a, b] = [pair[0]![k]!, pair[1]![k]!];
    const weight = digamma(a) - digamma(a + b) + before;
    before += digamma(b) - digamma(a + b);
    return weight;
  });
  return { weights, terms };
}

export const mixtures: Estimator = {
  classes: [
    "sklearn.mixture._gaussian_mixture.GaussianMixture",
    "sklearn.mixture.gaussian_mixture.GaussianMixture",
    "sklearn.mixture._bayesian_mixture.BayesianGaussianMixture",
    "sklearn.mixture.bayesian_mixture.BayesianGaussianMixture",
  ],
  read(self) {
    const means = fittedMatrix(self, "means_");
    const { rows: count, columns: features } = means;
    const { weights, terms } = self.className.endsWith("BayesianGaussianMixture")
      ? bayesian(self, count, features)
      : { weights: Array.from(self.floats("weights_"), Math.log), terms: new Array<number>(count).fill(0) };
    const normals = rootsOf(self, count, features).map((root, k): Normal => {
      let determinant = 0;
      for (let f = 0; f < features; f++) determinant += Math.log(root.data[f * features + f]!);
      const offset = -0.5 * features * Math.log(2 * Math.PI) + determinant + terms[k]! + weights[k]!;
      return { mean: row(means, k), root, offset };
    });
    return {
      columns: numberColumns(features),
      cluster: {
        count,
        emit(x, { g }) {
          const logs = emitLogs(g, emitDense(g, x), normals);
          return { index: emitRowArgMax(g, logs), probabilities: emitShares(g, logs) };
        },
        evaluate(x) {
          const logs = logRows(denseRows(x), normals);
          return { index: rowArgMax(logs), probabilities: mapped(logNormalized(logs), Math.exp) };
        },
      },
    };
  },
};

function matrices(self: Fitted, name: string): Matrix[] {
  return self.items(name).map((item) => {
    if (!(item instanceof NdArray)) throw self.invalid(`has \`${name}\` that are no arrays`);
    const [rows, columns] = item.shape.length === 2 ? item.shape : [1, item.length];
    return { rows: rows!, columns: columns!, data: item.floats() };
  });
}

export const quadraticDiscriminant: Estimator = {
  classes: ["sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"],
  read(self) {
    const [classes] = readTargets(self) as [Classes];
    const means = fittedMatrix(self, "means_");
    const priors = self.floats("priors_");
    const scalings = matrices(self, "scalings_");
    const normals = matrices(self, "rotations_").map((rotation, k): Normal => {
      const scaling = scalings[k]?.data;
      if (scaling?.length !== rotation.columns) throw self.invalid("has rotations and scalings of different sizes");
      const logs = scaling.reduce((sum, value) => sum + Math.log(value), 0);
      return {
        mean: row(means, k),
        root: mapped(rotation, (value, _row, c) => value * scaling[c]! ** -0.5),
        offset: -0.5 * logs + Math.log(priors[k]!),
      };
    });
    const isBinary = classes.length === 2;
    return {
      columns: numberColumns(means.columns),
      classify: {
        targets: [classes],
        emit(x, { g }) {
          const logs = emitLogs(g, emitDense(g, x), normals);
          const of = (k: number) => g.op("Gather", [logs, g.constant(int64([k]))], { axis: 1 });
          const decision = isBinary ? emitFlat(g, g.op("Sub", [of(1), of(0)])) : logs;
          return [{ index: emitRowArgMax(g, logs), probabilities: emitShares(g, logs), decision }];
        },
        evaluate(x) {
          const logs = logRows(denseRows(x), normals);
          const difference = column(logs, 1).map((value, i) => value - logs.data[i * logs.columns]!);
          return [
            {
              index: rowArgMax(logs),
              probabilities: mapped(logNormalized(logs), Math.exp),
              decision: isBinary ? { rows: logs.rows, columns: 1, data: difference } : logs,
            },
          ];
        },
      },
    };
  },
};
