// Linear leaves: constant + sum of coefficient * value, in the order of the file (Tree::Predict with is_linear_).
import { IngotError } from "../../core/index.ts";
import type { LightgbmForest, LinearLeaves } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitTreeEnsemble } from "../tree_ensemble.ts";
import { treeEnsemble } from "./forest.ts";
import { type MatrixColumns, zeroThreshold } from "./matrix.ts";

/** Trees evaluated at once, and coefficients in their tables: bounds the memory per row and for the graph. */
const groupTrees = 32;
const groupCells = 2 ** 24;

/**
 * Sum of the first `trees` trees per output, [N, targets]. Each tree says which leaf a row reaches; the leaf's model is gathered and
 * evaluated term by term, and the trees are added one after the other, as LightGBM does.
 * @param matrix what the splits compare; @param raw the values themselves, [N, features]
 */
export function emitLinearForest(
  g: GraphBuilder,
  matrix: Value,
  raw: Value,
  forest: LightgbmForest,
  trees: number,
  targets: number,
  columns: MatrixColumns,
): Value {
  const x = flushed(g, raw);
  const scores: Value[] = [];
  for (let first = 0, last = 0; first < trees; first = last) {
    last = groupEnd(forest, first, trees);
    scores.push(emitGroup(g, matrix, x, forest, first, last, columns));
  }
  const all = scores.length === 1 ? scores[0]! : g.op("Concat", scores, { axis: 1 }, { name: "tree_scores" });
  // [N, iterations, targets]; CumSum adds in order, Sum and ReduceSum promise none.
  const iterations = trees / targets;
  const split = g.op("Reshape", [all, g.constant(int64([-1, iterations, targets]))]);
  const sums = g.op("CumSum", [split, g.constant(int64([1], []))], {}, { name: "running_sums" });
  const last = g.op("Gather", [sums, g.constant(int64([iterations - 1], []))], { axis: 1 });
  // Sums begin at 0.0, which only shows when every term is -0.0.
  return g.op("Add", [last, g.constant(float64([0], []))], {}, { name: "scores" });
}

/** As many trees from `first` on as one table may hold. @throws IngotError MODEL_UNSUPPORTED when not even one fits */
function groupEnd(forest: LightgbmForest, first: number, trees: number): number {
  let width = 0;
  for (let tree = first; tree < Math.min(trees, first + groupTrees); tree++) {
    const model = forest.linear[tree];
    width = Math.max(width, model ? longest(model) : 0);
    const leaves = forest.leafStart[tree + 1]! - forest.leafStart[first]!;
    if (width <= termLimit && width * leaves <= groupCells) continue;
    if (tree > first) return tree;
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `tree ${tree} has ${leaves} linear leaves of up to ${width} terms`,
      fix: "train with fewer leaves or a bound `max_depth`",
    });
  }
  return Math.min(trees, first + groupTrees);
}

/** Terms of one leaf: a feature per level of the tree at most. */
const termLimit = 1024;

/** Values that LightGBM drops when it reads a row are 0 to the leaves too. */
function flushed(g: GraphBuilder, raw: Value): Value {
  const dropped = g.op("LessOrEqual", [g.op("Abs", [raw]), g.constant(float64([zeroThreshold], []))]);
  return g.op("Where", [dropped, g.constant(float64([0], [])), raw], {}, { name: "values" });
}

/** What trees `first … last-1` each add, [N, last-first]. */
function emitGroup(
  g: GraphBuilder,
  matrix: Value,
  x: Value,
  forest: LightgbmForest,
  first: number,
  last: number,
  columns: MatrixColumns,
): Value {
  const leafFrom = forest.leafStart[first]!;
  const leafCount = forest.leafStart[last]! - leafFrom;
  const table = leafTable(forest, first, last);
  const { width } = table;
  const trees = last - first;
  const index = new Float64Array(forest.leafValue.length);
  for (let leaf = 0; leaf < leafCount; leaf++) index[leafFrom + leaf] = leaf;
  const reached = emitTreeEnsemble(
    g,
    matrix,
    treeEnsemble(forest, first, last, columns, { target: (t) => t - first, weight: index, targets: trees }),
  );
  const leaf = g.op("Cast", [reached], { to: 7 }, { name: "leaves" });
  const perLeaf = (values: Float64Array) => g.op("Gather", [g.constant(float64(values)), leaf], { axis: 0 });

  let score = perLeaf(table.constant);
  if (width === 0) return score;
  let isMissing: Value | null = null;
  for (let term = 0; term < width; term++) {
    const feature = g.op("Gather", [g.constant(int64(table.features[term]!)), leaf], { axis: 0 });
    const value = g.op("GatherElements", [x, feature], { axis: 1 });
    const product = g.op("Mul", [perLeaf(table.coefficients[term]!), value]);
    // A leaf with fewer terms adds -0.0, which changes nothing, whatever the value.
    const used = g.op("Gather", [g.constant({ dtype: "bool", dims: [leafCount], data: table.used[term]! }), leaf], {
      axis: 0,
    });
    score = g.op("Add", [score, g.op("Where", [used, product, g.constant(float64([-0], []))])]);
    const missing = g.op("And", [used, g.op("IsNaN", [value])]);
    isMissing = isMissing ? g.op("Or", [isMissing, missing]) : missing;
  }
  return g.op("Where", [isMissing, perLeaf(table.value), score], {}, { name: "tree_score" });
}

interface LeafTable {
  /** Most terms that a leaf of the group has. */
  readonly width: number;
  /** Given out when a value that the leaf uses is NaN. */
  readonly value: Float64Array;
  readonly constant: Float64Array;
  /** Per term, by leaf. */
  readonly features: Int32Array[];
  readonly coefficients: Float64Array[];
  readonly used: Uint8Array[];
}

function leafTable(forest: LightgbmForest, first: number, last: number): LeafTable {
  const leafFrom = forest.leafStart[first]!;
  const leafCount = forest.leafStart[last]! - leafFrom;
  const models = Array.from({ length: last - first }, (_, i) => forest.linear[first + i] ?? null);
  const width = Math.max(0, ...models.map((model) => (model ? longest(model) : 0)));
  const columns = <T>(make: () => T): T[] => Array.from({ length: width }, make);
  const table = {
    width,
    value: forest.leafValue.slice(leafFrom, leafFrom + leafCount),
    constant: forest.leafValue.slice(leafFrom, leafFrom + leafCount),
    features: columns(() => new Int32Array(leafCount)),
    coefficients: columns(() => new Float64Array(leafCount)),
    used: columns(() => new Uint8Array(leafCount)),
  };
  models.forEach((model, i) => {
    if (!model) return;
    const base = forest.leafStart[first + i]! - leafFrom;
    table.constant.set(model.constant, base);
    for (let leaf = 0; leaf < model.constant.length; leaf++)
      for (let j = model.start[leaf]!, term = 0; j < model.start[leaf + 1]!; j++, term++) {
        table.features[term]![base + leaf] = model.features[j]!;
        table.coefficients[term]![base + leaf] = model.coefficients[j]!;
        table.used[term]![base + leaf] = 1;
      }
  });
  return table;
}

function longest(model: LinearLeaves): number {
  let most = 0;
  for (let leaf = 0; leaf < model.constant.length; leaf++)
    most = Math.max(most, model.start[leaf + 1]! - model.start[leaf]!);
  return most;
}
