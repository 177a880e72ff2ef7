// Columns kept by a fitted selection. Rule: sklearn/feature_selection/_base.py, SelectorMixin.transform, and `_get_support_mask` of each class.
import { type Fitted, NdArray, numberOf } from "../../formats/index.ts";
import { selected, selectedRows } from "./columns.ts";
import type { Estimator, Step } from "./estimator.ts";
import { isBefore } from "./tree_release.ts";

function keeping(count: number, kept: readonly number[], missing = false): Step {
  return {
    columns: Array.from({ length: count }, () => ({ type: "number", missing })),
    transform: {
      isExact: true,
      width: kept.length,
      emit: (x, { g }) => selected(x, kept, g),
      evaluate: (x) => selectedRows(x, kept),
    },
  };
}

function positions(mask: readonly boolean[]): number[] {
  return mask.flatMap((isKept, position) => (isKept ? [position] : []));
}

const modules = (file: string, old: string, names: readonly string[]) =>
  names.flatMap((name) => [`sklearn.feature_selection._${file}.${name}`, `sklearn.feature_selection.${old}.${name}`]);

/** Those that keep the mask itself. */
export const maskedSelectors: Estimator = {
  classes: [
    ...modules("rfe", "rfe", ["RFE", "RFECV"]),
    ...modules("sequential", "sequential", ["SequentialFeatureSelector"]),
  ],
  read(self, nested) {
    const mask = self
      .array("support_")
      .values()
      .map((value) => value === true);
    const chosen = keeping(mask.length, positions(mask));
    if (!self.has("estimator_")) return chosen;
    // RFE predicts with the estimator that was fitted on what it kept.
    const inner = nested(self.child("estimator_"));
    const { classify, regress } = inner;
    const kept = positions(mask);
    return {
      ...chosen,
      ...(classify
        ? {
            classify: {
              ...classify,
              emit: (x, emission) => classify.emit(selected(x, kept, emission.g), emission),
              evaluate: (x) => classify.evaluate(selectedRows(x, kept)),
            },
          }
        : {}),
      ...(regress
        ? {
            regress: {
              ...regress,
              emit: (x, emission) => regress.emit(selected(x, kept, emission.g), emission),
              evaluate: (x) => regress.evaluate(selectedRows(x, kept)),
            },
          }
        : {}),
    };
  },
};

/** Above the threshold; NaN never. */
export const varianceThreshold: Estimator = {
  classes: modules("variance_threshold", "variance_threshold", ["VarianceThreshold"]),
  read(self) {
    const variances = self.floats("variances_");
    const threshold = self.number("threshold");
    return keeping(variances.length, positions(Array.from(variances, (variance) => variance > threshold)), true);
  },
};

export const univariateSelectors: Estimator = {
  classes: modules("univariate_selection", "univariate_selection", [
    "SelectKBest",
    "SelectPercentile",
    "SelectFpr",
    "SelectFdr",
    "SelectFwe",
    "GenericUnivariateSelect",
  ]),
  read(self) {
    const mask = univariateMask(self);
    return keeping(mask.length, positions(mask));
  },
};

function univariateMask(self: Fitted): boolean[] {
  const own = self.className.split(".").at(-1)!;
  const generic: Readonly<Record<string, string>> = {
    k_best: "SelectKBest",
    percentile: "SelectPercentile",
    fpr: "SelectFpr",
    fdr: "SelectFdr",
    fwe: "SelectFwe",
  };
  const kind = own === "GenericUnivariateSelect" ? generic[self.string("mode")] : own;
  const parameter =
    own === "GenericUnivariateSelect"
      ? "param"
      : ({ SelectKBest: "k", SelectPercentile: "percentile" }[own] ?? "alpha");
  const scores = self.floats("scores_").map((score) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score));
  if (kind === "SelectKBest") {
    if (self.get(parameter) === "all") return Array.from(scores, () => true);
    return best(scores, self.number(parameter));
  }
  if (kind === "SelectPercentile") return percentile(self, scores, self.number(parameter));
  const p = self.floats("pvalues_");
  const alpha = self.number(parameter);
  if (kind === "SelectFpr") return Array.from(p, (value) => value < alpha);
  if (kind === "SelectFwe") return Array.from(p, (value) => value < alpha / p.length);
  // Benjamini-Hochberg: up to the largest p that is below its own share.
  const sorted = Float64Array.from(p).sort();
  const passing = sorted.filter((value, i) => value <= (alpha / p.length) * (i + 1));
  const limit = passing.length === 0 ? Number.NEGATIVE_INFINITY : passing.at(-1)!;
  return Array.from(p, (value) => value <= limit);
}

