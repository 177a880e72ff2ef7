// What is linear in kernels to fitted rows. Rules: sklearn/decomposition/_kernel_pca.py, KernelPCA.transform;
// sklearn/preprocessing/_data.py, KernelCenterer.transform; sklearn/kernel_approximation.py, Nystroem.transform and
// RBFSampler.transform; sklearn/kernel_ridge.py, KernelRidge.predict.
import type { Fitted } from "../../formats/index.ts";
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
  oneBlock,
  product,
  tableOf,
  transposed,
} from "./dense.ts";
import type { Estimator, Matrix } from "./estimator.ts";
import { emitKernel, type Kernel, kernelNamed, kernelRows } from "./kernels.ts";
import { numberColumns } from "./tree_input.ts";

/** Parameters that are None have the defaults of sklearn.metrics.pairwise. */
function kernelOf(self: Fitted, features: number): Kernel {
  const given = self.get("kernel");
  const name = typeof given === "string" ? kernelNamed(given) : null;
  if (name === null)
    throw self.unsupported(
      `has the kernel ${typeof given === "string" ? given : "of a function"}`,
      "use linear, rbf, laplacian, poly, sigmoid or cosine",
    );
  return {
    name,
    gamma: self.optionalNumber("gamma_") ?? self.optionalNumber("gamma") ?? 1 / features,
    degree: self.optionalNumber("degree") ?? 3,
    coef0: self.optionalNumber("coef0") ?? 1,
  };
}

export const kernelPca: Estimator = {
  classes: ["sklearn.decomposition._kernel_pca.KernelPCA", "sklearn.decomposition.kernel_pca.KernelPCA"],
  read(self) {
    const rows = fittedMatrix(self, "X_fit_");
    const kernel = kernelOf(self, rows.columns);
    // `lambdas_` and `alphas_` before 1.0
    const isNew = self.has("eigenvectors_");
    const values = self.floats(isNew ? "eigenvalues_" : "lambdas_");
    const weights = mapped(fittedMatrix(self, isNew ? "eigenvectors_" : "alphas_"), (value, _row, k) =>
      values[k] === 0 ? 0 : value / Math.sqrt(values[k]!),
    );
    const centerer = self.child("_centerer");
    const [means, all] = [centerer.floats("K_fit_rows_"), centerer.number("K_fit_all_")];
    return {
      columns: numberColumns(rows.columns),
      transform: {
        emit(x, { g }) {
          const k = emitKernel(g, emitDense(g, x), rows, kernel);
          const mean = g.op("Div", [emitRowSum(g, k), constantNumber(g, means.length)]);
          const centered = g.op("Add", [
            g.op("Sub", [g.op("Sub", [k, constantRow(g, means)]), mean]),
            constantNumber(g, all),
          ]);
          return oneBlock(g.op("MatMul", [centered, constantMatrix(g, weights, "components")]), weights.columns);
        },
        evaluate(x) {
          const k = kernelRows(denseRows(x), rows, kernel);
          const sums = Float64Array.from({ length: k.rows }, (_, row) =>
            k.data.subarray(row * k.columns, (row + 1) * k.columns).reduce((sum, value) => sum + value, 0),
          );
          const centered = mapped(k, (value, row, m) => value - means[m]! - sums[row]! / means.length + all);
          return tableOf(product(centered, weights));
        },
      },
    };
  },
};

export const nystroem: Estimator = {
  classes: ["sklearn.kernel_approximation.Nystroem"],
  read(self) {
    const rows = fittedMatrix(self, "components_");
    const kernel = kernelOf(self, rows.columns);
    const weights = transposed(fittedMatrix(self, "normalization_"));
    return {
      columns: numberColumns(rows.columns),
      transform: {
        emit(x, { g }) {
          const k = emitKernel(g, emitDense(g, x), rows, kernel);
          return oneBlock(g.op("MatMul", [k, constantMatrix(g, weights, "normalization")]), weights.columns);
        },
        evaluate: (x) => tableOf(product(kernelRows(denseRows(x), rows, kernel), weights)),
      },
    };
  },
};

export const rbfSampler: Estimator = {
  classes: ["sklearn.kernel_approximation.RBFSampler"],
  read(self) {
    const weights = fittedMatrix(self, "random_weights_");
    const offset = self.floats("random_offset_");
    const scale = Math.sqrt(2) / Math.sqrt(weights.columns);
    return {
      columns: numberColumns(weights.rows),
      transform: {
        emit(x, { g }) {
          const sums = g.op("Add", [
            g.op("MatMul", [emitDense(g, x), constantMatrix(g, weights, "weights")]),
            constantRow(g, offset, "offset"),
          ]);
          // A number for each column: one for all would be rounded to float32 where a MatMul follows (ONNX Runtime, MatMulScaleFusion).
          const scales = constantRow(g, new Float64Array(weights.columns).fill(scale));
          return oneBlock(g.op("Mul", [g.op("Cos", [sums]), scales]), weights.columns);
        },
        evaluate: (x) =>
          tableOf(mapped(product(denseRows(x), weights), (sum, _row, k) => Math.cos(sum + offset[k]!) * scale)),
      },
    };
  },
};

export const kernelRidge: Estimator = {
  classes: ["sklearn.kernel_ridge.KernelRidge"],
  read(self) {
    const rows = fittedMatrix(self, "X_fit_");
    const kernel = kernelOf(self, rows.columns);
    const isFlat = self.array("dual_coef_").shape.length === 1;
    const given = fittedMatrix(self, "dual_coef_");
    const weights: Matrix = isFlat ? transposed(given) : given;
    return {
      columns: numberColumns(rows.columns),
      regress: {
        targets: isFlat ? null : weights.columns,
        emit(x, { g }) {
          const sums = g.op("MatMul", [emitKernel(g, emitDense(g, x), rows, kernel), constantMatrix(g, weights)]);
          return isFlat ? emitFlat(g, sums) : sums;
        },
        evaluate: (x) => product(kernelRows(denseRows(x), rows, kernel), weights),
      },
    };
  },
};
