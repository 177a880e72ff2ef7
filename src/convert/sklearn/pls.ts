// Partial least squares. Rule: sklearn/cross_decomposition/_pls.py, _PLS.transform and predict, PLSSVD.transform. `coef_` has had
// three shapes since 0.24; what it is made of (rotations, loadings and scales) has had one.
import {
  constantMatrix,
  constantRow,
  denseRows,
  emitDense,
  emitFlat,
  fittedMatrix,
  mapped,
  oneBlock,
  product,
  tableOf,
  transposed,
} from "./dense.ts";
import type { Columns, Emission, Estimator, Matrix, Table } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

const named = (name: string) => [
  `sklearn.cross_decomposition._pls.${name}`,
  `sklearn.cross_decomposition.pls_.${name}`,
  `sklearn.cross_decomposition.cca_.${name}`,
];

export const partialLeastSquares: Estimator = {
  classes: ["PLSRegression", "PLSCanonical", "CCA", "PLSSVD"].flatMap(named),
  read(self) {
    // Without the underscore in front before 0.24.
    const of = (side: string, what: string) =>
      self.floats(self.has(`_${side}_${what}`) ? `_${side}_${what}` : `${side}_${what}_`);
    const [mean, scale] = [of("x", "mean"), of("x", "std")];
    const isSvd = self.className.endsWith("PLSSVD");
    const rotations = fittedMatrix(self, isSvd ? "x_weights_" : "x_rotations_");
    const emitScaled = (x: Columns, { g }: Emission) =>
      g.op("Div", [g.op("Sub", [emitDense(g, x), constantRow(g, mean, "mean")]), constantRow(g, scale, "scale")]);
    const scaled = (x: Table): Matrix => mapped(denseRows(x), (value, _row, f) => (value - mean[f]!) / scale[f]!);
    const step = {
      columns: numberColumns(rotations.rows),
      transform: {
        emit: (x: Columns, emission: Emission) =>
          oneBlock(
            emission.g.op("MatMul", [emitScaled(x, emission), constantMatrix(emission.g, rotations, "rotations")]),
            rotations.columns,
          ),
        evaluate: (x: Table) => tableOf(product(scaled(x), rotations)),
      },
    };
    if (isSvd) return step;
    const [yMean, yScale] = [of("y", "mean"), of("y", "std")];
    const weights = mapped(
      product(rotations, transposed(fittedMatrix(self, "y_loadings_"))),
      (value, _row, k) => value * yScale[k]!,
    );
    const isFlat = self.get("_predict_1d") === true;
    return {
      ...step,
      regress: {
        targets: isFlat ? null : weights.columns,
        emit(x, emission) {
          const { g } = emission;
          const sums = g.op("MatMul", [emitScaled(x, emission), constantMatrix(g, weights, "coefficients")]);
          const shifted = g.op("Add", [sums, constantRow(g, yMean, "intercept")]);
          return isFlat ? emitFlat(g, shifted) : shifted;
        },
        evaluate: (x) => mapped(product(scaled(x), weights), (sum, _row, k) => sum + yMean[k]!),
      },
    };
  },
};
