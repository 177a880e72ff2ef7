// XGBoost to ONNX, in float32: the margins have the library's own bits.
import { IngotError } from "../../core/index.ts";
import { groupsOf, roundsOf, type XgboostModel, type XgboostObjective } from "../../formats/index.ts";
import { float32, GraphBuilder, type Value } from "../../onnx/index.ts";
import { type Boosted, putAnswers } from "../answers.ts";
import { checkClasses } from "../columns.ts";
import type { Converted, Converter, ConvertOptions } from "../converter.ts";
import { emitTreeEnsemble } from "../tree_ensemble.ts";
import { addsBaseLast, baseMargins } from "./base_margin.ts";
import { treeEnsemble } from "./forest.ts";
import { emitInputs, preparedMatrix } from "./inputs.ts";
import { emitLinear } from "./linear.ts";
import { objectiveOf } from "./objective.ts";
import { emitOutputs } from "./outputs.ts";
import { xgboostReference } from "./reference.ts";

export { askedInPlace } from "./in_place.ts";

export const xgboostConverter: Converter<XgboostModel> = {
  formats: ["xgboost-json", "xgboost-ubj", "xgboost-legacy"],
  convert: convertXgboost,
};

/** @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID */
export function convertXgboost(model: XgboostModel, options: ConvertOptions = {}): Converted {
  const objective = objectiveOf(model);
  const groups = groupsOf(model);
  checkClasses(options.classes, classCount(objective, groups), model.objective, model.source);
  const margins = baseMargins(model, objective);
  const g = new GraphBuilder("xgboost");
  const { inputs, matrix } = emitInputs(g, model, options);
  const notes: string[] = [];
  const { trees, note } = treesToUse(model, options);
  if (note) notes.push(note);
  const sums = emitMargins(g, model, matrix, margins, trees);
  if (model.categories?.some((list) => list !== null) || model.tornCategories.size > 0)
    notes.push("categories that the model has not seen count as missing; XGBoost itself refuses them");
  const { outputs, promises } = putAnswers(g, emitOutputs(g, objective, sums, groups, options.classes));
  const schema = { inputs, outputs };
  return {
    model: g.build(),
    schema,
    promises,
    reference: xgboostReference(model, objective, margins, trees, schema, options),
    accepts: { largest: 3e38 },
    notes,
  };
}

/**
 * The model inside of a pipeline.
 * @param missing what stands for a missing value besides NaN
 * @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID
 */
export function boostedXgboost(model: XgboostModel, options: Pick<ConvertOptions, "missing" | "rounds">): Boosted {
  if (model.categories?.some((list) => list !== null) || model.tornCategories.size > 0)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the model takes categories of a data frame, which no step before it passes on",
      where: model.source,
      fix: "convert the XGBoost model alone, or encode categories as numbers before it",
    });
  const objective = objectiveOf(model);
  if (objective.kind === "labels")
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `${model.objective} with ${groupsOf(model)} targets (multi-label) is not converted inside of a pipeline yet`,
      where: model.source,
      fix: "convert the XGBoost model alone and declare the steps before it under `preprocess:`, or train one model per label",
    });
  const groups = groupsOf(model);
  const margins = baseMargins(model, objective);
  const { trees } = treesToUse(model, options);
  return {
    features: model.numFeature,
    emit(g, x) {
      const matrix = preparedMatrix(g, model, g.op("Cast", [x], { to: 1 }), options.missing);
      return emitOutputs(g, objective, emitMargins(g, model, matrix, margins, trees), groups, undefined);
    },
    reference: (schema) => xgboostReference(model, objective, margins, trees, schema, options),
  };
}

function treesToUse(model: XgboostModel, options: ConvertOptions): { trees: number; note: string | null } {
  if (model.trees) {
    const { rounds, note } = roundsToUse(model, options);
    return { trees: model.roundStart[rounds]!, note };
  }
  if (options.rounds === undefined) return { trees: 0, note: null };
  throw new IngotError("INPUT_INVALID", {
    what: "rounds are chosen, but a linear booster keeps only its last weights",
    where: model.source,
    fix: "leave `rounds` out",
  });
}

/** `[N, groups]` float32 */
function emitMargins(
  g: GraphBuilder,
  model: XgboostModel,
  matrix: Value,
  margins: readonly number[],
  trees: number,
): Value {
  const groups = groupsOf(model);
  if (!model.trees) return emitLinear(g, matrix, model.linear!.weights, margins, groups);
  const ensemble = (from: readonly number[]) =>
    emitTreeEnsemble(g, matrix, treeEnsemble(model.trees!, trees, from, groups, model.source));
  if (!addsBaseLast(model)) return ensemble(margins);
  return g.op("Add", [ensemble(margins.map(() => 0)), g.constant(float32(Float32Array.from(margins), [groups]))]);
}

function classCount(objective: XgboostObjective, groups: number): number {
  if (objective.kind === "value" || objective.kind === "labels") return 0;
  return objective.kind === "binary" ? 2 : groups;
}

/** Which trees `predict` uses: the scikit-learn classes stop at the best iteration, when there is one. */
function roundsToUse(model: XgboostModel, { rounds }: ConvertOptions): { rounds: number; note: string } {
  const all = roundsOf(model);
  if (rounds !== undefined) {
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > all)
      throw new IngotError("INPUT_INVALID", {
        what: `rounds ${rounds} is not between 1 and ${all}`,
        where: model.source,
        fix: "leave it out to use what the library's own predict uses",
      });
    return { rounds, note: `the first ${rounds} of ${all} rounds are used` };
  }
  const best = model.bestIteration === null ? all : Math.min(model.bestIteration + 1, all);
  if (best === all) return { rounds: all, note: `all ${all} rounds are used` };
  return {
    rounds: best,
    note: `training stopped early: the first ${best} of ${all} rounds are used, as XGBClassifier and XGBRegressor do (\`rounds: ${all}\` uses all, as Booster.predict does)`,
  };
}
