// Forests as nodes of the graph, in two ways that both keep the library's bits.
//
// By leaf: the trees compare in float32, as the library casts its input, and each answers the number of the leaf. A table then has
// the float64 values of the leaf. However many values a leaf has, a tree is walked once; and since no two trees are added inside of
// the operator, the order of summation is the graph's own: trees first, one after the other.
//
// By sum: one float64 per leaf, added by the operator in the order of the trees. Right where leaves have one value.
import { float64, type GraphBuilder, int32, int64, type Value } from "../../onnx/index.ts";
import { emitTreeEnsemble, splitMode, type TreeEnsemble } from "../tree_ensemble.ts";
import type { TreeNodes } from "./tree_nodes.ts";

/** A tree, and which column of X each of its features is, where it was fitted on some of them. */
export interface PlacedTree {
  readonly nodes: TreeNodes;
  readonly features?: ArrayLike<number>;
}

/** Leaves of all trees, numbered through. */
export interface LeafForest {
  readonly trees: readonly PlacedTree[];
  readonly ensemble: TreeEnsemble;
  readonly leaves: number;
}

/** The trees, to be asked for leaves. */
export function leafForest(trees: readonly PlacedTree[]): LeafForest {
  const ensemble = ensembleOf(trees, "float32", trees.length, (tree) => tree);
  return { trees, ensemble, leaves: ensemble.leafTarget.length };
}

/** One value per leaf of each tree, in the order of the trees. */
export function eachLeaf(
  trees: readonly PlacedTree[],
  visit: (tree: number, node: number, leaf: number) => void,
): void {
  let leaf = 0;
  trees.forEach(({ nodes }, tree) => {
    for (let node = 0; node < nodes.count; node++) if (nodes.left[node] === -1) visit(tree, node, leaf++);
  });
}

/** @returns `[leaves, width]`, a row of `valuesOf(tree, node, into, at)` for each leaf */
export function leafTable(
  { trees, leaves }: LeafForest,
  width: number,
  write: (tree: number, node: number, into: Float64Array, at: number) => void,
): Float64Array {
  const table = new Float64Array(leaves * width);
  eachLeaf(trees, (tree, node, leaf) => write(tree, node, table, leaf * width));
  return table;
}

/** Float32 holds integers up to here. */
const exactIntegers = 2 ** 24;

/** @returns int32 `[trees, N]`: the number of the leaf among all */
export function emitLeaves(g: GraphBuilder, matrix32: Value, { trees, ensemble, leaves }: LeafForest): Value {
  const starts = new Int32Array(trees.length);
  const weight = new Float32Array(leaves);
  const isLarge = leaves > exactIntegers;
  let last = -1;
  eachLeaf(trees, (tree, _node, leaf) => {
    if (tree !== last) starts[tree] = leaf;
    last = tree;
    weight[leaf] = isLarge ? leaf - starts[tree]! : leaf;
  });
  const found = emitTreeEnsemble(g, matrix32, { ...ensemble, leafWeight: weight });
  const byTree = g.op("Cast", [g.op("Transpose", [found], { perm: [1, 0] })], { to: 6 }, { name: "leaves" });
  return isLarge ? g.op("Add", [byTree, g.constant(int32(starts, [starts.length, 1]))]) : byTree;
}

/** Values of a row that are gathered before they are added. 10,000 rows of them are 40 MB. */
const gatheredAtOnce = 512;

/**
 * Rows of a table, added in the order of the trees.
 * @param table float64 `[leaves, width]`
 * @param start float64 `[N, width]`: what the first tree is added to, zero by default
 * @returns float64 `[N, width]`
 */
export function emitLeafSum(
  g: GraphBuilder,
  leaves: Value,
  trees: number,
  table: Float64Array,
  width: number,
  start?: Value,
): Value {
  const values = float64(table, width === 1 ? [table.length] : [table.length / width, width]);
  if (width > 1) return emitSumOfTrees(g, leaves, trees, g.constant(values, "leaf_values"), width, start);
  // A single sum is added pairwise by ONNX Runtime (1.30); of two or more it adds tree after tree. So there is one row more.
  const none = g.constant(int32(new Int32Array(trees), [trees, 1]));
  const more = g.op("Concat", [leaves, none], { axis: 1 });
  const flat = start && g.op("Reshape", [start, g.constant(int64([-1]))]);
  const from = flat && g.op("Concat", [flat, g.constant(float64([0]))], { axis: 0 });
  const sums = emitSumOfTrees(g, more, trees, g.constant(values, "leaf_values"), 1, from);
  const own = g.op("Slice", [sums, g.constant(int64([0])), g.constant(int64([-1]))]);
  return g.op("Reshape", [own, g.constant(int64([-1, 1]))]);
}

