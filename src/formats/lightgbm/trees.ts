// The tree blocks, read into columns (Tree::Tree(const char*, size_t*) of tree.cpp).
import { readBlock, type TreeBlock } from "./block.ts";
import type { Header } from "./header.ts";
import { readLinearLeaves } from "./linear.ts";
import type { ModelText } from "./lines.ts";
import { type CategorySets, type LightgbmForest, type LinearLeaves, missingType, splitBits } from "./model.ts";
import { checkShape } from "./shape.ts";

/** No model has that many leaves; int32 columns hold them. */
const leafLimit = 1 << 30;

/**
 * Reads all trees. Their blocks lie where `tree_sizes` says, as the library finds them, or one after the other.
 * @returns the columns, and where the text behind the trees begins
 */
export function readTrees(text: ModelText, header: Header): { forest: LightgbmForest; end: number } {
  const { starts, end } = blocks(text, header);
  const trees = starts.length - 1;
  if (trees === 0) throw text.invalid("has no trees");
  if (trees % header.treesPerIteration !== 0)
    throw text.invalid(
      `${trees} trees do not fill iterations of ${header.treesPerIteration}`,
      "num_tree_per_iteration",
    );

  // Sizes first, so that every column is allocated once.
  const nodeStart = new Int32Array(trees + 1);
  const leafStart = new Int32Array(trees + 1);
  for (let t = 0; t < trees; t++) {
    const block = readBlock(text, t, starts[t]!, starts[t + 1]!);
    // A leaf takes at least two bytes of its block.
    const leaves = block.count("num_leaves", 1, Math.min(leafLimit, starts[t + 1]! - starts[t]!));
    nodeStart[t + 1] = nodeStart[t]! + leaves - 1;
    leafStart[t + 1] = leafStart[t]! + leaves;
  }
  const nodes = nodeStart[trees]!;
  const forest = {
    nodeStart,
    leafStart,
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes),
    decisionType: new Uint8Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    leafValue: new Float64Array(leafStart[trees]!),
    categories: new Array<CategorySets | null>(trees).fill(null),
    linear: new Array<LinearLeaves | null>(trees).fill(null),
  };
  for (let t = 0; t < trees; t++)
    readTree(readBlock(text, t, starts[t]!, starts[t + 1]!), forest, header.featureNames.length);
  return { forest, end };
}

type Columns = Omit<LightgbmForest, "categories" | "linear"> & {
  categories: (CategorySets | null)[];
  linear: (LinearLeaves | null)[];
};

function readTree(block: TreeBlock, forest: Columns, features: number): void {
  const t = block.index;
  const leaf = forest.leafStart[t]!;
  const leaves = forest.leafStart[t + 1]! - leaf;
  block.read("leaf_value", "float", forest.leafValue, leaf, leaves);
  if (block.has("is_linear") && block.count("is_linear", 0, 1) === 1)
    forest.linear[t] = readLinearLeaves(block, leaves, features);
  if (leaves === 1) return;
  const node = forest.nodeStart[t]!;
  const nodes = leaves - 1;
  block.read("split_feature", "int", forest.feature, node, nodes);
  block.read("threshold", "float", forest.threshold, node, nodes);
  if (block.has("decision_type")) block.read("decision_type", "byte", forest.decisionType, node, nodes);
  block.read("left_child", "int", forest.left, node, nodes);
  block.read("right_child", "int", forest.right, node, nodes);
  forest.categories[t] = readCategories(block);
  checkSplits(block, forest, node, nodes, features);
  checkShape(block, forest.left.subarray(node, node + nodes), forest.right.subarray(node, node + nodes));
}

function readCategories(block: TreeBlock): CategorySets | null {
  const sets = block.has("num_cat") ? block.count("num_cat", 0, leafLimit) : 0;
  if (sets === 0) return null;
  const [start, end] = block.span("cat_boundaries");
  if (sets > end - start) throw block.text.invalid(`has fewer than ${sets + 1} values`, block.where("cat_boundaries"));
  const boundaries = block.read("cat_boundaries", "int", new Int32Array(sets + 1));
  for (let i = 0; i <= sets; i++)
    if (i === 0 ? boundaries[0] !== 0 : boundaries[i]! < boundaries[i - 1]!)
      throw block.text.invalid(
        `value ${i} is ${boundaries[i]}: boundaries begin at 0 and rise`,
        block.where("cat_boundaries"),
      );
  const words = boundaries[sets]!;
  const [from, to] = block.span("cat_threshold");
  if (words > to - from) throw block.text.invalid(`has fewer than ${words} values`, block.where("cat_threshold"));
  return { boundaries, words: block.read("cat_threshold", "uint", new Uint32Array(words)) };
}

function checkSplits(block: TreeBlock, forest: Columns, node: number, nodes: number, features: number): void {
  const sets = forest.categories[block.index] ? forest.categories[block.index]!.boundaries.length - 1 : 0;
  const refuse = (i: number, field: string, what: string) => {
    throw block.text.invalid(`node ${i}: ${what}`, block.where(field));
  };
  for (let i = 0; i < nodes; i++) {
    const feature = forest.feature[node + i]!;
    if (feature < 0 || feature >= features) refuse(i, "split_feature", `feature ${feature} of ${features}`);
    const type = forest.decisionType[node + i]!;
    const threshold = forest.threshold[node + i]!;
    if (type > 15 || type >> 2 > missingType.nan) refuse(i, "decision_type", `${type} is not a kind of split`);
    if (type & splitBits.categorical) {
      if (!Number.isInteger(threshold) || threshold < 0 || threshold >= sets)
        refuse(i, "threshold", `category set ${threshold} of ${sets}`);
    } else if (Number.isNaN(threshold)) refuse(i, "threshold", "is not a number");
  }
}

/** Where each block begins, and at the end of the array where the last one ends. */
function blocks(text: ModelText, header: Header): { starts: number[]; end: number } {
  const starts: number[] = [];
  let at = header.end;
  if (header.treeSizes) {
    for (const size of header.treeSizes) {
      if (at + size > text.bytes.length)
        throw text.truncated(`its ${size} bytes go beyond the end of the file`, `tree ${starts.length}`);
      if (!text.startsWith("Tree=", at))
        throw text.invalid(`no tree where tree_sizes says (byte ${at})`, `tree ${starts.length}`);
      starts.push(at);
      at += size;
    }
  } else {
    while (at < text.bytes.length && !text.startsWith("end of trees", at)) {
      if (text.startsWith("Tree=", at)) starts.push(at);
      at = text.lineEnd(at) + 1;
    }
  }
  const last = Math.min(at, text.bytes.length);
  let end = last;
  while (end < text.bytes.length && (text.bytes[end] === 0x0a || text.bytes[end] === 0x0d)) end++;
  if (!text.startsWith("end of trees", end)) {
    if (end >= text.bytes.length) throw text.truncated("ends before `end of trees`");
    throw text.invalid(
      `more trees than the ${starts.length} of tree_sizes, or something else behind them (byte ${end})`,
    );
  }
  return { starts: [...starts, last], end };
}
