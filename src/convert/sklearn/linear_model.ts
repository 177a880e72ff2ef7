// X times coefficients plus intercept. Rules: sklearn/linear_model/_base.py, LinearModel._decision_function, LinearClassifierMixin
// (decision_function, predict, _predict_proba_lr); _glm/glm.py; _stochastic_gradient.py, SGDClassifier.predict_proba;
// _logistic.py, LogisticRegression.predict_proba.
import { type Fitted, numberOf } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitPick } from "./combining.ts";
import { projection } from "./decomposition.ts";
import {
  column,
  constantNumber,
  constantRow,
  emitFlat,
  emitRowArgMax,
  emitRowSum,
  fittedMatrix,
  mapped,
  rowArgMax,
  transposed,
} from "./dense.ts";
import type {
  Classes,
  Classify,
  ClassRows,
  ClassValues,
  Columns,
  Estimator,
  Matrix,
  Step,
  Table,
} from "./estimator.ts";
import { isMultilabel, yesOrNo } from "./labels.ts";
import { emitProduct, productRows } from "./sparse.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

export interface LinearMap {
  readonly features: number;
  readonly outputs: number;
  /** `[N, outputs]` */
  emit(g: GraphBuilder, x: Columns): Value;
  evaluate(x: Table): Matrix;
}

/** @param weights `[outputs, features]`, @param bias one per output, or one for all */
export function linearMap(weights: Matrix, bias: ArrayLike<number>): LinearMap {
  const turned = transposed(weights);
  const all = Float64Array.from({ length: weights.rows }, (_, k) => bias[bias.length === 1 ? 0 : k]!);
  return {
    features: weights.columns,
    outputs: weights.rows,
    emit: (g, x) =>
      g.op(
        "Add",
        [emitProduct(g, x, turned, "coefficients"), constantRow(g, all, "intercept")],
        {},
        { name: "linear" },
      ),
    evaluate: (x) => mapped(productRows(x, turned), (sum, _row, k) => sum + all[k]!),
  };
}

/** `coef_` and `intercept_`; an intercept that is the number 0.0 stands for none. */
export function fittedLinear(self: Fitted): LinearMap {
  return linearMap(fittedMatrix(self, "coef_"), self.has("intercept_") ? interceptOf(self) : [0]);
}

function interceptOf(self: Fitted): ArrayLike<number> {
  const single = numberOf(self.get("intercept_"));
  return single === undefined ? self.floats("intercept_") : [single];
}

const module = (names: readonly string[], ...modules: string[]) =>
  modules.flatMap((path) => names.map((name) => `sklearn.${path}.${name}`));

/** One row where y was one-dimensional: `coef_` then has one axis. */
function regressor(self: Fitted, link: "identity" | "exp" = "identity"): Step {
  const linear = fittedLinear(self);
  const isFlat = self.array("coef_").shape.length === 1;
  return {
    columns: numberColumns(linear.features),
    regress: {
      targets: isFlat ? null : linear.outputs,
      emit(x, { g }) {
        const sums = linear.emit(g, x);
        const shaped = isFlat ? emitFlat(g, sums) : sums;
        return link === "exp" ? g.op("Exp", [shaped], {}, { name: "prediction" }) : shaped;
      },
      evaluate(x) {
        const sums = linear.evaluate(x);
        return link === "exp" ? mapped(sums, Math.exp) : sums;
      },
    },
  };
}

export const linearRegressors: Estimator = {
  classes: [
    ...module(["LinearRegression"], "linear_model._base", "linear_model.base"),
    ...module(["Ridge", "RidgeCV"], "linear_model._ridge", "linear_model.ridge"),
    ...module(
      [
        "Lasso",
        "LassoCV",
        "ElasticNet",
        "ElasticNetCV",
        "MultiTaskLasso",
        "MultiTaskLassoCV",
        "MultiTaskElasticNet",
        "MultiTaskElasticNetCV",
      ],
      "linear_model._coordinate_descent",
      "linear_model.coordinate_descent",
    ),
    ...module(
      ["Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC"],
      "linear_model._least_angle",
      "linear_model.least_angle",
    ),
    ...module(["OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"], "linear_model._omp", "linear_model.omp"),
    ...module(["SGDRegressor"], "linear_model._stochastic_gradient", "linear_model.stochastic_gradient"),
    ...module(["PassiveAggressiveRegressor"], "linear_model._passive_aggressive", "linear_model.passive_aggressive"),
    ...module(["HuberRegressor"], "linear_model._huber", "linear_model.huber"),
    ...module(["TheilSenRegressor"], "linear_model._theil_sen", "linear_model.theil_sen"),
    ...module(["ARDRegression", "BayesianRidge"], "linear_model._bayes", "linear_model.bayes"),
    ...module(["QuantileRegressor"], "linear_model._quantile"),
    ...module(["LinearSVR"], "svm._classes", "svm.classes"),
  ],
  read: (self) => regressor(self),
};

