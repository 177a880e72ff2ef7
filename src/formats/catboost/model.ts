// A CatBoost model as plain data, whichever of its two files it came from. Rule: catboost/libs/model/model.h (TModelTrees) and
// flatbuffers/model.fbs of CatBoost 0.26 to 1.2.
import { IngotError } from "../../core/index.ts";

/** Answer for NaN, whatever the border: no, no, yes. */
export type NanTreatment = "AsIs" | "AsFalse" | "AsTrue";

export interface FloatFeature {
  /** Empty where training had no names. */
  readonly name: string;
  /** Column of the training data. */
  readonly column: number;
  /** float32 values, increasing. */
  readonly borders: readonly number[];
  readonly nan: NanTreatment;
}

export interface CategoricalFeature {
  readonly name: string;
  readonly column: number;
  /** Hashes that one-hot splits ask for; the names of the categories are not in the file. */
  readonly hashes: readonly number[];
}

/** Question of a split: is the value above a border, or of this category? */
export interface SplitTable {
  /** 0 a border, 1 a category, 2 a statistic of categories (CTR) or of text and embeddings. */
  readonly kind: Uint8Array;
  /** Position among `floats` or `categorical`. */
  readonly feature: Int32Array;
  /** The border, or the hash of the category. */
  readonly value: Float64Array;
}

/** Trees whose levels each ask one question: leaf number = sum of answer k times 2^k. */
export interface ObliviousTrees {
  readonly shape: "oblivious";
  /** Rows of the split table, the trees one after the other. */
  readonly splits: Int32Array;
  /** Levels of each tree. */
  readonly sizes: Int32Array;
}

/** Trees in columns; a child >= 0 is a node, < 0 is leaf `~child`; `yes` is where the answer is true. */
export interface BinaryTrees {
  readonly shape: "binary";
  readonly roots: Int32Array;
  readonly split: Int32Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
}

export interface CatboostModel {
  readonly source: string;
  readonly form: "json" | "cbm";
  /** e.g. `1.2.10`. */
  readonly version: string | null;
  readonly floats: readonly FloatFeature[];
  readonly categorical: readonly CategoricalFeature[];
  /** Columns of text and embeddings, which are not read further. */
  readonly others: readonly { readonly name: string; readonly column: number; readonly type: "text" | "embedding" }[];
  readonly splits: SplitTable;
  readonly trees: ObliviousTrees | BinaryTrees;
  /** `dimension` values per leaf, the leaves of all trees one after the other. */
  readonly leafValues: Float64Array;
  readonly dimension: number;
  readonly scale: number;
  /** One per dimension. */
  readonly bias: readonly number[];
  /** Loss function with its parameters, e.g. `Logloss`; null where the file does not say. */
  readonly loss: string | null;
  /** Names of the classes in the order of the dimensions; null for models that do not classify. */
  readonly classes: readonly (string | number | boolean)[] | null;
  /** Probability above which a binary classifier answers the second class. */
  readonly probabilityBorder: number;
}

export function catboostTreeCount({ trees }: CatboostModel): number {
  return trees.shape === "oblivious" ? trees.sizes.length : trees.roots.length;
}

/** Deepest tree of the library (training options: depth <= 16); files may say anything. */
const depthLimit = 16;

