// The objective that a model was trained on, which says what its margins mean.
import { IngotError, quoted } from "../../core/index.ts";
import {
  groupsOf,
  type XgboostModel,
  type XgboostObjective,
  xgboostObjectiveOf,
  xgboostObjectives,
} from "../../formats/index.ts";

/** @throws IngotError MODEL_UNSUPPORTED, MODEL_INVALID */
export function objectiveOf(model: XgboostModel): XgboostObjective {
  const objective = xgboostObjectiveOf(model);
  if (!objective)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `objective ${quoted(model.objective)} is not known`,
      where: `${model.source}: learner.objective.name${model.version ? ` (XGBoost ${model.version.join(".")})` : ""}`,
      fix: `known: ${Object.keys(xgboostObjectives).join(", ")}`,
    });
  if (objective.kind === "multiclass" && model.numClass < 2)
    throw new IngotError("MODEL_INVALID", {
      what: `\`num_class\` is ${model.numClass} for ${model.objective}`,
      where: model.source,
    });
  if (objective.kind === "labels" && objective.link !== "sigmoid")
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `${model.objective} with ${groupsOf(model)} targets (multi-label) is not converted yet`,
      where: `${model.source}: learner.learner_model_param.num_target`,
      fix: "train with binary:logistic, or one model per label",
    });
  return objective;
}
