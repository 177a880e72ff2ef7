// Support vector machines. Rules: sklearn/svm/_base.py, BaseLibSVM._decision_function, BaseSVC.predict (break_ties) and
// decision_function; sklearn/utils/multiclass.py, _ovr_decision_function; sklearn/svm/src/libsvm/svm.cpp, svm_predict_values.
// The private `_dual_coef_` and `_intercept_` have libsvm's own signs; the public ones are turned for two classes.
import type { Fitted } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import {
  constantMatrix,
  constantNumber,
  constantRow,
  denseRows,
  emitDense,
  emitFlat,
  emitRowArgMax,
  fittedMatrix,
  mapped,
  product,
  rowArgMax,
  transposed,
} from "./dense.ts";
import type { Classes, Columns, Estimator, Matrix, Table } from "./estimator.ts";
import { emitKernel, type Kernel, kernelNamed, kernelRows } from "./kernels.ts";
import { coupledClassLimit, coupledRow, emitCoupled, pairsOf } from "./pairwise_coupling.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

function kernelOf(self: Fitted): Kernel {
  const given = self.get("kernel");
  const name = typeof given === "string" ? kernelNamed(given) : null;
  if (name === null || name === "cosine" || name === "laplacian")
    throw self.unsupported(
      `has the kernel ${typeof given === "string" ? given : "of a function"}`,
      "use linear, rbf, poly or sigmoid",
    );
  return {
    name,
    gamma: self.optionalNumber("_gamma") ?? self.number("gamma"),
    degree: self.number("degree"),
    coef0: self.number("coef0"),
  };
}

/** Sums of kernels: `[N, outputs]`. */
interface Machine {
  readonly features: number;
  emit(g: GraphBuilder, x: Columns): Value;
  evaluate(x: Table): Matrix;
}

/** @param weights `[vectors, outputs]` */
function machine(kernel: Kernel, vectors: Matrix, weights: Matrix, bias: Float64Array): Machine {
  return {
    features: vectors.columns,
    emit(g, x) {
      const sums = g.op("MatMul", [
        emitKernel(g, emitDense(g, x), vectors, kernel),
        constantMatrix(g, weights, "dual_coefficients"),
      ]);
      return g.op("Add", [sums, constantRow(g, bias, "intercept")], {}, { name: "decision" });
    },
    evaluate: (x) =>
      mapped(product(kernelRows(denseRows(x), vectors, kernel), weights), (sum, _row, k) => sum + bias[k]!),
  };
}

/** One output: regression, novelty. */
function singleMachine(self: Fitted): Machine {
  return machine(
    kernelOf(self),
    fittedMatrix(self, "support_vectors_"),
    transposed(fittedMatrix(self, "_dual_coef_")),
    self.floats("_intercept_"),
  );
}

const named = (...names: string[]) =>
  names.flatMap((name) => [`sklearn.svm._classes.${name}`, `sklearn.svm.classes.${name}`]);

export const supportVectorRegressors: Estimator = {
  classes: named("SVR", "NuSVR"),
  read(self) {
    const { features, emit, evaluate } = singleMachine(self);
    return {
      columns: numberColumns(features),
      regress: { targets: null, emit: (x, { g }) => emitFlat(g, emit(g, x)), evaluate },
    };
  },
};

/** `predict` is libsvm's: +1 above 0. Rule: sklearn/svm/_classes.py, OneClassSVM.score_samples and decision_function. */
export const oneClassMachine: Estimator = {
  classes: named("OneClassSVM"),
  read(self) {
    const { features, emit, evaluate } = singleMachine(self);
    const offset = -self.floats("_intercept_")[0]!;
    return {
      columns: numberColumns(features),
      detect: {
        emit(x, { g }) {
          const decision = emitFlat(g, emit(g, x));
          const isInlier = g.op("Greater", [decision, constantNumber(g, 0)]);
          const label = g.op("Where", [isInlier, g.constant(int64([1], [])), g.constant(int64([-1], []))]);
          return { label, decision, score: g.op("Add", [decision, constantNumber(g, offset)]) };
        },
        evaluate(x) {
          const decision = evaluate(x).data;
          return {
            label: Int32Array.from(decision, (value) => (value > 0 ? 1 : -1)),
            decision,
            score: decision.map((value) => value + offset),
          };
        },
      },
    };
  },
};

/** Weights of every pair of classes, `[vectors, pairs]`: libsvm keeps them by class, classes - 1 rows of all vectors. */
function pairWeights(self: Fitted, classes: number, vectors: number): Matrix {
  const dual = fittedMatrix(self, "_dual_coef_");
  const counts = self.floats(self.has("_n_support") ? "_n_support" : "n_support_");
  if (dual.rows !== classes - 1 || dual.columns !== vectors || counts.reduce((sum, each) => sum + each, 0) !== vectors)
    throw self.invalid(`has ${vectors} support vectors, but coefficients of [${dual.rows}, ${dual.columns}]`);
  const starts = Array.from({ length: classes }, (_, k) => counts.slice(0, k).reduce((sum, each) => sum + each, 0));
  const pairs = pairsOf(classes);
  const data = new Float64Array(vectors * pairs.length);
  for (const [pair, [i, j]] of pairs.entries())
    for (const [own, row] of [
      [i, j - 1],
      [j, i],
    ] as const)
      for (let v = starts[own]!; v < starts[own]! + counts[own]!; v++)
        data[v * pairs.length + pair] = dual.data[row * vectors + v]!;
  return { rows: vectors, columns: pairs.length, data };
}

