// The binary model file: `CBM1`, the size of a FlatBuffers table, the table, then parts that only statistics of categories need.
// Rule: catboost/libs/model/model.cpp (TFullModel::Load), flatbuffers/{model,features}.fbs.
import { ByteReader, IngotError } from "../../core/index.ts";
import { FlatTable } from "../flatbuffers/reader.ts";
import {
  type BinaryTrees,
  type CatboostModel,
  checkedModel,
  type NanTreatment,
  readInfo,
  splitTable,
} from "./model.ts";

export const cbmMagic = "CBM1";

/** Numbers of the fields of TModelTrees that are read here. */
const fields = {
  dimension: 0,
  splits: 1,
  sizes: 2,
  categorical: 4,
  floats: 5,
  oneHot: 6,
  statistics: 7,
  leafValues: 8,
  steps: 10,
  leafIds: 11,
  texts: 12,
  estimated: 13,
  scale: 14,
  bias: 15,
  biases: 16,
  embeddings: 18,
} as const;

const treatments: readonly NanTreatment[] = ["AsIs", "AsFalse", "AsTrue"];

/** @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, MODEL_INVALID, MODEL_UNSUPPORTED */
export function readCbm(bytes: Uint8Array, source: string): CatboostModel {
  const reader = new ByteReader(bytes, source, 4);
  const core = FlatTable.root(reader.take(reader.u32(true)), source);
  const format = core.text(0);
  if (!format.startsWith("FlabuffersModel_"))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `the file's format is "${format}"`,
      where: source,
      fix: "save the model with CatBoost 0.10 or later",
    });
  const trees = core.table(1);
  if (!trees) throw new IngotError("MODEL_INVALID", { what: "holds no trees", where: source });

  const floats = trees.tables(fields.floats).map((feature) => ({
    name: feature.text(4),
    column: feature.int32(2, -1),
    borders: Array.from(feature.float32s(3)),
    nan: treatments[feature.int8(5)] ?? "AsIs",
  }));
  const hashes = new Map(
    trees.tables(fields.oneHot).map((feature) => [feature.int32(0, -1), Array.from(feature.int32s(1))]),
  );
  const categorical = trees.tables(fields.categorical).map((feature) => ({
    name: feature.text(2),
    column: feature.int32(1, -1),
    hashes: hashes.get(feature.int32(0, -1)) ?? [],
  }));
  const named = (field: number, type: "text" | "embedding") =>
    trees.tables(field).map((feature) => ({ name: feature.text(2), column: feature.int32(1, -1), type }));
  const statistics = countBorders(trees, fields.statistics, 1) + countBorders(trees, fields.estimated, 3);
  const dimension = trees.int32(fields.dimension, 1);
  const biases = Array.from(trees.float64s(fields.biases));
  return checkedModel({
    source,
    form: "cbm",
    floats,
    categorical,
    others: [...named(fields.texts, "text"), ...named(fields.embeddings, "embedding")],
    splits: splitTable(floats, categorical, statistics),
    trees: treesOf(trees, dimension, source),
    leafValues: trees.float64s(fields.leafValues),
    dimension,
    scale: trees.float64(fields.scale, 1),
    bias:
      biases.length > 0
        ? biases
        : Array.from({ length: Math.min(dimension, 1_000_000) }, () => trees.float64(fields.bias)),
    ...readInfo(new Map(core.tables(2).map((pair) => [pair.text(0), pair.text(1)])), source),
  });
}

function countBorders(trees: FlatTable, field: number, borders: number): number {
  return trees.tables(field).reduce((sum, feature) => sum + feature.raw(borders, 4).length / 4, 0);
}

function treesOf(trees: FlatTable, dimension: number, source: string): CatboostModel["trees"] {
  const splits = trees.int32s(fields.splits);
  const sizes = trees.int32s(fields.sizes);
  const steps = trees.raw(fields.steps, 4);
  if (steps.length === 0) return { shape: "oblivious", splits, sizes };
  return binaryTrees(splits, sizes, steps, trees.int32s(fields.leafIds), dimension, source);
}

/**
 * Trees of other shapes: every node says how far its two children are, 0 = this is where it ends, at the leaf of this node.
 * Rule: catboost/libs/model/cpu/evaluator_impl.cpp, CalcNonSymmetricTrees.
 */
function binaryTrees(
  splits: Int32Array,
  sizes: Int32Array,
  steps: Uint8Array,
  leafIds: Int32Array,
  dimension: number,
  source: string,
): BinaryTrees {
  const refuse = (what: string): never => {
    throw new IngotError("MODEL_INVALID", { what, where: source, fix: "save the model again" });
  };
  const nodes = splits.length;
  if (steps.length !== nodes * 4 || leafIds.length !== nodes) refuse("columns of the trees differ in length");
  const view = new DataView(steps.buffer, steps.byteOffset, steps.byteLength);
  const child = (node: number, offset: 0 | 2): number => {
    const step = view.getUint16(node * 4 + offset, true);
    if (step > 0) return node + step;
    const value = leafIds[node]!;
    return value >= 0 && value % dimension === 0 ? ~(value / dimension) : refuse(`node ${node} has no leaf`);
  };
  // Nodes without a question of their own are leaves: only the others stay nodes.
  const isLeaf = (node: number) => view.getUint32(node * 4, true) === 0;
  const position = new Int32Array(nodes);
  let count = 0;
  for (let node = 0; node < nodes; node++) position[node] = isLeaf(node) ? child(node, 0) : count++;
  const placed = (target: number) => {
    if (target < 0) return target;
    return target < nodes ? position[target]! : refuse(`a node leads to node ${target} of ${nodes}`);
  };
  const split = new Int32Array(count);
  const yes = new Int32Array(count);
  const no = new Int32Array(count);
  for (let node = 0; node < nodes; node++) {
    const at = position[node]!;
    if (at < 0) continue;
    split[at] = splits[node]!;
    no[at] = placed(child(node, 0));
    yes[at] = placed(child(node, 2));
  }
  const roots = new Int32Array(sizes.length);
  let start = 0;
  for (const [tree, size] of sizes.entries()) {
    if (size < 1 || start >= nodes) refuse(`tree ${tree} has ${size} nodes`);
    roots[tree] = placed(start);
    start += size;
  }
  return { shape: "binary", roots, split, yes, no };
}
