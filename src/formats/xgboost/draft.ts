// What a file holds, whatever its form, becomes the described model: everything is there, and fits together.
import { IngotError, quoted } from "../../core/index.ts";
import { believedCategories, type readCategories } from "./categories.ts";
import { countIn } from "./cursor.ts";
import { isSince, type XgboostModel } from "./model.ts";
import type { TreeCollector } from "./trees.ts";

const mostFeatures = 1 << 24;

/** What a file said so far, in its own words. */
export interface Draft {
  version: [number, number, number] | null;
  params: Record<string, string>;
  /** Before 1.0 the file held what sums start from; since then it holds a prediction. */
  baseScoreIsMargin: boolean;
  objective: string | null;
  attributes: Record<string, string>;
  featureNames: string[] | null;
  featureTypes: string[] | null;
  boosters: string[];
  /** Null where the file does not say: before 1.6. */
  parallelTrees: string | null;
  /** As the file counts them; null where it does not. */
  treeCount: string | null;
  roundStart: Int32Array | null;
  group: Int32Array;
  /** Beside the `gbtree` of a `dart`. */
  outerWeightDrop: Float32Array | null;
  weightDrop: Float32Array | null;
  weights: Float32Array | null;
  categories: ReturnType<typeof readCategories>;
  hasLearner: boolean;
  hasModel: boolean;
  hasTrees: boolean;
}

export function emptyDraft(): Draft {
  return {
    version: null,
    params: {},
    baseScoreIsMargin: false,
    objective: null,
    attributes: {},
    featureNames: null,
    featureTypes: null,
    boosters: [],
    parallelTrees: null,
    treeCount: null,
    roundStart: null,
    group: new Int32Array(),
    outerWeightDrop: null,
    weightDrop: null,
    weights: null,
    categories: [],
    hasLearner: false,
    hasModel: false,
    hasTrees: false,
  };
}

