// Objectives by name: what the margin means, and how a base score becomes one.
// Rule: dmlc/xgboost src/objective/*.cc|cu, PredTransform and ProbToMargin of each objective.
import type { ModelDescription } from "../format.ts";
import type { XgboostModel } from "./model.ts";

/** From margin to prediction. */
export type XgboostLink = "identity" | "sigmoid" | "exp" | "softmax" | "step";

export interface XgboostObjective {
  /** `labels`: several, each there or not. */
  readonly kind: "value" | "binary" | "multiclass" | "labels";
  readonly link: XgboostLink;
  /** From base score to margin. */
  readonly base: "identity" | "logit" | "log";
  readonly task: ModelDescription["task"];
  /** `predict` takes the class from the margins, not from probabilities that may round to the same number. */
  readonly labelsFromMargins?: boolean;
}

const value = (task: ModelDescription["task"] = "regression"): XgboostObjective => ({
  kind: "value",
  link: "identity",
  base: "identity",
  task,
});
const exponential = (task: ModelDescription["task"] = "regression"): XgboostObjective => ({
  kind: "value",
  link: "exp",
  base: "log",
  task,
});
const multiclass: XgboostObjective = {
  kind: "multiclass",
  link: "softmax",
  base: "identity",
  task: "multiclass classification",
};
const binary = (link: XgboostLink, base: XgboostObjective["base"]): XgboostObjective => ({
  kind: "binary",
  link,
  base,
  task: "binary classification",
});

export const xgboostObjectives: Readonly<Record<string, XgboostObjective>> = {
  "reg:squarederror": value(),
  "reg:linear": value(),
  "reg:squaredlogerror": value(),
  "reg:pseudohubererror": value(),
  "reg:absoluteerror": value(),
  "reg:quantileerror": value(),
  "reg:expectileerror": value(),
  "reg:logistic": { kind: "value", link: "sigmoid", base: "logit", task: "regression" },
  "reg:gamma": exponential(),
  "reg:tweedie": exponential(),
  "count:poisson": exponential(),
  "survival:aft": exponential("survival"),
  "survival:cox": exponential("survival"),
  "rank:pairwise": value("ranking"),
  "rank:ndcg": value("ranking"),
  "rank:map": value("ranking"),
  "binary:logistic": binary("sigmoid", "logit"),
  // `predict` returns the margin as it is, and takes the base score for one.
  "binary:logitraw": { kind: "value", link: "identity", base: "identity", task: "binary classification" },
  "binary:hinge": binary("step", "identity"),
  "multi:softprob": multiclass,
  "multi:softmax": { ...multiclass, labelsFromMargins: true },
};

/** The objective of a model; undefined where it is not known. A binary one with several targets is of labels. */
export function xgboostObjectiveOf({ objective, numTarget }: XgboostModel): XgboostObjective | undefined {
  if (!Object.hasOwn(xgboostObjectives, objective)) return undefined;
  const known = xgboostObjectives[objective]!;
  return known.kind === "binary" && numTarget > 1
    ? { ...known, kind: "labels", task: "multilabel classification" }
    : known;
}
