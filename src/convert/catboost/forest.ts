// CatBoost's trees as one ensemble. Rule: catboost/libs/model/cpu/{quantization.h,evaluator_impl.cpp}: a value is compared as float32,
// above a border or not; leaves are added in float64, tree after tree.
import { IngotError } from "../../core/index.ts";
import { type CatboostModel, catboostColumns, catboostTreeCount } from "../../formats/index.ts";
import { splitMode, type TreeEnsemble } from "../tree_ensemble.ts";

/** Nodes that trees may need when every level is written out; beyond, memory would not do. */
const nodeLimit = 50_000_000;

/**
 * @param trees how many, from the first
 * @returns features are the columns of the training data in order; a category is the position of its hash among the feature's
 * @throws IngotError MODEL_UNSUPPORTED for splits that need statistics of the training data
 */
export function treeEnsemble(model: CatboostModel, trees: number): TreeEnsemble {
  const { dimension, splits } = model;
  const shape = model.trees.shape === "oblivious" ? writtenOut(model, trees) : chosen(model, trees);
  const nodes = shape.split.length;
  const columnOf = columns(model);
  const feature = new Int32Array(nodes);
  const mode = new Uint8Array(nodes);
  const threshold = new Float64Array(nodes);
  const missingTracksTrue = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const split = shape.split[node]!;
    const [kind, position, value] = [splits.kind[split]!, splits.feature[split]!, splits.value[split]!];
    if (kind === 2) throw needsStatistics(model);
    feature[node] = columnOf[kind]![position]!;
    if (kind === 0) {
      mode[node] = splitMode.gt;
      threshold[node] = value;
      missingTracksTrue[node] = Number(model.floats[position]!.nan === "AsTrue");
    } else {
      mode[node] = splitMode.eq;
      threshold[node] = model.categorical[position]!.hashes.indexOf(value);
    }
  }
  const leaves = shape.leaves;
  // A leaf has one value per dimension: one copy of the trees for each, adding to its column.
  const copies = (source: Int32Array, nodesMoved: boolean) => {
    const all = new Int32Array(source.length * dimension);
    for (let copy = 0; copy < dimension; copy++)
      for (let i = 0; i < source.length; i++) {
        const child = source[i]!;
        all[copy * source.length + i] = child < 0 ? child - copy * leaves : child + (nodesMoved ? copy * nodes : 0);
      }
    return all;
  };
  const leafWeight = new Float64Array(leaves * dimension);
  const leafTarget = new Int32Array(leaves * dimension);
  for (let copy = 0; copy < dimension; copy++)
    for (let leaf = 0; leaf < leaves; leaf++) {
      leafWeight[copy * leaves + leaf] = model.leafValues[leaf * dimension + copy]!;
      leafTarget[copy * leaves + leaf] = copy;
    }
  return {
    dtype: "float64",
    roots: copies(shape.roots, true),
    feature: repeated(feature, dimension),
    mode: repeated(mode, dimension),
    threshold: repeated(threshold, dimension),
    trueChild: copies(shape.yes, true),
    falseChild: copies(shape.no, true),
    missingTracksTrue: repeated(missingTracksTrue, dimension),
    members: [],
    leafTarget,
    leafWeight,
    targets: dimension,
  };
}

/** For each kind of split: the column of each feature. */
function columns(model: CatboostModel): readonly (readonly number[])[] {
  const order = catboostColumns(model);
  const of = (type: "number" | "category", count: number) => {
    const list = new Array<number>(count).fill(0);
    for (const [at, column] of order.entries()) if (column.type === type) list[column.position] = at;
    return list;
  };
  return [of("number", model.floats.length), of("category", model.categorical.length)];
}

interface Shape {
  readonly roots: Int32Array;
  readonly split: Int32Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  readonly leaves: number;
}

function chosen({ trees, leafValues, dimension }: CatboostModel, count: number): Shape {
  if (trees.shape !== "binary") throw new TypeError("trees are oblivious");
  return { ...trees, roots: trees.roots.slice(0, count), leaves: leafValues.length / dimension };
}

/** Every level of an oblivious tree asks one question: written out as nodes, the last question first, so that leaves stand in order. */
function writtenOut(model: CatboostModel, count: number): Shape {
  if (model.trees.shape !== "oblivious") throw new TypeError("trees are not oblivious");
  const { splits, sizes } = model.trees;
  let total = 0;
  for (const size of sizes.subarray(0, count)) total += 2 ** size - 1;
  if (total * model.dimension > nodeLimit)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `its trees have ${total * model.dimension} nodes when written out, at most ${nodeLimit} can be converted`,
      where: model.source,
      fix: "train with a smaller depth, or fewer trees",
    });
  const [split, yes, no, roots] = [
    new Int32Array(total),
    new Int32Array(total),
    new Int32Array(total),
    new Int32Array(count),
  ];
  let node = 0;
  let firstSplit = 0;
  let firstLeaf = 0;
  for (let tree = 0; tree < count; tree++) {
    const size = sizes[tree]!;
    roots[tree] = size === 0 ? ~firstLeaf : node;
    for (let level = 0; level < size; level++)
      for (let i = 0; i < 2 ** level; i++) {
        const at = node + 2 ** level - 1 + i;
        split[at] = splits[firstSplit + size - 1 - level]!;
        const child = 2 * i;
        const isLast = level === size - 1;
        no[at] = isLast ? ~(firstLeaf + child) : node + 2 ** (level + 1) - 1 + child;
        yes[at] = isLast ? ~(firstLeaf + child + 1) : node + 2 ** (level + 1) - 1 + child + 1;
      }
    node += 2 ** size - 1;
    firstSplit += size;
    firstLeaf += 2 ** size;
  }
  return { roots, split, yes, no, leaves: model.leafValues.length / model.dimension };
}

function repeated<T extends Int32Array | Uint8Array | Float64Array>(source: T, times: number): T {
  const all = new (source.constructor as new (length: number) => T)(source.length * times);
  for (let copy = 0; copy < times; copy++) all.set(source, copy * source.length);
  return all;
}

function needsStatistics(model: CatboostModel): IngotError {
  return new IngotError("MODEL_UNSUPPORTED", {
    what: "some trees split on statistics of categories (CTR), text or embeddings, which need tables from training",
    where: `${model.source}${model.version ? ` (CatBoost ${model.version})` : ""}: ${catboostTreeCount(model)} trees`,
    fix: "train with a `one_hot_max_size` above the number of categories, or encode such columns before CatBoost",
  });
}