/** The link is the logarithm, but for a Tweedie distribution of power 0 or less that does not ask for it. */
export const generalizedLinear: Estimator = {
  classes: module(["PoissonRegressor", "GammaRegressor", "TweedieRegressor"], "linear_model._glm.glm"),
  read(self) {
    if (!self.className.endsWith("TweedieRegressor")) return regressor(self, "exp");
    const link = self.string("link");
    return regressor(self, link === "log" || (link === "auto" && self.number("power") > 0) ? "exp" : "identity");
  },
};

export const ransac: Estimator = {
  classes: module(["RANSACRegressor"], "linear_model._ransac", "linear_model.ransac"),
  read: (self, nested) => nested(self.child("estimator_")),
};

type Probabilities = "none" | "one-vs-rest" | "softmax" | "huber";

/** Two classes have one decision, more have one each, and so have the labels of several targets at once. */
function classifier(self: Fitted, linear: LinearMap, kind: Probabilities): Step {
  const binarizer = self.optionalChild("_label_binarizer");
  if (isMultilabel(binarizer)) return { columns: numberColumns(linear.features), classify: labelsOf(linear) };
  const [classes] = readTargets(self.has("classes_") || !binarizer ? self : binarizer) as [Classes];
  const isBinary = linear.outputs === 1;
  if (!isBinary && linear.outputs !== classes.length)
    throw self.invalid(`has ${linear.outputs} rows of coefficients and ${classes.length} classes`);
  return {
    columns: numberColumns(linear.features),
    classify: {
      targets: [classes],
      emit: (x, { g }) => [emitClasses(g, linear.emit(g, x), isBinary, kind)],
      evaluate: (x) => [classRows(linear.evaluate(x), isBinary, kind)],
    },
  };
}

/** Rule: sklearn/linear_model/_ridge.py, _RidgeClassifierMixin.predict: each label where its own decision is above 0. */
function labelsOf(linear: LinearMap): Classify {
  return {
    targets: Array.from({ length: linear.outputs }, () => yesOrNo),
    emit(x, { g }) {
      const scores = linear.emit(g, x);
      return Array.from({ length: linear.outputs }, (_, k) => emitClasses(g, emitPick(g, scores, k), true, "none"));
    },
    evaluate(x) {
      const scores = linear.evaluate(x);
      return Array.from({ length: linear.outputs }, (_, k) =>
        classRows({ rows: scores.rows, columns: 1, data: column(scores, k) }, true, "none"),
      );
    },
  };
}

export function emitClasses(g: GraphBuilder, scores: Value, isBinary: boolean, kind: Probabilities): ClassValues {
  const decision = isBinary ? emitFlat(g, scores) : scores;
  const index = isBinary
    ? g.op("Cast", [g.op("Greater", [decision, constantNumber(g, 0)])], { to: 7 })
    : emitRowArgMax(g, scores);
  if (kind === "none") return { index, decision };
  return { index, decision, probabilities: emitProbabilities(g, scores, isBinary, kind) };
}

function emitProbabilities(g: GraphBuilder, scores: Value, isBinary: boolean, kind: Probabilities): Value {
  const one = constantNumber(g, 1);
  if (kind === "softmax") {
    // Two classes are taken as scores of -d and d.
    const both = isBinary ? g.op("Concat", [g.op("Neg", [scores]), scores], { axis: 1 }) : scores;
    return g.op("Softmax", [both], { axis: 1 }, { name: "probabilities" });
  }
  const second =
    kind === "huber"
      ? g.op("Div", [g.op("Add", [emitClip(g, scores), one]), constantNumber(g, 2)])
      : g.op("Div", [one, g.op("Add", [one, g.op("Exp", [g.op("Neg", [scores])])])], {}, { name: "sigmoid" });
  if (isBinary) return g.op("Concat", [g.op("Sub", [one, second]), second], { axis: 1 }, { name: "probabilities" });
  const sum = emitRowSum(g, second);
  if (kind === "one-vs-rest") return g.op("Div", [second, sum], {}, { name: "probabilities" });
  // Where all are 0 the library answers with all alike.
  const isZero = g.op("Equal", [sum, constantNumber(g, 0)]);
  const filled = g.op("Where", [isZero, one, second]);
  return g.op("Div", [filled, emitRowSum(g, filled)], {}, { name: "probabilities" });
}

function emitClip(g: GraphBuilder, x: Value): Value {
  return g.op("Min", [g.op("Max", [x, constantNumber(g, -1)]), constantNumber(g, 1)]);
}

