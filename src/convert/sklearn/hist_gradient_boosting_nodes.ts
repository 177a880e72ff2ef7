// The trees of histogram gradient boosting, in columns. Rule: sklearn/ensemble/_hist_gradient_boosting/common.pyx (PREDICTOR_RECORD_DTYPE,
// read by field name: its fields changed their names and widths) and predictor.py (raw_left_cat_bitsets).
import { type Fitted, NdArray, PyList, PyTuple } from "../../formats/index.ts";
import { readField } from "./tree_nodes.ts";

export interface HistTree {
  readonly count: number;
  readonly value: Float64Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly isLeaf: Uint8Array;
  readonly isCategorical: Uint8Array;
  /** Row of `bitsets` of a categorical node. */
  readonly bitset: Int32Array;
  /** 8 words of 32 bits per set: categories that go left. */
  readonly bitsets: Uint32Array;
}

/** Trees of all iterations, `[iteration][k]` in the order of summation. */
export function readHistTrees(self: Fitted, features: number): { trees: HistTree[]; perIteration: number } {
  const iterations = self.items("_predictors").map((each) => {
    if (each instanceof PyList || each instanceof PyTuple) return each.items;
    throw self.invalid("has `_predictors` that are no lists");
  });
  const perIteration = iterations[0]?.length ?? 1;
  if (iterations.some((each) => each.length !== perIteration)) throw self.invalid("has iterations of different sizes");
  const trees = iterations.flatMap((each, i) =>
    each.map((tree, k) => readHistTree(self.at(tree, `_predictors[${i}][${k}]`), features)),
  );
  return { trees, perIteration };
}

function readHistTree(self: Fitted, features: number): HistTree {
  const nodes = self.array("nodes");
  const count = nodes.length;
  const column = <T extends Int32Array | Float64Array | Uint8Array>(into: T, ...names: string[]): T => {
    if (!names.some((name) => readField(nodes, name, into))) throw self.invalid(`has nodes without \`${names[0]}\``);
    return into;
  };
  const optional = (into: Uint8Array | Int32Array, name: string) => {
    readField(nodes, name, into);
    return into;
  };
  const sets = self.optionalArray("raw_left_cat_bitsets");
  const tree: HistTree = {
    count,
    value: column(new Float64Array(count), "value"),
    feature: column(new Int32Array(count), "feature_idx"),
    // `threshold` before 0.24
    threshold: column(new Float64Array(count), "num_threshold", "threshold"),
    left: column(new Int32Array(count), "left"),
    right: column(new Int32Array(count), "right"),
    isLeaf: column(new Uint8Array(count), "is_leaf"),
    missingLeft: optional(new Uint8Array(count), "missing_go_to_left") as Uint8Array,
    isCategorical: optional(new Uint8Array(count), "is_categorical") as Uint8Array,
    bitset: optional(new Int32Array(count), "bitset_idx") as Int32Array,
    bitsets: sets ? Uint32Array.from(sets.floats()) : new Uint32Array(0),
  };
  const wrong = wrongNode(tree, features);
  if (count === 0 || wrong >= 0)
    throw self.invalid(`node ${wrong} leads nowhere in a tree of ${count} nodes and ${features} features`);
  return tree;
}

/** The grower numbers nodes before their children. */
function wrongNode(tree: HistTree, features: number): number {
  const { count, left, right, feature, isLeaf, isCategorical, bitset, bitsets } = tree;
  for (let node = 0; node < count; node++) {
    if (isLeaf[node]) continue;
    const [a, b, by] = [left[node]!, right[node]!, feature[node]!];
    if (a <= node || a >= count || b <= node || b >= count || by < 0 || by >= features) return node;
    if (isCategorical[node] && (bitset[node]! < 0 || (bitset[node]! + 1) * 8 > bitsets.length)) return node;
  }
  return -1;
}

/** Whether category `code` (0 … 255) is in set `set`. */
export function inBitset(bitsets: Uint32Array, set: number, code: number): boolean {
  return ((bitsets[set * 8 + (code >> 5)]! >>> (code & 31)) & 1) === 1;
}

/** Categories that the model knows, by feature; null for numeric ones. Rule: binning.py, make_known_categories_bitsets. */
export function readKnownCategories(self: Fitted, features: number): (ReadonlySet<number> | null)[] {
  const mapper = self.optionalChild("_bin_mapper");
  const none = new Array<null>(features).fill(null);
  // Before 0.24 there were no categorical features.
  if (!mapper?.has("is_categorical_")) return none;
  const flags = mapper.floats("is_categorical_");
  const thresholds = mapper.items("bin_thresholds_");
  if (flags.length !== features || thresholds.length !== features)
    throw mapper.invalid(`has bins of ${flags.length} features, not ${features}`);
  return thresholds.map((each, feature) => {
    if (!flags[feature]) return null;
    if (!(each instanceof NdArray)) throw mapper.invalid(`has no categories of feature ${feature}`);
    return new Set(Array.from(each.floats(), asByte));
  });
}

/**
 * What a float64 becomes as an unsigned byte. Rule: _predictor.pyx casts it, and processors go through a 32-bit integer: it is cut
 * off, counts modulo 256, and is 0 beyond 32 bits.
 */
export function asByte(value: number): number {
  return value < 2 ** 31 && value > -(2 ** 31) - 1 ? Math.trunc(value) & 255 : 0;
}