/** @returns `[N, …]`, a table's rows added over the first axis of `leaves` */
function emitSumOfTrees(
  g: GraphBuilder,
  leaves: Value,
  trees: number,
  table: Value,
  width: number,
  start?: Value,
): Value {
  const axes = g.constant(int64([0]));
  const step = Math.max(1, Math.floor(gatheredAtOnce / width));
  let sum = start;
  for (let first = 0; first < trees; first += step) {
    const end = Math.min(first + step, trees);
    const some =
      step >= trees ? leaves : g.op("Slice", [leaves, g.constant(int64([first])), g.constant(int64([end])), axes]);
    const gathered = g.op("Gather", [table, some], { axis: 0 });
    const terms = sum ? g.op("Concat", [g.op("Unsqueeze", [sum, axes]), gathered], { axis: 0 }) : gathered;
    sum = g.op("ReduceSum", [terms, axes], { keepdims: 0 }, { name: "sum" });
  }
  return sum!;
}

/** The rows of a table for a forest of one tree: `[N, …]`. */
export function emitLeafRows(g: GraphBuilder, leaves: Value, table: Value): Value {
  return g.op("Gather", [table, g.op("Squeeze", [leaves, g.constant(int64([0]))])], { axis: 0 }, { name: "leaf_rows" });
}

/**
 * Sums of one value per leaf.
 * @param starts what each target starts from; where absent, zero
 * @param matrix64 float64 `[N, features]`, rounded to float32 before
 * @returns float64 `[N, targets]`
 */
export function emitTreeSums(
  g: GraphBuilder,
  matrix64: Value,
  trees: readonly PlacedTree[],
  targets: number,
  targetOf: (tree: number) => number,
  weightOf: (tree: number, node: number) => number,
  starts: readonly number[] = [],
): Value {
  const ensemble = ensembleOf(trees, "float64", targets, targetOf);
  const weight = ensemble.leafWeight;
  eachLeaf(trees, (tree, node, leaf) => {
    weight[leaf] = weightOf(tree, node);
  });
  return emitTreeEnsemble(g, matrix64, starting(ensemble, starts));
}

/** Constants go first, as trees of one leaf each: added last, they would round elsewhere. */
export function starting(ensemble: TreeEnsemble, starts: readonly number[]): TreeEnsemble {
  if (starts.length === 0) return ensemble;
  const leaves = ensemble.leafTarget.length;
  const leafWeight = new Float64Array(leaves + starts.length);
  leafWeight.set(ensemble.leafWeight);
  leafWeight.set(starts, leaves);
  return {
    ...ensemble,
    roots: Int32Array.from([...starts.map((_, k) => ~(leaves + k)), ...ensemble.roots]),
    leafTarget: Int32Array.from([...ensemble.leafTarget, ...starts.keys()]),
    leafWeight,
  };
}

/** Columns of all trees, without weights. */
function ensembleOf(
  trees: readonly PlacedTree[],
  dtype: TreeEnsemble["dtype"],
  targets: number,
  targetOf: (tree: number) => number,
): TreeEnsemble {
  const [inner, leaves] = sizes(trees);
  const Floats = dtype === "float32" ? Float32Array : Float64Array;
  const ensemble = {
    dtype,
    roots: new Int32Array(trees.length),
    feature: new Int32Array(inner),
    mode: new Uint8Array(inner).fill(splitMode.leq),
    threshold: new Floats(inner),
    trueChild: new Int32Array(inner),
    falseChild: new Int32Array(inner),
    missingTracksTrue: new Uint8Array(inner),
    members: [],
    leafTarget: new Int32Array(leaves),
    leafWeight: new Floats(leaves),
    targets,
  };
  let [nextInner, nextLeaf] = [0, 0];
  trees.forEach(({ nodes, features }, tree) => {
    const { count, left, right, feature, threshold, missingLeft } = nodes;
    const place = new Int32Array(count);
    for (let node = 0; node < count; node++)
      if (left[node] === -1) {
        ensemble.leafTarget[nextLeaf] = targetOf(tree);
        place[node] = ~nextLeaf++;
      } else place[node] = nextInner++;
    ensemble.roots[tree] = place[0]!;
    for (let node = 0; node < count; node++) {
      const at = place[node]!;
      if (at < 0) continue;
      ensemble.feature[at] = features ? features[feature[node]!]! : feature[node]!;
      ensemble.threshold[at] = dtype === "float32" ? float32Below(threshold[node]!) : threshold[node]!;
      ensemble.trueChild[at] = place[left[node]!]!;
      ensemble.falseChild[at] = place[right[node]!]!;
      ensemble.missingTracksTrue[at] = missingLeft?.[node] ? 1 : 0;
    }
  });
  return ensemble;
}

function sizes(trees: readonly PlacedTree[]): [inner: number, leaves: number] {
  let [inner, leaves] = [0, 0];
  for (const { nodes } of trees)
    for (let node = 0; node < nodes.count; node++) nodes.left[node] === -1 ? leaves++ : inner++;
  return [inner, leaves];
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The largest float32 that is not above `value`: for every float32 x, `x <= value` says the same of both. */
export function float32Below(value: number): number {
  float[0] = value;
  if (!(float[0] > value)) return float[0];
  if (float[0] === 0) bits[0] = 0x80000001 | 0;
  else bits[0]! += float[0] > 0 ? -1 : 1;
  return float[0];
}
