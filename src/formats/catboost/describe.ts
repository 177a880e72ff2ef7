// What a person sees of a CatBoost model.
import { counted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { type CatboostModel, catboostTreeCount } from "./model.ts";

/** How `predict` turns sums into answers, by loss. Rule: catboost/python-package/catboost/core.py and eval_result/eval_helpers.cpp. */
export type CatboostLink = "binary" | "softmax" | "sigmoids" | "identity" | "exp" | "ranking" | "unknown";

const links: Readonly<Record<string, CatboostLink>> = {
  Logloss: "binary",
  CrossEntropy: "binary",
  Focal: "binary",
  MultiClass: "softmax",
  MultiClassOneVsAll: "sigmoids",
  RMSE: "identity",
  MAE: "identity",
  Quantile: "identity",
  MultiQuantile: "identity",
  Expectile: "identity",
  LogLinQuantile: "identity",
  Lq: "identity",
  MAPE: "identity",
  Huber: "identity",
  LogCosh: "identity",
  MultiRMSE: "identity",
  MultiRMSEWithMissingValues: "identity",
  Poisson: "exp",
  Tweedie: "exp",
  QueryRMSE: "ranking",
  QuerySoftMax: "ranking",
  YetiRank: "ranking",
  YetiRankPairwise: "ranking",
  PairLogit: "ranking",
  PairLogitPairwise: "ranking",
  StochasticRank: "ranking",
  LambdaMart: "ranking",
};

export function catboostLink({ loss }: CatboostModel): CatboostLink {
  return loss !== null && Object.hasOwn(links, loss) ? links[loss]! : "unknown";
}

export function describeCatboost(model: CatboostModel): ModelDescription {
  const link = catboostLink(model);
  const { dimension } = model;
  const classes = model.classes?.map(String);
  const named = classes ? { classes } : {};
  const shape = dimension === 1 ? [] : [dimension];
  const label = {
    name: "label",
    type: typeof model.classes?.[0] === "string" ? ("string" as const) : ("int" as const),
    shape: [],
  };
  const float = (name: string, of: number[], more = {}) => ({ name, type: "float" as const, shape: of, ...more });
  const outputs =
    link === "binary"
      ? [label, float("probabilities", [2], named), float("margin", [])]
      : link === "softmax" || link === "sigmoids"
        ? [label, float("probabilities", [dimension], named), float("margin", [dimension], named)]
        : [float("prediction", shape), ...(link === "exp" ? [float("margin", shape)] : [])];
  const trees = catboostTreeCount(model);
  const { kind } = model.splits;
  const statistics = kind.includes(2);
  return {
    format: `catboost-${model.form}`,
    producer: { name: "CatBoost", ...(model.version ? { version: model.version } : {}) },
    task:
      link === "binary"
        ? "binary classification"
        : link === "softmax" || link === "sigmoids"
          ? "multiclass classification"
          : link === "ranking"
            ? "ranking"
            : link === "unknown"
              ? "unknown"
              : "regression",
    summary: `${counted(trees, `${model.trees.shape === "oblivious" ? "oblivious" : "binary"} tree`)}, ${counted(model.leafValues.length / dimension, "leaf", "leaves")}`,
    inputs: catboostColumns(model).map(({ name, type }) => ({
      name,
      type: type === "number" ? "float" : "string",
      shape: [],
    })),
    outputs,
    facts: [
      ["loss", model.loss ?? "not in the file"],
      [
        "features",
        `${model.floats.length} numeric, ${model.categorical.length} categorical${model.others.length > 0 ? `, ${model.others.length} of text or embeddings` : ""}`,
      ],
      ...(statistics ? [["statistics", "splits on statistics of categories (CTR), text or embeddings"] as const] : []),
    ],
  };
}

/** The columns of the training data in order; numbered where they have no name. */
export function catboostColumns({ floats, categorical, others }: CatboostModel) {
  return [
    ...floats.map((feature, position) => ({ ...feature, type: "number" as const, position })),
    ...categorical.map((feature, position) => ({ ...feature, type: "category" as const, position })),
    ...others.map((feature, position) => ({ ...feature, position })),
  ]
    .sort((a, b) => a.column - b.column)
    .map(({ name, column, type, position }) => ({
      name: name === "" ? `feature_${column}` : name,
      hasName: name !== "",
      column,
      type,
      position,
    }));
}
