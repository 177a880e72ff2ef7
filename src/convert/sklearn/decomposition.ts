// Projections: X times fitted components, after taking a mean away. Rule: sklearn/decomposition/_base.py, _BasePCA.transform;
// _truncated_svd.py, TruncatedSVD.transform; _fastica.py, FastICA.transform; _factor_analysis.py, FactorAnalysis.transform;
// sklearn/neighbors/_nca.py, NeighborhoodComponentsAnalysis.transform.
import type { Fitted } from "../../formats/index.ts";
import { int64 } from "../../onnx/index.ts";
import {
  constantMatrix,
  constantRow,
  denseRows,
  emitDense,
  fittedMatrix,
  mapped,
  oneBlock,
  product,
  tableOf,
  transposed,
} from "./dense.ts";
import type { Estimator, Matrix, Step } from "./estimator.ts";
import { inverse } from "./linear_algebra.ts";
import { emitProduct, productRows } from "./sparse.ts";
import { numberColumns } from "./tree_input.ts";

/** (X - mean) times a matrix `[F, K]`, then divided column by column. */
export function projection(mean: Float64Array | null, matrix: Matrix, divisor: Float64Array | null): Step {
  return {
    columns: numberColumns(matrix.rows),
    transform: {
      emit(x, { g }) {
        const projected = mean
          ? g.op("MatMul", [
              g.op("Sub", [emitDense(g, x), constantRow(g, mean, "mean")]),
              constantMatrix(g, matrix, "components"),
            ])
          : emitProduct(g, x, matrix, "components");
        if (!divisor) return oneBlock(projected, matrix.columns);
        // Behind a MatMul ONNX Runtime (1.30) takes one number for a float32 factor: Reshape keeps the division away from it.
        const apart = matrix.columns === 1 ? g.op("Reshape", [projected, g.constant(int64([-1, 1]))]) : projected;
        return oneBlock(g.op("Div", [apart, constantRow(g, divisor, "scale")]), matrix.columns);
      },
      evaluate(x) {
        const projected = mean
          ? product(
              mapped(denseRows(x), (value, _row, f) => value - mean[f]!),
              matrix,
            )
          : productRows(x, matrix);
        return tableOf(divisor ? mapped(projected, (value, _row, k) => value / divisor[k]!) : projected);
      },
    },
  };
}

const modules = (module: string, old: string, names: readonly string[]) =>
  names.flatMap((name) => [`sklearn.decomposition.${module}.${name}`, `sklearn.decomposition.${old}.${name}`]);

const smallest = 2 ** -52;

function meanOf(self: Fitted): Float64Array | null {
  return self.has("mean_") ? self.floats("mean_") : null;
}

export const pca: Estimator = {
  classes: [...modules("_pca", "pca", ["PCA"]), ...modules("_incremental_pca", "incremental_pca", ["IncrementalPCA"])],
  read(self) {
    const scale = self.boolean("whiten")
      ? self.floats("explained_variance_").map((value) => Math.max(Math.sqrt(value), smallest))
      : null;
    return projection(meanOf(self), transposed(fittedMatrix(self, "components_")), scale);
  },
};

export const truncatedSvd: Estimator = {
  classes: modules("_truncated_svd", "truncated_svd", ["TruncatedSVD"]),
  read: (self) => projection(null, transposed(fittedMatrix(self, "components_")), null),
};

export const neighborhoodComponents: Estimator = {
  classes: [
    "sklearn.neighbors._nca.NeighborhoodComponentsAnalysis",
    "sklearn.neighbors.nca.NeighborhoodComponentsAnalysis",
  ],
  read: (self) => projection(null, transposed(fittedMatrix(self, "components_")), null),
};

export const fastIca: Estimator = {
  classes: modules("_fastica", "fastica_", ["FastICA"]),
  read(self) {
    // `whiten` is False, True or the name of a way to whiten; without it there is no mean.
    return projection(
      self.get("whiten") === false ? null : meanOf(self),
      transposed(fittedMatrix(self, "components_")),
      null,
    );
  },
};

export const factorAnalysis: Estimator = {
  classes: modules("_factor_analysis", "factor_analysis", ["FactorAnalysis"]),
  read(self) {
    const components = fittedMatrix(self, "components_");
    const noise = self.floats("noise_variance_");
    const weighted = mapped(components, (value, _k, f) => value / noise[f]!);
    const inner = mapped(product(weighted, transposed(components)), (value, i, k) => value + Number(i === k));
    const covariance = inverse(inner);
    if (!covariance) throw self.invalid("has components whose covariance cannot be inverted");
    return projection(meanOf(self), product(transposed(weighted), covariance), null);
  },
};