/** Checks what the two readers have in common. @throws IngotError MODEL_INVALID */
export function checkedModel(model: CatboostModel): CatboostModel {
  const refuse = (what: string): never => {
    throw new IngotError("MODEL_INVALID", { what, where: model.source, fix: "save the model again" });
  };
  const { dimension, trees, leafValues, splits } = model;
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > 1_000_000) refuse(`it has ${dimension} outputs`);
  if (model.bias.length !== dimension) refuse(`${model.bias.length} biases for ${dimension} outputs`);
  if (leafValues.length % dimension !== 0) refuse(`${leafValues.length} leaf values for ${dimension} outputs`);
  const leaves = leafValues.length / dimension;
  const questions = splits.kind.length;
  const checkSplits = (asked: Int32Array) => {
    for (const split of asked)
      if (split < 0 || split >= questions) refuse(`a tree asks question ${split} of ${questions}`);
  };
  if (trees.shape === "oblivious") {
    checkSplits(trees.splits);
    let needed = 0;
    let asked = 0;
    for (const size of trees.sizes) {
      if (size < 0 || size > depthLimit) refuse(`a tree has ${size} levels, at most ${depthLimit} exist`);
      needed += 2 ** size;
      asked += size;
    }
    if (needed !== leaves) refuse(`the trees need ${needed} leaves, the file has ${leaves}`);
    if (asked !== trees.splits.length) refuse(`the trees have ${asked} levels, the file has ${trees.splits.length}`);
  } else {
    checkSplits(trees.split);
    checkChildren(trees, leaves, refuse);
  }
  return model;
}

/** Every node and leaf belongs to at most one parent, so that trees are trees. */
function checkChildren({ roots, yes, no }: BinaryTrees, leaves: number, refuse: (what: string) => never): void {
  const nodes = yes.length;
  const seen = new Uint8Array(nodes);
  const check = (child: number) => {
    if (child < 0) {
      if (~child >= leaves) refuse(`a tree has leaf ${~child} of ${leaves}`);
      return;
    }
    if (child >= nodes) refuse(`a tree has node ${child} of ${nodes}`);
    if (seen[child] === 1) refuse(`node ${child} has two parents`);
    seen[child] = 1;
  };
  for (const root of roots) check(root);
  for (let node = 0; node < nodes; node++) {
    check(yes[node]!);
    check(no[node]!);
  }
}

interface Info {
  readonly version: string | null;
  readonly loss: string | null;
  readonly classes: CatboostModel["classes"];
  readonly probabilityBorder: number;
}

/** What the texts of the model's information say; both files hold the same keys, JSON inside text. */
export function readInfo(info: ReadonlyMap<string, string>, source: string): Info {
  const version = /v?(\d+\.\d+(?:\.\d+)*)/.exec(
    /CatBoost release ([\d.]+)|tags\/v([\d.]+)/.exec(info.get("catboost_version_info") ?? "")?.[0] ?? "",
  )?.[1];
  const parse = (key: string): Record<string, unknown> => {
    const text = info.get(key);
    if (text === undefined || text === "") return {};
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
    } catch (cause) {
      throw new IngotError("MODEL_INVALID", { what: `\`${key}\` is not JSON`, where: source, cause });
    }
  };
  const lossOptions = parse("params")["loss_function"] as { type?: unknown } | undefined;
  const border = Number(info.get("binclass_probability_threshold") ?? "");
  const { class_names: names } = parse("class_params") as { class_names?: unknown };
  const classes =
    Array.isArray(names) && names.every((name) => ["string", "number", "boolean"].includes(typeof name)) ? names : null;
  return {
    version: version ?? null,
    loss: typeof lossOptions?.type === "string" ? lossOptions.type : null,
    classes: classes && classes.length > 0 ? (classes as NonNullable<CatboostModel["classes"]>) : null,
    probabilityBorder: border > 0 && border < 1 ? border : 0.5,
  };
}

/** The questions in the file's own order: borders of each numeric feature, hashes of each categorical one, then statistics. */
export function splitTable(
  floats: readonly FloatFeature[],
  categorical: readonly { readonly hashes: readonly number[] }[],
  statistics: number,
): SplitTable {
  const known = [...floats.map((feature) => feature.borders), ...categorical.map((feature) => feature.hashes)];
  const count = known.reduce((sum, values) => sum + values.length, 0) + statistics;
  const kind = new Uint8Array(count).fill(2);
  const feature = new Int32Array(count);
  const value = new Float64Array(count);
  let at = 0;
  for (const [position, values] of known.entries())
    for (const one of values) {
      kind[at] = position < floats.length ? 0 : 1;
      feature[at] = position < floats.length ? position : position - floats.length;
      value[at++] = one;
    }
  return { kind, feature, value };
}
