// How XGBoost's scikit-learn classes ask a model: `Booster.inplace_predict`, not `Booster.predict`. Of a DART the two differ in the last place.
// Rule: dmlc/xgboost src/gbm/gbtree.cc, Dart::InplacePredict: each tree is added to the base margin, which is taken off again before the
// tree is weighed, in float32.
import { isBefore, type XgboostModel } from "../../formats/index.ts";
import { baseMargins } from "./base_margin.ts";
import { objectiveOf } from "./objective.ts";

/** The model with the leaves that `inplace_predict` adds up. @throws IngotError MODEL_UNSUPPORTED for an objective that is not known */
export function askedInPlace(model: XgboostModel): XgboostModel {
  const { trees, booster } = model;
  // Called `gbtree` from 3.3 on, where one way serves both; before 1.4 the classes asked `Booster.predict`.
  if (booster !== "dart" || !trees || trees.vectors || isBefore(model, 1, 4)) return model;
  const margins = baseMargins(model, objectiveOf(model));
  const condition = trees.condition.slice();
  trees.group.forEach((group, tree) => {
    const base = margins[group]!;
    for (let node = trees.start[tree]!; node < trees.start[tree + 1]!; node++)
      if (trees.left[node] === -1) condition[node] = Math.fround(condition[node]! + base) - base;
  });
  return { ...model, trees: { ...trees, condition } };
}
