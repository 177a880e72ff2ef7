// From a cursor to the described model: the learner's members in whatever order the file has them.
// Rule: dmlc/xgboost src/learner.cc (LearnerIO), src/gbm/gbtree.cc and gbtree_model.cc, src/gbm/gblinear.cc (SaveModel).
import { IngotError, quoted } from "../../core/index.ts";
import { type Column, type Cursor, float32Column, float64Column, int32Column, type NumberSink } from "./cursor.ts";
import type { XgboostModel } from "./model.ts";
import { TreeCollector } from "./trees.ts";

const mostFeatures = 1 << 24;
const mostCategories = 1 << 24;

interface Draft {
  version: [number, number, number] | null;
  params: Record<string, string>;
  objective: string | null;
  attributes: Record<string, string>;
  featureNames: string[] | null;
  featureTypes: string[] | null;
  boosters: string[];
  parallelTrees: string;
  roundStart: Int32Array | null;
  group: Int32Array;
  weightDrop: Float32Array | null;
  weights: Float32Array | null;
  categories: (readonly string[] | readonly number[] | null)[] | null;
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
    roundStart: null,
    group: new Int32Array(),
    weightDrop: null,
    weights: null,
    categories: null,
    hasTrees: false,
  };
  const document = (key: string): void => {
    if (key === "learner") cursor.object((member) => readMember(cursor, member, draft, trees));
    else if (key === "version") draft.version = versionOf(cursor);
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
    else if (key === "weight_drop") draft.weightDrop = collected(cursor, float32Column());
    else if (key === "model") readTreeModel(cursor, draft, trees);
    else cursor.skip();
  });
}

function readTreeModel(cursor: Cursor, draft: Draft, trees: TreeCollector): void {
  cursor.object((key) => {
    switch (key) {
      case "gbtree_model_param":
        draft.parallelTrees = textMap(cursor)["num_parallel_tree"] ?? "1";
        break;
      case "iteration_indptr":
        draft.roundStart = collected(cursor, int32Column());
        break;
      case "tree_info":
        draft.group = collected(cursor, int32Column());
        break;
      case "trees":
        draft.hasTrees = true;
        cursor.array(() => trees.add(cursor));
        break;
      case "weight_drop":
        draft.weightDrop = collected(cursor, float32Column());
        break;
      case "weights":
        draft.weights = collected(cursor, float32Column());
        break;
      case "cats":
        draft.categories = readCategories(cursor);
        break;
      default:
        cursor.skip();
    }
  });
}

/** `cats.enc`: by feature, texts as `offsets` into UTF-8 bytes, or numbers as they are. */
function readCategories(cursor: Cursor): Draft["categories"] {
  const features: (readonly string[] | readonly number[] | null)[] = [];
  cursor.object((key) => {
    if (key !== "enc") return cursor.skip();
    cursor.array(() => {
      let offsets: Int32Array | null = null;
      let values = new Float64Array();
      const at = cursor.where();
      cursor.object((member) => {
        if (member === "offsets") offsets = collected(cursor, int32Column());
        else if (member === "values") values = collected(cursor, float64Column());
        else cursor.skip();
      });
      if (values.length > mostCategories)
        throw new IngotError("MODEL_INVALID", { what: `${values.length} categories`, where: at });
      const names = offsets === null ? Array.from(values) : textCategories(offsets, values, at);
      if (new Set<string | number>(names).size < names.length)
        throw new IngotError("MODEL_INVALID", { what: "a category appears twice", where: at });
      // Integers from 2^53 on have been rounded: two could have become one.
      if (names.some((name) => typeof name === "number" && Math.abs(name) > Number.MAX_SAFE_INTEGER))
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: "a category is too large to be told from its neighbours",
          where: at,
          fix: "use smaller numbers or strings as categories",
        });
      features.push(names);
    });
  });
  return features.length === 0 ? null : features.map((list) => (list && list.length > 0 ? list : null));
}

function textCategories(offsets: Int32Array, values: Float64Array, where: string): string[] {
  const bytes = Uint8Array.from(values, (value) => value & 0xff);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return Array.from({ length: Math.max(0, offsets.length - 1) }, (_, i) => {
      const [start, end] = [offsets[i]!, offsets[i + 1]!];
      if (start < 0 || end < start || end > bytes.length)
        throw new IngotError("MODEL_INVALID", { what: `category ${i} lies outside its text`, where });
      return decoder.decode(bytes.subarray(start, end));
    });
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw new IngotError("MODEL_INVALID", { what: "the name of a category is not UTF-8", where, cause });
  }
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
    const value = Number(draft.params[key] ?? fallback);
    if (!Number.isSafeInteger(value) || value < 0 || value > most)
      throw invalid(`\`learner_model_param.${key}\` is ${quoted(draft.params[key])}`);
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
  if (draft.categories && draft.categories.length !== numFeature)
    throw invalid(`\`cats\` has ${draft.categories.length} entries for ${numFeature} features`);
  const bestIteration =
    draft.attributes["best_iteration"] === undefined ? null : Number(draft.attributes["best_iteration"]);
  if (bestIteration !== null && (!Number.isSafeInteger(bestIteration) || bestIteration < 0))
    throw invalid(`the attribute \`best_iteration\` is ${quoted(draft.attributes["best_iteration"])}`);
  const isLinear = outer === "gblinear";
  if (!isLinear && !draft.hasTrees) throw invalid("`model.trees` is missing");
  if (!isLinear && trees.count === 0) throw invalid("the model has no trees", "train it first");
  if (isLinear && draft.weights?.length !== (numFeature + 1) * groups)
    throw invalid(
      `\`weights\` has ${draft.weights?.length ?? 0} entries for ${numFeature} features and ${groups} groups`,
    );
  if (draft.weightDrop && draft.weightDrop.length !== trees.count)
    throw invalid(`\`weight_drop\` has ${draft.weightDrop.length} entries for ${trees.count} trees`);
  const weight = draft.weightDrop ?? new Float32Array(isLinear ? 0 : trees.count).fill(1);
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
    categories: draft.categories,
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
  const parallel = Number(parallelTrees) || 1;
  if (!Number.isSafeInteger(parallel) || parallel < 1)
    throw invalid(`\`num_parallel_tree\` is ${quoted(parallelTrees)}`);
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

function versionOf(cursor: Cursor): [number, number, number] | null {
  const parts = collected(cursor, int32Column());
  return parts.length === 3 ? [parts[0]!, parts[1]!, parts[2]!] : null;
}

function collected<T extends Int32Array | Float32Array | Float64Array | Uint8Array>(
  cursor: Cursor,
  column: Column<T>,
): T {
  cursor.numbers(column satisfies NumberSink);
  return column.view();
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