/** +1 and -1 of classes in pairs, and votes: `[pairs, classes]`. */
function pairSigns(classes: number, first: number, second: number): Matrix {
  const pairs = pairsOf(classes);
  const data = new Float64Array(pairs.length * classes);
  for (const [pair, [i, j]] of pairs.entries()) {
    data[pair * classes + i] = first;
    data[pair * classes + j] = second;
  }
  return { rows: pairs.length, columns: classes, data };
}

export const supportVectorClassifiers: Estimator = {
  classes: named("SVC", "NuSVC"),
  read(self) {
    const [classes] = readTargets(self) as [Classes];
    const count = classes.length;
    const vectors = fittedMatrix(self, "support_vectors_");
    const bias = self.floats("_intercept_");
    if (bias.length !== (count * (count - 1)) / 2)
      throw self.invalid(`has ${bias.length} intercepts for ${count} classes`);
    const { features, emit, evaluate } = machine(kernelOf(self), vectors, pairWeights(self, count, vectors.rows), bias);
    const isOvr = self.string("decision_function_shape") === "ovr" && count > 2;
    const breaksTies = self.get("break_ties") === true && isOvr;
    // Attributes of the names of 0.24 and later; `probability` says whether they are there.
    const [a, b] = ["A", "B"].map((letter) => {
      const name = self.has(`_prob${letter}`) ? `_prob${letter}` : `prob${letter}_`;
      return self.has(name) ? self.floats(name) : new Float64Array();
    }) as [Float64Array, Float64Array];
    const hasProbabilities = self.get("probability") === true && a.length === bias.length && b.length === bias.length;
    if (hasProbabilities && count > coupledClassLimit)
      throw self.unsupported(
        `has probabilities of ${count} classes, coupled in rounds; at most ${coupledClassLimit} can be converted`,
        "wrap it in CalibratedClassifierCV, or fit it with probability=False",
      );
    // A pair's value above 0 is a vote for its first class.
    const [toFirst, toSecond] = [pairSigns(count, 1, 0), pairSigns(count, 0, 1)];
    const confidence = pairSigns(count, 1, -1);
    return {
      columns: numberColumns(features),
      classify: {
        targets: [classes],
        emit(x, { g }) {
          const raw = emit(g, x);
          const zero = constantNumber(g, 0);
          const probabilities = hasProbabilities ? { probabilities: emitCoupled(g, raw, a, b, count) } : {};
          if (count === 2) {
            const isSecond = g.op("Not", [g.op("Greater", [raw, zero])]);
            const index = emitFlat(g, g.op("Cast", [isSecond], { to: 7 }));
            return [{ index, decision: g.op("Neg", [emitFlat(g, raw)]), ...probabilities }];
          }
          const votes = (isFirst: Value) =>
            g.op("Add", [
              g.op("MatMul", [g.op("Cast", [isFirst], { to: 11 }), constantMatrix(g, toFirst)]),
              g.op("MatMul", [g.op("Cast", [g.op("Not", [isFirst])], { to: 11 }), constantMatrix(g, toSecond)]),
            ]);
          if (!isOvr)
            return [{ index: emitRowArgMax(g, votes(g.op("Greater", [raw, zero]))), decision: raw, ...probabilities }];
          const sums = g.op("MatMul", [raw, constantMatrix(g, confidence)]);
          const divisor = g.op("Mul", [constantNumber(g, 3), g.op("Add", [g.op("Abs", [sums]), constantNumber(g, 1)])]);
          const decision = g.op("Add", [votes(g.op("GreaterOrEqual", [raw, zero])), g.op("Div", [sums, divisor])]);
          const index = emitRowArgMax(g, breaksTies ? decision : votes(g.op("Greater", [raw, zero])));
          return [{ index, decision, ...probabilities }];
        },
        evaluate(x) {
          const raw = evaluate(x);
          const pairs = pairsOf(count);
          const rowOf = (row: number) => raw.data.subarray(row * pairs.length, (row + 1) * pairs.length);
          const probabilities = hasProbabilities
            ? {
                probabilities: {
                  rows: raw.rows,
                  columns: count,
                  data: Float64Array.from(
                    Array.from({ length: raw.rows }, (_, row) => [...coupledRow(rowOf(row), a, b, count)]).flat(),
                  ),
                },
              }
            : {};
          if (count === 2) {
            const index = Int32Array.from(raw.data, (value) => Number(!(value > 0)));
            return [{ index, decision: mapped(raw, (value) => -value), ...probabilities }];
          }
          const votes = { rows: raw.rows, columns: count, data: new Float64Array(raw.rows * count) };
          const scores = { ...votes, data: new Float64Array(raw.rows * count) };
          for (let row = 0; row < raw.rows; row++) {
            const sums = new Float64Array(count);
            for (const [pair, [i, j]] of pairs.entries()) {
              const value = rowOf(row)[pair]!;
              votes.data[row * count + (value > 0 ? i : j)]! += 1;
              scores.data[row * count + (value >= 0 ? i : j)]! += 1;
              sums[i]! += value;
              sums[j]! -= value;
            }
            for (let k = 0; k < count; k++) scores.data[row * count + k]! += sums[k]! / (3 * (Math.abs(sums[k]!) + 1));
          }
          return [{ index: rowArgMax(breaksTies ? scores : votes), decision: isOvr ? scores : raw, ...probabilities }];
        },
      },
    };
  },
};
