// The objective line: what turns scores into predictions (ParseObjectiveAlias of config.h, objective_function.cpp).
import { IngotError, quoted } from "../../core/index.ts";
import type { Objective } from "./model.ts";

const aliases: Readonly<Record<string, string>> = {
  regression_l2: "regression",
  mean_squared_error: "regression",
  mse: "regression",
  l2: "regression",
  l2_root: "regression",
  root_mean_squared_error: "regression",
  rmse: "regression",
  mean_absolute_error: "regression_l1",
  l1: "regression_l1",
  mae: "regression_l1",
  softmax: "multiclass",
  multiclass_ova: "multiclassova",
  ova: "multiclassova",
  ovr: "multiclassova",
  xentropy: "cross_entropy",
  xentlambda: "cross_entropy_lambda",
  mean_absolute_percentage_error: "mape",
  xendcg: "rank_xendcg",
  xe_ndcg: "rank_xendcg",
  xe_ndcg_mart: "rank_xendcg",
  xendcg_mart: "rank_xendcg",
};

/** How each objective's scores become predictions. */
export const objectiveLinks = {
  regression: "identity",
  regression_l1: "identity",
  huber: "identity",
  fair: "identity",
  quantile: "identity",
  mape: "identity",
  poisson: "exp",
  gamma: "exp",
  tweedie: "exp",
  binary: "binary",
  multiclass: "softmax",
  multiclassova: "sigmoids",
  cross_entropy: "sigmoid",
  cross_entropy_lambda: "log1p-exp",
  lambdarank: "rank",
  rank_xendcg: "rank",
} as const satisfies Record<string, string>;

export type LightgbmObjective = keyof typeof objectiveLinks;

/** Objectives whose `reg_sqrt` counts when predicting: those that do not override RegressionL2loss::ConvertOutput. */
const takesSqrt = new Set(["regression", "regression_l1", "huber", "fair", "quantile", "mape"]);

/**
 * @param text what stands behind `objective=`, undefined when the file has no such line
 * @throws IngotError MODEL_UNSUPPORTED naming an objective that is not known, MODEL_INVALID without its sigmoid
 */
export function parseObjective(text: string | undefined, source: string): Objective {
  const words = (text ?? "").split(" ").filter((word) => word !== "");
  const first = words[0];
  if (first === undefined || ["custom", "none", "null", "na"].includes(first))
    return { name: null, text: text ?? "", sigmoid: 1, sqrt: false };
  const name = aliases[first] ?? first;
  if (!Object.hasOwn(objectiveLinks, name))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `objective ${quoted(first)} is not known`,
      where: `${source}: objective`,
      fix: `known are ${Object.keys(objectiveLinks).join(", ")}, and models without an objective`,
    });
  let sigmoid = 1;
  if (name === "binary" || name === "multiclassova") {
    const word = words.find((each) => each.startsWith("sigmoid:"));
    sigmoid = word === undefined ? Number.NaN : libraryNumber(word.slice("sigmoid:".length));
    if (!(sigmoid > 0 && Number.isFinite(sigmoid)))
      throw new IngotError("MODEL_INVALID", {
        what: `objective ${quoted(text)} has no sigmoid above zero`,
        where: `${source}: objective`,
        fix: "the file is damaged or was edited: save the model again with `Booster.save_model`",
      });
  }
  return { name, text: text!, sigmoid, sqrt: takesSqrt.has(name) && words.includes("sqrt") };
}

/** Number of classes that `num_class:` in the objective tells, if it does. */
export function classesOf(objective: Objective): number | undefined {
  const match = /(?:^| )num_class:(\d{1,9})(?: |$)/.exec(objective.text);
  return match ? Number(match[1]) : undefined;
}

/**
 * A number as LightGBM reads it here (Common::Atof): whole part and fraction are added after each was rounded, so that the last
 * bit may differ from correct rounding. NaN when it is none.
 */
function libraryNumber(text: string): number {
  const match = /^([0-9]{0,15})(?:\.([0-9]{0,15}))?(?:[eE]([-+]?)([0-9]{1,3}))?$/.exec(text);
  if (!match || text === "" || text === ".") return Number.NaN;
  const [, whole = "", fraction = "", sign, exponent = ""] = match;
  const value = Number(whole) + Number(fraction) / 10 ** fraction.length;
  let scale = 1;
  let left = Math.min(Number(exponent), 308);
  for (; left >= 50; left -= 50) scale *= 1e50;
  for (; left >= 8; left -= 8) scale *= 1e8;
  for (; left > 0; left--) scale *= 10;
  return sign === "-" ? value / scale : value * scale;
}
