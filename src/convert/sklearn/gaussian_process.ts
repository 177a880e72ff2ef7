// Gaussian processes. Rules: sklearn/gaussian_process/_gpr.py, GaussianProcessRegressor.predict; sklearn/gaussian_process/_gpc.py,
// _BinaryGaussianProcessClassifierLaplace.predict and predict_proba; several classes by sklearn/multiclass.py.
import { type Fitted, NdArray } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { erf } from "../../onnx/index.ts";
import type { Tolerance } from "../converter.ts";
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
  transposed,
} from "./dense.ts";
import type { Classes, Classify, ClassRows, ClassValues, Estimator, Matrix } from "./estimator.ts";
import { type GaussianKernel, gaussianKernelRows, readGaussianKernel, rowOf } from "./gaussian_kernels.ts";
import { emitErf } from "./normal.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

/** A fitted vector as one column, a matrix as it is. */
function fittedColumns(self: Fitted, name: string, rows: number): Matrix {
  const given = fittedMatrix(self, name);
  const shaped = self.array(name).shape.length === 1 ? transposed(given) : given;
  if (shaped.rows !== rows) throw self.invalid(`has \`${name}\` of ${shaped.rows} rows for ${rows} rows of training`);
  return shaped;
}

/** What y was divided by or moved by: one number, or one of each target. Releases before it was stored had none. */
function perTarget(self: Fitted, name: string, without: number, targets: number): (k: number) => number {
  if (!self.has(name)) return () => without;
  const given = self.get(name);
  const isMany = given instanceof NdArray && given.shape.length > 0;
  const values = isMany ? self.floats(name) : [self.number(name)];
  if (values.length !== 1 && values.length !== targets)
    throw self.invalid(`has \`${name}\` of ${values.length} values for ${targets} targets`);
  return (k) => values[values.length === 1 ? 0 : k]!;
}

/** Without noise, weights are large and cancel out: sums are as exact as their terms, and so are the library's. */
function promiseOf(weights: Matrix, largest: number): Tolerance {
  const sums = Array.from({ length: weights.columns }, (_, k) =>
    column(weights, k).reduce((sum, value) => sum + Math.abs(value), 0),
  );
  return { exact: false, absolute: Math.max(1e-9, 16 * Number.EPSILON * largest * Math.max(...sums)), relative: 1e-9 };
}

export const gaussianProcessRegressor: Estimator = {
  classes: [
    "sklearn.gaussian_process._gpr.GaussianProcessRegressor",
    "sklearn.gaussian_process.gpr.GaussianProcessRegressor",
  ],
  read(self) {
    const rows = fittedMatrix(self, "X_train_");
    const kernel = readGaussianKernel(self.child("kernel_"), rows.columns);
    const given = fittedColumns(self, "alpha_", rows.rows);
    const deviation = perTarget(self, "_y_train_std", 1, given.columns);
    const mean = perTarget(self, "_y_train_mean", 0, given.columns);
    const weights = mapped(given, (value, _row, k) => value * deviation(k));
    const means = Float64Array.from({ length: given.columns }, (_, k) => mean(k));
    const largest = Array.from({ length: rows.rows }, (_, row) => kernel.own(rowOf(rows, row)));
    const promise = promiseOf(weights, Math.max(...largest));
    // A column of y alone is answered as such before 1.1.
    const keepsColumn = self.version !== null && isBefore(self.version, 1, 1);
    const isFlat = self.array("alpha_").shape.length === 1 || (given.columns === 1 && !keepsColumn);
    return {
      columns: numberColumns(rows.columns),
      regress: {
        targets: isFlat ? null : weights.columns,
        promise,
        emit(x, { g }) {
          const k = kernel.emit(g, emitDense(g, x), rows);
          const sums = g.op("MatMul", [k, constantMatrix(g, weights, "alpha")]);
          const moved = g.op("Add", [sums, constantRow(g, means)], {}, { name: "mean" });
          return isFlat ? emitFlat(g, moved) : moved;
        },
        evaluate: (x) =>
          mapped(product(gaussianKernelRows(denseRows(x), rows, kernel), weights), (sum, _row, k) => sum + means[k]!),
      },
    };
  },
};

/** The logistic function as a sum of error functions: their scales and shares. */
const scales = [0.41, 0.4, 0.37, 0.44, 0.39];
const shares = [-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654];
const halfShares = 0.5 * shares.reduce((sum, share) => sum + share);

/** What is known of a row before its class: the mean and the variance of a normal distribution. */
interface Latent {
  readonly rows: Matrix;
  readonly kernel: GaussianKernel;
  /** `[M, 1]` */
  readonly weights: Matrix;
  /** `[M, M]`: kernel values times it, squared and added, are what training takes from the variance. */
  readonly known: Matrix;
}

function latentOf(self: Fitted): Latent {
  const rows = fittedMatrix(self, "X_train_");
  const count = rows.rows;
  const vector = (name: string) => fittedColumns(self, name, count).data;
  const [y, shared, roots] = [vector("y_train_"), vector("pi_"), vector("W_sr_")];
  const lower = fittedMatrix(self, "L_");
  if (lower.rows !== count || lower.columns !== count) throw self.invalid("has `L_` that is not square");
  return {
    rows,
    kernel: readGaussianKernel(self.child("kernel_"), rows.columns),
    weights: { rows: count, columns: 1, data: y.map((value, row) => value - shared[row]!) },
    known: mapped(transposed(inverseOfLower(lower)), (value, row) => value * roots[row]!),
  };
}