/**
 * What was read, checked.
 * @throws IngotError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function described(
  draft: Draft,
  trees: TreeCollector,
  source: string,
  form: XgboostModel["form"],
): XgboostModel {
  const invalid = (what: string, fix = "save the model again with `Booster.save_model`") =>
    new IngotError("MODEL_INVALID", { what, where: source, fix });
  const [outer] = draft.boosters.includes("dart") ? ["dart"] : draft.boosters;
  if (outer !== "gbtree" && outer !== "dart" && outer !== "gblinear")
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: outer === undefined ? "the file holds no booster" : `booster ${quoted(outer)} is not known`,
      where: `${source}: learner.gradient_booster.name`,
      fix: "gbtree, dart and gblinear are read",
    });
  if (draft.objective === null) throw invalid("`learner.objective.name` is missing");
  const count = (key: string, fallback: number, most: number) => {
    const value = countIn(draft.params[key] ?? String(fallback));
    if (!(value <= most)) throw invalid(`\`learner_model_param.${key}\` is ${quoted(draft.params[key])}`);
    return value;
  };
  const numFeature = count("num_feature", 0, mostFeatures);
  if (numFeature === 0) throw invalid("`learner_model_param.num_feature` is 0 or missing");
  const numClass = count("num_class", 0, 1 << 16);
  const numTarget = count("num_target", 1, 1 << 16);
  const groups = Math.max(numClass, numTarget, 1);
  // An empty list: trained without names.
  for (const [name, list] of [
    ["feature_names", draft.featureNames],
    ["feature_types", draft.featureTypes],
  ] as const)
    if (list && list.length > 0 && list.length !== numFeature)
      throw invalid(`\`${name}\` has ${list.length} entries for ${numFeature} features`);
  if (draft.categories.length > 0 && draft.categories.length !== numFeature)
    throw invalid(`\`cats\` has ${draft.categories.length} entries for ${numFeature} features`);
  const best = draft.attributes["best_iteration"];
  const bestIteration = best === undefined ? null : countIn(best);
  if (Number.isNaN(bestIteration)) throw invalid(`the attribute \`best_iteration\` is ${quoted(best)}`);
  const isLinear = outer === "gblinear";
  if (!isLinear && !draft.hasTrees) throw invalid("`model.trees` is missing");
  if (!isLinear && trees.count === 0) throw invalid("the model has no trees", "train it first");
  if (!isLinear && draft.treeCount !== null && countIn(draft.treeCount) !== trees.count)
    throw invalid(`\`num_trees\` is ${quoted(draft.treeCount)}, the file holds ${trees.count} trees`);
  if (isLinear && draft.weights?.length !== (numFeature + 1) * groups)
    throw invalid(
      `\`weights\` has ${draft.weights?.length ?? 0} entries for ${numFeature} features and ${groups} groups`,
    );
  // A DART is called `gbtree` from 3.3 on; from 3.4 on the weights stand in its model. Older versions do not look for them in a `gbtree`.
  if (draft.outerWeightDrop && outer !== "dart" && !isSince(draft.version, 3, 3))
    throw invalid(`\`weight_drop\` stands beside the model of a ${outer}: XGBoost before 3.3 does not use it`);
  const weightDrop = draft.outerWeightDrop ?? draft.weightDrop;
  if (outer === "dart" && !weightDrop) throw invalid("`weight_drop` is missing: a dart's trees have weights");
  if (weightDrop && weightDrop.length !== trees.count)
    throw invalid(`\`weight_drop\` has ${weightDrop.length} entries for ${trees.count} trees`);
  const weight = weightDrop ?? new Float32Array(isLinear ? 0 : trees.count).fill(1);
  const collectedTrees = isLinear ? null : trees.finish(draft.group, weight, numFeature, groups);
  // A multi-output tree is one tree per round whatever the number of targets.
  const roundStart = roundStarts(draft, trees.count, collectedTrees?.vectors ? 1 : groups, invalid);
  return {
    source,
    form,
    version: draft.version,
    booster: outer,
    objective: draft.objective,
    baseScoreIsMargin: draft.baseScoreIsMargin,
    baseScore: baseScores(draft.params["base_score"], groups, invalid),
    numClass,
    numFeature,
    numTarget,
    featureNames: draft.featureNames && draft.featureNames.length > 0 ? draft.featureNames : null,
    featureTypes: draft.featureTypes && draft.featureTypes.length > 0 ? draft.featureTypes : null,
    bestIteration,
    roundStart,
    ...believedCategories(draft.categories, draft.version),
    trees: collectedTrees,
    linear: isLinear ? { weights: draft.weights! } : null,
  };
}

/** From 2.0 on the file says where rounds begin; before, a round is `num_parallel_tree` trees for each group. */
function roundStarts(draft: Draft, trees: number, groups: number, invalid: (what: string) => IngotError): Int32Array {
  const { roundStart, parallelTrees } = draft;
  if (roundStart) {
    const rises = roundStart.every((start, round) => start >= (round === 0 ? 0 : roundStart[round - 1]!));
    if (!rises || roundStart[0] !== 0 || roundStart.at(-1) !== trees)
      throw invalid(`\`iteration_indptr\` does not divide ${trees} trees into rounds`);
    return roundStart;
  }
  const parallel = parallelTrees === null ? inferredParallel(draft, groups) : Math.max(1, countIn(parallelTrees));
  if (Number.isNaN(parallel)) throw invalid(`\`num_parallel_tree\` is ${quoted(parallelTrees)}`);
  // Training that went on with another `num_parallel_tree` leaves a last round that is not whole: its trees count as well.
  const perRound = parallel * groups;
  return Int32Array.from({ length: Math.ceil(trees / perRound) + 1 }, (_, round) => Math.min(round * perRound, trees));
}

/**
 * Trees that a round has for each group, where the file does not say: with several groups they stand side by side; 1.4 and 1.5 wrote how
 * many trees the best rounds have. (1.0 to 1.3 with one group and early stopping do not tell: one.)
 */
function inferredParallel({ group, attributes }: Draft, groups: number): number {
  if (groups > 1) return Math.max(1, group.length === 0 ? 1 : runOf(group));
  const best = countIn(attributes["best_iteration"] ?? "") + 1;
  const limit = countIn(attributes["best_ntree_limit"] ?? "");
  return limit >= best && limit % best === 0 ? limit / best : 1;
}

/** How many entries at the start are equal. */
function runOf(list: Int32Array): number {
  const end = list.findIndex((value) => value !== list[0]);
  return end === -1 ? list.length : end;
}

/** `"5E-1"`, or from 3.1 on `"[5E-1]"` and one per class or target. Kept as float32, as XGBoost does. */
function baseScores(text: string | undefined, groups: number, invalid: (what: string) => IngotError): number[] {
  const list = (text ?? "5E-1")
    .trim()
    .replace(/^\[(.*)\]$/s, "$1")
    .split(",");
  const values = list.map((item) =>
    Math.fround(/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(item) ? Number(item) : Number.NaN),
  );
  if (values.some((value) => !Number.isFinite(value))) throw invalid(`\`base_score\` is ${quoted(text)}`);
  if (values.length !== 1 && values.length !== groups)
    throw invalid(`\`base_score\` has ${values.length} values for ${groups} outputs`);
  return values;
}
