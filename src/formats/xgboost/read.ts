// From a cursor to the described model: the learner's members in whatever order the file has them.
// Rule: dmlc/xgboost src/learner.cc (LearnerIO), src/gbm/gbtree.cc and gbtree_model.cc, src/gbm/gblinear.cc (SaveModel).
import { IngotError, quoted } from "../../core/index.ts";
import { believedCategories, readCategories } from "./categories.ts";
import { type Cursor, countIn, float32Column, int32Column, numbersOf } from "./cursor.ts";
import { isSince, type XgboostModel } from "./model.ts";
import { TreeCollector } from "./trees.ts";

const mostFeatures = 1 << 24;

interface Draft {
  version: [number, number, number] | null;
  params: Record<string, string>;
  objective: string | null;
  attributes: Record<string, string>;
  featureNames: string[] | null;
  featureTypes: string[] | null;
  boosters: string[];
  parallelTrees: string;
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

/** @throws IngotError MODEL_INVALID, MODEL_UNSUPPORTED, FILE_MALFORMED, FILE_TRUNCATED */
export function readLearner(cursor: Cursor, source: string, form: XgboostModel["form"]): XgboostModel {
  const trees = new TreeCollector(source);
  const draft: Draft = {
    version: null,
    params: {},
    objective: null,
    attributes: {},
    featureNames: null,
    featureTypes: null,
    boosters: [],
    parallelTrees: "1",
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
  const document = (key: string): void => {
    if (key === "learner") {
      if (draft.hasLearner) throw secondModel(cursor);
      draft.hasLearner = true;
      cursor.object((member) => readMember(cursor, member, draft, trees));
    } else if (key === "version") draft.version = versionOf(cursor);
    // A pickled Booster keeps the model beside its configuration.
    else if (key === "Model") cursor.object(document);
    else cursor.skip();
  };
  cursor.object(document);
  cursor.end();
  return finished(draft, trees, source, form);
}

function readMember(cursor: Cursor, key: string, draft: Draft, trees: TreeCollector): void {
  switch (key) {
    case "learner_model_param":
      draft.params = textMap(cursor);
      break;
    case "objective":
      cursor.object((member) => {
        if (member === "name") draft.objective = cursor.text();
        else cursor.skip();
      });
      break;
    case "attributes":
      draft.attributes = textMap(cursor);
      break;
    case "feature_names":
      draft.featureNames = texts(cursor);
      break;
    case "feature_types":
      draft.featureTypes = texts(cursor);
      break;
    case "gradient_booster":
      readBooster(cursor, draft, trees);
      break;
    default:
      cursor.skip();
  }
}

function readBooster(cursor: Cursor, draft: Draft, trees: TreeCollector): void {
  cursor.object((key) => {
    if (key === "name") draft.boosters.push(cursor.text());
    // DART before 3.3 wraps a gbtree.
    else if (key === "gbtree") readBooster(cursor, draft, trees);
    else if (key === "weight_drop") draft.outerWeightDrop = numbersOf(cursor, float32Column(), key);
    else if (key === "model") readTreeModel(cursor, draft, trees);
    else cursor.skip();
  });
}

function readTreeModel(cursor: Cursor, draft: Draft, trees: TreeCollector): void {
  if (draft.hasModel) throw secondModel(cursor);
  draft.hasModel = true;
  cursor.object((key) => {
    switch (key) {
      case "gbtree_model_param": {
        const params = textMap(cursor);
        draft.parallelTrees = params["num_parallel_tree"] ?? "1";
        draft.treeCount = params["num_trees"] ?? null;
        break;
      }
      case "iteration_indptr":
        draft.roundStart = numbersOf(cursor, int32Column(), key);
        break;
      case "tree_info":
        draft.group = numbersOf(cursor, int32Column(), key);
        break;
      case "trees":
        draft.hasTrees = true;
        cursor.array(() => trees.add(cursor));
        break;
      case "weight_drop":
        draft.weightDrop = numbersOf(cursor, float32Column(), key);
        break;
      case "weights":
        draft.weights = numbersOf(cursor, float32Column(), key);
        break;
      case "cats":
        draft.categories = readCategories(cursor);
        break;
      default:
        cursor.skip();
    }
  });
}

function finished(draft: Draft, trees: TreeCollector, source: string, form: XgboostModel["form"]): XgboostModel {
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
function roundStarts(
  { roundStart, parallelTrees }: Draft,
  trees: number,
  groups: number,
  invalid: (what: string) => IngotError,
): Int32Array {
  if (roundStart) {
    const rises = roundStart.every((start, round) => start >= (round === 0 ? 0 : roundStart[round - 1]!));
    if (!rises || roundStart[0] !== 0 || roundStart.at(-1) !== trees)
      throw invalid(`\`iteration_indptr\` does not divide ${trees} trees into rounds`);
    return roundStart;
  }
  const parallel = Math.max(1, countIn(parallelTrees));
  if (Number.isNaN(parallel)) throw invalid(`\`num_parallel_tree\` is ${quoted(parallelTrees)}`);
  // Training that went on with another `num_parallel_tree` leaves a last round that is not whole: its trees count as well.
  const perRound = parallel * groups;
  return Int32Array.from({ length: Math.ceil(trees / perRound) + 1 }, (_, round) => Math.min(round * perRound, trees));
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

/** Trees of two models would be added up. */
function secondModel(cursor: Cursor): IngotError {
  return new IngotError("MODEL_INVALID", {
    what: "the file holds a second model",
    where: cursor.where(),
    fix: "save the model again with `Booster.save_model`",
  });
}

function versionOf(cursor: Cursor): [number, number, number] | null {
  const parts = numbersOf(cursor, int32Column(), "version");
  return parts.length === 3 ? [parts[0]!, parts[1]!, parts[2]!] : null;
}

/** An object of texts (XGBoost keeps its parameters as text); other values are passed over. */
function textMap(cursor: Cursor): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  cursor.object((key) => {
    if (cursor.kind() === "string") map[key] = cursor.text();
    else cursor.skip();
  });
  return map;
}

function texts(cursor: Cursor): string[] {
  const list: string[] = [];
  cursor.array(() => {
    list.push(cursor.text());
  });
  return list;
}
