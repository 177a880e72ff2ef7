// Naive Bayes: a joint log likelihood per class, normalised. Rule: sklearn/naive_bayes.py, _BaseNB.predict_proba and each class's
// _joint_log_likelihood.
import { type Fitted, NdArray } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import {
  constantMatrix,
  constantNumber,
  constantRow,
  denseRows,
  emitDense,
  emitLogSumExp,
  emitRowArgMax,
  fittedMatrix,
  logNormalized,
  mapped,
  rowArgMax,
  transposed,
} from "./dense.ts";
import type { Classes, Columns, Emission, Estimator, Matrix, Step, Table } from "./estimator.ts";
import { emitProduct, isEmptyColumn, productRows, sparseBlock } from "./sparse.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

interface Likelihood {
  /** `[N, K]` */
  emit(x: Columns, g: GraphBuilder): Value;
  evaluate(x: Table): Matrix;
}

/** A likelihood that reads every column. */
function ofDense(read: { emit(x: Value, g: GraphBuilder): Value; evaluate(x: Matrix): Matrix }): Likelihood {
  return { emit: (x, g) => read.emit(emitDense(g, x), g), evaluate: (x) => read.evaluate(denseRows(x)) };
}

function step(self: Fitted, features: number, { emit, evaluate }: Likelihood): Step {
  const [classes] = readTargets(self) as [Classes];
  return {
    columns: numberColumns(features),
    classify: {
      targets: [classes],
      emit(x: Columns, { g }: Emission) {
        const joint = emit(x, g);
        const probabilities = g.op(
          "Exp",
          [g.op("Sub", [joint, emitLogSumExp(g, joint)])],
          {},
          { name: "probabilities" },
        );
        return [{ index: emitRowArgMax(g, joint), probabilities }];
      },
      evaluate(x: Table) {
        const joint = evaluate(x);
        return [{ index: rowArgMax(joint), probabilities: mapped(logNormalized(joint), Math.exp) }];
      },
    },
  };
}

const named = (name: string) => [`sklearn.naive_bayes.${name}`];

export const gaussianNaiveBayes: Estimator = {
  classes: named("GaussianNB"),
  read(self) {
    const theta = fittedMatrix(self, "theta_");
    // `sigma_` up to 0.24
    const variance = fittedMatrix(self, self.has("var_") ? "var_" : "sigma_");
    const priors = self.floats("class_prior_");
    const [classes, features] = [theta.rows, theta.columns];
    const base = Float64Array.from({ length: classes }, (_, k) => {
      const logs = variance.data
        .subarray(k * features, (k + 1) * features)
        .reduce((sum, value) => sum + Math.log(2 * Math.PI * value), 0);
      return -0.5 * logs;
    });
    return step(
      self,
      features,
      ofDense({
        emit(x, g) {
          const wide = g.op("Unsqueeze", [x, g.constant(int64([1]))]);
          const distance = g.op("Sub", [wide, g.constant(float64(theta.data, [1, classes, features]), "theta")]);
          const scaled = g.op("Div", [
            g.op("Mul", [distance, distance]),
            g.constant(float64(variance.data, [1, classes, features]), "variance"),
          ]);
          const sum = g.op("ReduceSum", [scaled, g.constant(int64([2]))], { keepdims: 0 });
          const likelihood = g.op("Sub", [constantRow(g, base), g.op("Mul", [constantNumber(g, 0.5), sum])]);
          return g.op("Add", [constantRow(g, priors.map(Math.log)), likelihood], {}, { name: "joint" });
        },
        evaluate({ rows, data }) {
          const joint = new Float64Array(rows * classes);
          for (let row = 0; row < rows; row++)
            for (let k = 0; k < classes; k++) {
              let sum = 0;
              for (let f = 0; f < features; f++)
                sum +=
                  (data[row * features + f]! - theta.data[k * features + f]!) ** 2 / variance.data[k * features + f]!;
              joint[row * classes + k] = Math.log(priors[k]!) + (base[k]! - 0.5 * sum);
            }
          return { rows, columns: classes, data: joint };
        },
      }),
    );
  },
};

/** A joint log likelihood that is linear in X. */
function linear(weights: Matrix, bias: ArrayLike<number> | null): Likelihood {
  const turned = transposed(weights);
  return {
    emit(x, g) {
      const sums = emitProduct(g, x, turned, "log_probabilities");
      return bias ? g.op("Add", [sums, constantRow(g, bias)], {}, { name: "joint" }) : sums;
    },
    evaluate(x) {
      const sums = productRows(x, turned);
      return bias ? mapped(sums, (value, _row, k) => value + bias[k]!) : sums;
    },
  };
}