export function classRows(scores: Matrix, isBinary: boolean, kind: Probabilities): ClassRows {
  const index = isBinary ? Int32Array.from(column(scores, 0), (value) => Number(value > 0)) : rowArgMax(scores);
  if (kind === "none") return { index, decision: scores };
  const { rows } = scores;
  const data: number[] = [];
  for (let row = 0; row < rows; row++) {
    const own = scores.data.subarray(row * scores.columns, (row + 1) * scores.columns);
    data.push(
      ...probabilitiesOf(isBinary && kind === "softmax" ? Float64Array.of(-own[0]!, own[0]!) : own, isBinary, kind),
    );
  }
  const columns = rows === 0 ? scores.columns : data.length / rows;
  return { index, decision: scores, probabilities: { rows, columns, data: Float64Array.from(data) } };
}

function probabilitiesOf(scores: Float64Array, isBinary: boolean, kind: Probabilities): number[] {
  if (kind === "softmax") {
    const largest = Math.max(...scores);
    const powers = Array.from(scores, (score) => Math.exp(score - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }
  const each = Array.from(scores, (score) =>
    kind === "huber" ? (Math.min(Math.max(score, -1), 1) + 1) / 2 : 1 / (1 + Math.exp(-score)),
  );
  if (isBinary) return [1 - each[0]!, each[0]!];
  const sum = each.reduce((total, value) => total + value, 0);
  return sum === 0 && kind === "huber" ? each.map(() => 1 / each.length) : each.map((value) => value / sum);
}

/**
 * One-vs-rest for `liblinear` and where asked for; up to 0.24 and 1.6 `multi_class` decides, from 1.8 on there is no such parameter.
 */
export const logisticRegression: Estimator = {
  classes: module(["LogisticRegression", "LogisticRegressionCV"], "linear_model._logistic", "linear_model.logistic"),
  read(self) {
    const linear = fittedLinear(self);
    const [classes] = readTargets(self) as [Classes];
    const choice = self.optionalString("multi_class") ?? "auto";
    const isLiblinear = self.string("solver") === "liblinear";
    const isOvr =
      choice === "ovr" ||
      choice === "warn" ||
      (["auto", "deprecated"].includes(choice) && (classes.length <= 2 || isLiblinear));
    return classifier(self, linear, isOvr ? "one-vs-rest" : "softmax");
  },
};

export const linearClassifiers: Estimator = {
  classes: [
    ...module(["RidgeClassifier", "RidgeClassifierCV"], "linear_model._ridge", "linear_model.ridge"),
    ...module(["Perceptron"], "linear_model._perceptron", "linear_model.perceptron"),
    ...module(["PassiveAggressiveClassifier"], "linear_model._passive_aggressive", "linear_model.passive_aggressive"),
    ...module(["LinearSVC"], "svm._classes", "svm.classes"),
  ],
  read: (self) => classifier(self, fittedLinear(self), "none"),
};

export const sgdClassifier: Estimator = {
  classes: module(["SGDClassifier"], "linear_model._stochastic_gradient", "linear_model.stochastic_gradient"),
  read(self) {
    const loss = self.string("loss");
    const kind: Probabilities =
      loss === "log" || loss === "log_loss" ? "one-vs-rest" : loss === "modified_huber" ? "huber" : "none";
    return classifier(self, fittedLinear(self), kind);
  },
};

/** Rule: sklearn/discriminant_analysis.py, LinearDiscriminantAnalysis.predict_proba: a sigmoid of two classes, a softmax of more. */
export const linearDiscriminant: Estimator = {
  classes: ["sklearn.discriminant_analysis.LinearDiscriminantAnalysis"],
  read(self) {
    const linear = fittedLinear(self);
    // Before 0.24 several classes were taken one against the rest.
    const kind = linear.outputs > 1 && !isBefore(self.version, 0, 24) ? "softmax" : "one-vs-rest";
    return { ...classifier(self, linear, kind), ...discriminants(self) };
  },
};

/** Rule: LinearDiscriminantAnalysis.transform; the solver `lsqr` has none. */
function discriminants(self: Fitted): Pick<Step, "transform"> {
  const solver = self.optionalString("solver");
  if ((solver !== "svd" && solver !== "eigen") || !self.has("scalings_") || !self.has("_max_components")) return {};
  const all = fittedMatrix(self, "scalings_");
  const count = Math.min(all.columns, self.number("_max_components"));
  const kept = Array.from({ length: count }, (_, k) => column(all, k));
  const matrix = transposed({
    rows: count,
    columns: all.rows,
    data: Float64Array.from(kept.flatMap((one) => [...one])),
  });
  const { transform } = projection(solver === "svd" ? self.floats("xbar_") : null, matrix, null);
  return { transform: transform! };
}
