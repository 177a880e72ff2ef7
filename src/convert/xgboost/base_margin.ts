// What sums start from: the base score, which files keep in the space of predictions, as margins.
// Rule: dmlc/xgboost src/objective/*, ProbToMargin of each objective, in float32 step by step.
import { IngotError } from "../../core/index.ts";
import { groupsOf, isBefore, type XgboostModel, type XgboostObjective } from "../../formats/index.ts";
import { logFloat32 } from "./log_float32.ts";

/** From 3.2 on, probabilities are kept this far from 0 and 1 (measured: 3.1 refuses 0 and 1, 3.2 takes them). */
const least = Math.fround(1e-6);
const most = Math.fround(1 - least);

/** One per group. @throws IngotError MODEL_INVALID for a base score that the objective's link has no margin for */
export function baseMargins(model: XgboostModel, { base }: XgboostObjective): number[] {
  return Array.from({ length: groupsOf(model) }, (_, group) => {
    // gblinear takes the first of several base scores for every class (measured with 3.2; GBLinear::PredictBatchInternal).
    const score = model.baseScore[model.baseScore.length === 1 || model.linear ? 0 : group]!;
    if (base === "identity" || model.baseScoreIsMargin) return score;
    if (base === "log") return score > 0 ? logFloat32(score) : refuse(model, score, "positive number");
    const share = staysInside(model) ? Math.min(Math.max(score, least), most) : score;
    if (!(share > 0 && share < 1)) return refuse(model, score, "probability");
    return -logFloat32(Math.fround(Math.fround(1 / share) - 1));
  });
}

/** Before 1.3 trees were added up by themselves, and the base score to their sum (measured with 0.90, 1.2.1 and 1.3.3). */
export function addsBaseLast(model: XgboostModel): boolean {
  return isBefore(model, 1, 3);
}

function staysInside({ version }: XgboostModel): boolean {
  return version !== null && (version[0] > 3 || (version[0] === 3 && version[1] >= 2));
}

function refuse(model: XgboostModel, score: number, wanted: string): never {
  throw new IngotError("MODEL_INVALID", {
    what: `base_score ${score} is no ${wanted}, which ${model.objective} asks for`,
    where: `${model.source}: learner.learner_model_param.base_score`,
    fix: "train again with another `base_score`",
  });
}