export const multinomialNaiveBayes: Estimator = {
  classes: named("MultinomialNB"),
  read(self) {
    const weights = fittedMatrix(self, "feature_log_prob_");
    return step(self, weights.columns, linear(weights, self.floats("class_log_prior_")));
  },
};

export const complementNaiveBayes: Estimator = {
  classes: named("ComplementNB"),
  read(self) {
    const weights = fittedMatrix(self, "feature_log_prob_");
    return step(self, weights.columns, linear(weights, weights.rows === 1 ? self.floats("class_log_prior_") : null));
  },
};

/** 1 where a value is above the threshold. */
function emitBinarized(g: GraphBuilder, x: Columns, threshold: number): Columns {
  const binarized = (value: Value) =>
    g.op("Cast", [g.op("Greater", [value, constantNumber(g, threshold)])], { to: 11 }, { name: "binarized" });
  const blocks = x.blocks.map((block) =>
    block.sparse && threshold >= 0
      ? sparseBlock(g, { ...block.sparse, values: binarized(block.sparse.values) }, block.width)
      : { value: binarized(block.value), width: block.width },
  );
  return { blocks };
}

function binarizedRows(x: Table, threshold: number): Table {
  const columns = x.columns.map((column) =>
    threshold >= 0 && isEmptyColumn(column)
      ? column
      : Float64Array.from(column as Float64Array, (value) => Number(value > threshold)),
  );
  return { rows: x.rows, columns };
}

export const bernoulliNaiveBayes: Estimator = {
  classes: named("BernoulliNB"),
  read(self) {
    const present = fittedMatrix(self, "feature_log_prob_");
    const absent = present.data.map((value) => Math.log(1 - Math.exp(value)));
    const weights = mapped(present, (value, k, f) => value - absent[k * present.columns + f]!);
    const priors = self.floats("class_log_prior_");
    const bias = priors.map(
      (prior, k) =>
        prior + absent.subarray(k * present.columns, (k + 1) * present.columns).reduce((sum, value) => sum + value, 0),
    );
    const plain = linear(weights, bias);
    const threshold = self.optionalNumber("binarize");
    if (threshold === null) return step(self, present.columns, plain);
    return step(self, present.columns, {
      emit: (x, g) => plain.emit(emitBinarized(g, x, threshold), g),
      evaluate: (x) => plain.evaluate(binarizedRows(x, threshold)),
    });
  },
};

export const categoricalNaiveBayes: Estimator = {
  classes: named("CategoricalNB"),
  read(self) {
    const tables = self.items("feature_log_prob_").map((item, position) => {
      if (!(item instanceof NdArray) || item.shape.length !== 2)
        throw self.invalid(`has no table \`feature_log_prob_[${position}]\``);
      return transposed({ rows: item.shape[0]!, columns: item.shape[1]!, data: item.floats() });
    });
    const priors = self.floats("class_log_prior_");
    const classes = priors.length;
    // The library refuses a category that it has not seen; here the row has no answer.
    const rowOf = (value: number, count: number) => (value >= 0 && value < count ? Math.trunc(value) : count);
    const withNothing = (table: Matrix): Matrix => {
      const data = new Float64Array(table.data.length + classes).fill(Number.NaN);
      data.set(table.data);
      return { rows: table.rows + 1, columns: classes, data };
    };
    return step(
      self,
      tables.length,
      ofDense({
        emit(x, g) {
          const parts = tables.map((table, f) => {
            const value = g.op("Gather", [x, g.constant(int64([f], []))], { axis: 1 });
            const isKnown = g.op("And", [
              g.op("GreaterOrEqual", [value, constantNumber(g, 0)]),
              g.op("Less", [value, constantNumber(g, table.rows)]),
            ]);
            const row = g.op("Cast", [g.op("Where", [isKnown, value, constantNumber(g, table.rows)])], { to: 7 });
            return g.op("Gather", [constantMatrix(g, withNothing(table), "log_probabilities"), row], { axis: 0 });
          });
          const sums = parts.reduce((sum, part) => g.op("Add", [sum, part]));
          return g.op("Add", [sums, constantRow(g, priors)], {}, { name: "joint" });
        },
        evaluate({ rows, columns, data }) {
          const joint = new Float64Array(rows * classes);
          for (let row = 0; row < rows; row++)
            for (let k = 0; k < classes; k++) {
              let sum = 0;
              for (const [f, table] of tables.entries())
                sum += withNothing(table).data[rowOf(data[row * columns + f]!, table.rows) * classes + k]!;
              joint[row * classes + k] = sum + priors[k]!;
            }
          return { rows, columns: classes, data: joint };
        },
      }),
    );
  },
};
