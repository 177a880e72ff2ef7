// XGBoost's trees as one TreeEnsemble, float32 like the library's own sums.
// Rule: dmlc/xgboost src/predictor/cpu_predictor.cc (sums start from the base margin, tree by tree) and
// include/xgboost/tree_model.h, src/predictor/predict_fn.h (GetNextNode: `<`, missing to the default child, category in set to the right).
import { IngotError } from "../../core/index.ts";
import type { XgboostTrees } from "../../formats/index.ts";
import { splitMode, type TreeEnsemble } from "../tree_ensemble.ts";
import { categoryLimit, categoryLimits } from "./inputs.ts";

/** Leaf vectors repeat each tree, and its sets, for every target: a small file could ask for gigabytes. */
const mostRepeatedCategories = 1 << 24;

/**
 * @param count trees to use, from the first
 * @param baseMargins added first, as trees of one leaf: rounding depends on it
 * @param groups columns of the margin
 * @throws IngotError MODEL_UNSUPPORTED when repeated sets of categories would grow beyond all use
 */
export function treeEnsemble(
  trees: XgboostTrees,
  count: number,
  baseMargins: readonly number[],
  groups: number,
  source: string,
): TreeEnsemble {
  const last = trees.start[count]!;
  const inner = trees.left.subarray(0, last).reduce((sum, child) => sum + (child === -1 ? 0 : 1), 0);
  const copies = trees.vectors ? groups : 1;
  const categories = [...trees.sets.values()].reduce((sum, set) => sum + set.length, 0);
  if (copies > 1 && categories * copies > mostRepeatedCategories)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `sets of ${categories} categories for each of ${groups} targets are more than ${mostRepeatedCategories}`,
      where: `${source}: learner.gradient_booster.model.trees`,
      fix: "train one model per target (`multi_strategy: one_output_per_tree`)",
    });
  const builder = new Builder(trees, groups, inner * copies, (last - inner) * copies + groups);
  baseMargins.forEach((margin, group) => {
    if (margin !== 0) builder.roots.push(builder.leaf(group, margin));
  });
  for (let tree = 0; tree < count; tree++) {
    if (trees.vectors) for (let group = 0; group < groups; group++) builder.roots.push(builder.tree(tree, group));
    else builder.roots.push(builder.tree(tree, trees.group[tree]!));
  }
  if (builder.roots.length === 0) builder.roots.push(builder.leaf(0, 0));
  return builder.finish();
}

class Builder {
  readonly roots: number[] = [];
  readonly #trees: XgboostTrees;
  /** Columns of the margin. */
  readonly #width: number;
  /** What a missing category is sent as, by feature. */
  readonly #limits: ReadonlyMap<number, number>;
  readonly #feature: Int32Array;
  readonly #mode: Uint8Array;
  readonly #threshold: Float32Array;
  readonly #trueChild: Int32Array;
  readonly #falseChild: Int32Array;
  readonly #missingTracksTrue: Uint8Array;
  readonly #members: Int32Array[] = [];
  readonly #leafTarget: Int32Array;
  readonly #leafWeight: Float32Array;
  #nodes = 0;
  #leaves = 0;

  constructor(trees: XgboostTrees, width: number, nodes: number, leaves: number) {
    this.#trees = trees;
    this.#width = width;
    this.#limits = categoryLimits(trees);
    this.#feature = new Int32Array(nodes);
    this.#mode = new Uint8Array(nodes);
    this.#threshold = new Float32Array(nodes);
    this.#trueChild = new Int32Array(nodes);
    this.#falseChild = new Int32Array(nodes);
    this.#missingTracksTrue = new Uint8Array(nodes);
    this.#leafTarget = new Int32Array(leaves);
    this.#leafWeight = new Float32Array(leaves);
  }

  leaf(group: number, weight: number): number {
    this.#leafTarget[this.#leaves] = group;
    this.#leafWeight[this.#leaves] = weight;
    return ~this.#leaves++;
  }

  /** One tree, parents before children; nodes that nothing leads to (pruned ones) are left out. */
  tree(tree: number, group: number): number {
    const { start, left, right } = this.#trees;
    const root = start[tree]!;
    if (left[root] === -1) return this.#leafOf(tree, root, group);
    const first = this.#node(root);
    const pending: [node: number, at: number][] = [[root, first]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [node, at] = next;
      const place = (child: number) => {
        if (left[child] === -1) return this.#leafOf(tree, child, group);
        const position = this.#node(child);
        pending.push([child, position]);
        return position;
      };
      const [onLeft, onRight] = [place(left[node]!), place(right[node]!)];
      // A category in the set goes right, so that is where true leads.
      const isTrueRight = this.#mode[at] === splitMode.member || this.#mode[at] === splitMode.eq;
      this.#trueChild[at] = isTrueRight ? onRight : onLeft;
      this.#falseChild[at] = isTrueRight ? onLeft : onRight;
    }
    return first;
  }

  #node(node: number): number {
    const { feature, condition, defaultLeft, isCategorical, sets } = this.#trees;
    const at = this.#nodes++;
    this.#feature[at] = feature[node]!;
    const missingLeft = defaultLeft[node] !== 0;
    if (isCategorical[node] !== 1) {
      this.#mode[at] = splitMode.lt;
      this.#threshold[at] = condition[node]!;
      this.#missingTracksTrue[at] = missingLeft ? 1 : 0;
      return at;
    }
    const limit = this.#limits.get(feature[node]!)!;
    const set = sets.get(node)!.filter((category) => category < categoryLimit);
    const members = missingLeft ? set : new Int32Array(set.length + 1);
    if (!missingLeft) {
      members.set(set);
      members[set.length] = limit;
    }
    // An empty set is asked for what no value is.
    this.#mode[at] = members.length > 1 ? splitMode.member : splitMode.eq;
    if (members.length > 1) this.#members[at] = members;
    else this.#threshold[at] = members[0] ?? -2;
    return at;
  }

  #leafOf(tree: number, node: number, group: number): number {
    const { condition, weight, vectors } = this.#trees;
    const value = vectors ? vectors.values[vectors.position[node]! * this.#width + group]! : condition[node]!;
    return this.leaf(group, Math.fround(value * weight[tree]!));
  }

  finish(): TreeEnsemble {
    return {
      dtype: "float32",
      roots: Int32Array.from(this.roots),
      feature: this.#feature.subarray(0, this.#nodes),
      mode: this.#mode.subarray(0, this.#nodes),
      threshold: this.#threshold.subarray(0, this.#nodes),
      trueChild: this.#trueChild.subarray(0, this.#nodes),
      falseChild: this.#falseChild.subarray(0, this.#nodes),
      missingTracksTrue: this.#missingTracksTrue.subarray(0, this.#nodes),
      members: this.#members.filter((set) => set !== undefined),
      leafTarget: this.#leafTarget.subarray(0, this.#leaves),
      leafWeight: this.#leafWeight.subarray(0, this.#leaves),
      targets: this.#width,
    };
  }
}