/** Of a lower triangular matrix. */
function inverseOfLower({ rows, data }: Matrix): Matrix {
  const inverse = new Float64Array(rows * rows);
  for (let k = 0; k < rows; k++)
    for (let i = k; i < rows; i++) {
      let sum = i === k ? 1 : 0;
      for (let j = k; j < i; j++) sum -= data[i * rows + j]! * inverse[j * rows + k]!;
      inverse[i * rows + k] = sum / data[i * rows + i]!;
    }
  return { rows, columns: rows, data: inverse };
}

function emitProbability(g: GraphBuilder, mean: Value, variance: Value): Value {
  const number = (value: number) => constantNumber(g, value);
  const squares = scales.map((scale) => scale ** 2);
  const alpha = g.op("Div", [number(1), g.op("Mul", [variance, number(2)])]);
  const ratio = g.op("Div", [alpha, g.op("Add", [alpha, constantRow(g, squares)])]);
  const inner = g.op("Mul", [g.op("Mul", [mean, constantRow(g, scales)]), g.op("Sqrt", [ratio])]);
  const parts = g.op("Mul", [
    emitErf(g, inner),
    constantRow(
      g,
      shares.map((share) => share / 2),
    ),
  ]);
  return g.op("Add", [emitRowSum(g, parts), number(halfShares)], {}, { name: "probability" });
}

function probabilityOf(mean: number, variance: number): number {
  const alpha = 1 / (2 * variance);
  const parts = scales.map((scale, k) => {
    const inner = scale * mean * Math.sqrt(alpha / (alpha + scale ** 2));
    return (shares[k]! * erf(inner)) / 2;
  });
  return parts.reduce((sum, part) => sum + part) + halfShares;
}

/** Of two classes. */
export const laplaceClassifier: Estimator = {
  classes: [
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.gpc._BinaryGaussianProcessClassifierLaplace",
  ],
  read(self) {
    const [classes] = readTargets(self) as [Classes];
    if (classes.length !== 2) throw self.invalid(`has ${classes.length} classes, not two`);
    const { rows, kernel, weights, known } = latentOf(self);
    return {
      columns: numberColumns(rows.columns),
      classify: {
        targets: [classes],
        emit(x, { g }) {
          const matrix = emitDense(g, x);
          const k = kernel.emit(g, matrix, rows);
          const mean = g.op("MatMul", [k, constantMatrix(g, weights, "residuals")], {}, { name: "latent_mean" });
          const taken = g.op("MatMul", [k, constantMatrix(g, known, "known")]);
          const variance = g.op("Sub", [kernel.emitOwn(g, matrix), emitRowSum(g, g.op("Mul", [taken, taken]))]);
          const second = emitProbability(g, mean, variance);
          const above = emitFlat(g, g.op("Greater", [mean, constantNumber(g, 0)]));
          const first = g.op("Sub", [constantNumber(g, 1), second]);
          return [
            {
              index: g.op("Cast", [above], { to: 7 }),
              probabilities: g.op("Concat", [first, second], { axis: 1 }, { name: "probabilities" }),
            },
          ];
        },
        evaluate(x) {
          const matrix = denseRows(x);
          const k = gaussianKernelRows(matrix, rows, kernel);
          const means = column(product(k, weights), 0);
          const taken = product(k, known);
          const data = new Float64Array(x.rows * 2);
          means.forEach((mean, row) => {
            const less = rowOf(taken, row).reduce((sum, value) => sum + value * value, 0);
            const second = probabilityOf(mean, kernel.own(rowOf(matrix, row)) - less);
            data.set([1 - second, second], row * 2);
          });
          return [
            {
              index: Int32Array.from(means, (mean) => Number(mean > 0)),
              probabilities: { rows: x.rows, columns: 2, data },
            },
          ];
        },
      },
    };
  },
};

export const gaussianProcessClassifier: Estimator = {
  classes: [
    "sklearn.gaussian_process._gpc.GaussianProcessClassifier",
    "sklearn.gaussian_process.gpc.GaussianProcessClassifier",
  ],
  read(self, nested) {
    const { columns, classify } = nested(self.child("base_estimator_"));
    if (!classify) throw self.invalid("has a `base_estimator_` that is no classifier");
    return { columns, classify: withoutDecisions(classify, readTargets(self)) };
  },
};

/** Answers of several classes have decisions, which this estimator does not tell. */
function withoutDecisions(classify: Classify, targets: readonly Classes[]): Classify {
  const valuesOf = ({ index, probabilities }: ClassValues): ClassValues => ({
    index,
    ...(probabilities ? { probabilities } : {}),
  });
  const rowsOf = ({ index, probabilities }: ClassRows): ClassRows => ({
    index,
    ...(probabilities ? { probabilities } : {}),
  });
  return {
    targets,
    emit: (x, emission) => classify.emit(x, emission).map(valuesOf),
    evaluate: (x) => classify.evaluate(x).map(rowsOf),
  };
}