/** The k largest; of equal ones the later columns, as a stable ascending sort leaves them. */
function best(scores: Float64Array, k: number): boolean[] {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const kept = new Set(k > 0 ? order.slice(-k) : []);
  return Array.from(scores, (_, i) => kept.has(i));
}

/** Above the score at the percentile; ties fill up in the order of the columns. */
function percentile(self: Fitted, scores: Float64Array, percent: number): boolean[] {
  if (percent === 100) return Array.from(scores, () => true);
  if (percent === 0) return Array.from(scores, () => false);
  const sorted = Float64Array.from(scores).sort();
  const place = ((sorted.length - 1) * (100 - percent)) / 100;
  const low = sorted[Math.floor(place)]!;
  const threshold = low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
  const mask = Array.from(scores, (score) => score > threshold);
  const most = Math.trunc((scores.length * percent) / 100);
  let kept = mask.filter(Boolean).length;
  for (let i = 0; i < scores.length && kept < most && !isBefore(self.version, 0, 18); i++)
    if (scores[i] === threshold) {
      mask[i] = true;
      kept++;
    }
  return mask;
}

/** Importance of the columns against a threshold that may be told from their mean or median. */
export const selectFromModel: Estimator = {
  classes: modules("from_model", "from_model", ["SelectFromModel"]),
  read(self) {
    const inner =
      self.get("prefit") === true && !self.has("estimator_") ? self.child("estimator") : self.child("estimator_");
    const importance = importanceOf(inner, self);
    const threshold = thresholdOf(self, inner, importance);
    const most = self.has("max_features_") ? self.number("max_features_") : numberOf(self.get("max_features"));
    const candidates = most === undefined ? Array.from(importance, () => true) : firstBest(importance, most);
    return keeping(
      importance.length,
      positions(Array.from(importance, (value, i) => candidates[i]! && !(value < threshold))),
    );
  },
};

/** The largest; of equal ones the earlier columns: a stable sort of the negated values. */
function firstBest(values: Float64Array, count: number): boolean[] {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
  const kept = new Set(order.slice(0, count));
  return Array.from(values, (_, i) => kept.has(i));
}

function importanceOf(inner: Fitted, self: Fitted): Float64Array {
  if (self.get("importance_getter") !== undefined && self.get("importance_getter") !== "auto")
    throw self.unsupported("takes the importance of columns from somewhere of its own (`importance_getter`)");
  if (!inner.has("coef_"))
    throw self.unsupported(
      `selects by the importances of ${inner.className}, which are not stored`,
      "replace it by a selection that stores its mask, such as RFE",
    );
  const coefficients = inner.get("coef_");
  const array = coefficients instanceof NdArray ? coefficients : inner.array("coef_");
  const values = array.floats();
  if (array.shape.length === 1) return values.map(Math.abs);
  const [rows, columns] = array.shape as [number, number];
  const order = numberOf(self.get("norm_order")) ?? 1;
  return Float64Array.from({ length: columns }, (_, column) => {
    const own = Array.from({ length: rows }, (_row, row) => Math.abs(values[row * columns + column]!));
    if (order === 1) return own.reduce((sum, value) => sum + value, 0);
    if (!Number.isFinite(order)) return Math.max(...own);
    return own.reduce((sum, value) => sum + value ** order, 0) ** (1 / order);
  });
}

function thresholdOf(self: Fitted, inner: Fitted, importance: Float64Array): number {
  const given = self.get("threshold");
  const number = numberOf(given);
  if (number !== undefined) return number;
  const usesL1 =
    inner.get("penalty") === "l1" ||
    (/Lasso|ElasticNet/.test(inner.className.split(".").at(-1)!) &&
      (!/ElasticNet/.test(inner.className) || numberOf(inner.get("l1_ratio_") ?? inner.get("l1_ratio")) === 1));
  const text = typeof given === "string" ? given : usesL1 ? "1e-5" : "mean";
  const [first, second] = text.includes("*") ? text.split("*").map((part) => part.trim()) : ["1", text];
  const reference =
    second === "mean"
      ? importance.reduce((sum, value) => sum + value, 0) / importance.length
      : second === "median"
        ? median(importance)
        : Number(second);
  return Number(first) * reference;
}

function median(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
