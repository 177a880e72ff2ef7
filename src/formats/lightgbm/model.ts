// A LightGBM model as its text file describes it (gbdt_model_text.cpp, tree.cpp of LightGBM 2.x to 4.x).

/** One column of the training data, as `feature_infos` tells it. */
export type FeatureDomain =
  | { readonly kind: "numeric"; readonly min: number; readonly max: number }
  /** Categories met in training, most frequent first; -1 stands for missing. */
  | { readonly kind: "categorical"; readonly values: readonly number[] }
  /** Not used: constant in training. */
  | { readonly kind: "none" };

export type LightgbmCategory = string | number | boolean;

export interface Objective {
  /** Canonical name; null when the file has none (a custom objective): scores are the prediction. */
  readonly name: string | null;
  /** As in the file, e.g. `binary sigmoid:0.7`. */
  readonly text: string;
  /** Scale of the sigmoid (binary, multiclassova). */
  readonly sigmoid: number;
  /** `reg_sqrt`: the prediction is sign(x)·x². */
  readonly sqrt: boolean;
}

/** Whether a missing value is told by nothing (NaN counts as 0), by zero, or by NaN. Values of bits 2 and 3 of `decisionType`. */
export const missingType = { none: 0, zero: 1, nan: 2 } as const;

/** Bits of `decisionType`. */
export const splitBits = { categorical: 1, defaultLeft: 2 } as const;

/**
 * All trees in columns. Tree t has nodes `nodeStart[t] … nodeStart[t+1]-1` and leaves `leafStart[t] … leafStart[t+1]-1`.
 * Children are counted within the tree: >= 0 a node, < 0 the leaf `~child`.
 */
export interface LightgbmForest {
  readonly nodeStart: Int32Array;
  readonly leafStart: Int32Array;
  readonly feature: Int32Array;
  /** Numeric split: goes left when `value <= threshold`. Categorical: which of the tree's category sets goes left. */
  readonly threshold: Float64Array;
  readonly decisionType: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly leafValue: Float64Array;
  /** Per tree: its category sets, or null. */
  readonly categories: readonly (CategorySets | null)[];
  /** Per tree: the linear models in its leaves, or null. */
  readonly linear: readonly (LinearLeaves | null)[];
}

/** Category sets of one tree: set i holds the bits of `words[boundaries[i] … boundaries[i+1]-1]`. */
export interface CategorySets {
  readonly boundaries: Int32Array;
  readonly words: Uint32Array;
}

/** Linear models of one tree: leaf i is `constant[i]` + the sum of `coefficients[j] * x[features[j]]`, j in `start[i] … start[i+1]-1`. */
export interface LinearLeaves {
  readonly constant: Float64Array;
  readonly start: Int32Array;
  readonly features: Int32Array;
  readonly coefficients: Float64Array;
}

export interface LightgbmModel {
  /** File name, for messages. */
  readonly source: string;
  /** `v2`, `v3`, `v4`. */
  readonly version: string;
  readonly numClass: number;
  /** Tree t adds to output `t % treesPerIteration`. */
  readonly treesPerIteration: number;
  readonly objective: Objective;
  /** Random forest: the prediction is the mean over iterations. */
  readonly averageOutput: boolean;
  readonly featureNames: readonly string[];
  readonly domains: readonly FeatureDomain[];
  readonly forest: LightgbmForest;
  /** Training parameters, as far as the file tells them. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Categories of the pandas columns of type category, in column order; null when no data frame was used. */
  readonly pandasCategorical: readonly (readonly LightgbmCategory[])[] | null;
}

export function lightgbmTreeCount(forest: LightgbmForest): number {
  return forest.nodeStart.length - 1;
}
