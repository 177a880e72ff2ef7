// What an XGBoost file says, as plain data: checked, and still in XGBoost's own words.

/** Trees of the whole ensemble, one after the other; children are numbered over the whole ensemble, -1 marks a leaf. */
export interface XgboostTrees {
  /** First node of each tree, and the number of all nodes at the end. */
  readonly start: Int32Array;
  /** Class or target that each tree adds to (`tree_info`). */
  readonly group: Int32Array;
  /** Weight of each tree (DART), else 1. */
  readonly weight: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** Threshold of an interior node, value of a leaf (float32). */
  readonly condition: Float32Array;
  readonly defaultLeft: Uint8Array;
  /** 1: the node asks whether the category is in its set. */
  readonly isCategorical: Uint8Array;
  /** Categories that go right, by node. */
  readonly sets: ReadonlyMap<number, Int32Array>;
  /** Leaf vectors `[leaves, targets]` of multi-output trees, and each leaf's position in them by node; null elsewhere. */
  readonly vectors: { readonly values: Float32Array; readonly position: Int32Array } | null;
}

/** `gblinear`: flat `[(features + 1), groups]`, the last row is the bias. */
export interface XgboostLinear {
  readonly weights: Float32Array;
}

export interface XgboostModel {
  readonly source: string;
  readonly form: "json" | "ubj" | "legacy";
  /** Null where the file does not say. */
  readonly version: readonly [number, number, number] | null;
  readonly booster: "gbtree" | "dart" | "gblinear";
  readonly objective: string;
  /** In the space of predictions: one, or one per class or target. */
  readonly baseScore: readonly number[];
  /** The base score is what sums start from already (files of 0.x). */
  readonly baseScoreIsMargin: boolean;
  /** 0 unless the objective has classes. */
  readonly numClass: number;
  readonly numFeature: number;
  readonly numTarget: number;
  readonly featureNames: readonly string[] | null;
  /** XGBoost's words: `float`, `int`, `i` (indicator), `q`, `c` (categorical). */
  readonly featureTypes: readonly string[] | null;
  /** 0-based, where training stopped early or 1.x wrote it always. */
  readonly bestIteration: number | null;
  /** First tree of each round, and the number of trees at the end. */
  readonly roundStart: Int32Array;
  /** Names of the categories by feature (3.1 and later); null where a feature has none in the file. */
  readonly categories: readonly (readonly string[] | readonly number[] | null)[] | null;
  /** Features whose names of categories the file has torn, with how many there are: only the project can name them. */
  readonly tornCategories: ReadonlyMap<number, number>;
  readonly trees: XgboostTrees | null;
  readonly linear: XgboostLinear | null;
}

/** Whether XGBoost of this version or a later one wrote the file; false where the file does not say. */
export function isSince(version: XgboostModel["version"], major: number, minor: number): boolean {
  return version !== null && (version[0] > major || (version[0] === major && version[1] >= minor));
}

/** Whether an older XGBoost wrote the file; false where the file does not say (files of 0.x are known by their form). */
export function isBefore({ version, form }: XgboostModel, major: number, minor: number): boolean {
  return version === null ? form === "legacy" : !isSince(version, major, minor);
}

/** Columns of the margin. */
export function groupsOf(model: XgboostModel): number {
  return Math.max(model.numClass, model.numTarget, 1);
}

/** Rounds in the file. */
export function roundsOf(model: XgboostModel): number {
  return model.roundStart.length - 1;
}
