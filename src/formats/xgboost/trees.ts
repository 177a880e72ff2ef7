// The trees of an ensemble, from the cursor into columns, and the checks that make them trees.
import { IngotError } from "../../core/index.ts";
import { type Cursor, countIn, float32Column, int32Column, uint8Column } from "./cursor.ts";
import type { XgboostTrees } from "./model.ts";

const mostTrees = 1 << 22;
/** Runtimes load trees recursively: ONNX Runtime crashes at 12,000 levels, its WebAssembly build stops at 4,000 (measured). */
const deepestTree = 2048;

/** A node as XGBoost writes it; children are numbered within their tree. */
export interface PlainNode {
  readonly left: number;
  readonly right: number;
  readonly feature: number;
  readonly condition: number;
  readonly defaultLeft: number;
}

/** Collects `model.trees`; `finish` checks and returns them. */
export class TreeCollector {
  readonly #source: string;
  readonly #start = int32Column();
  readonly #left = int32Column();
  readonly #right = int32Column();
  readonly #feature = int32Column();
  readonly #condition = float32Column();
  readonly #defaultLeft = uint8Column();
  readonly #splitType = uint8Column();
  readonly #sets = new Map<number, Int32Array>();
  readonly #vectorValues = float32Column();
  readonly #vectorPosition = int32Column();
  #vectorSize: number | null = null;
  #trees = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get count(): number {
    return this.#trees;
  }

  /** Reads one tree. */
  add(cursor: Cursor): void {
    const tree = this.#trees++;
    if (tree >= mostTrees) throw this.#invalid(tree, `more than ${mostTrees} trees`);
    const first = this.#left.length;
    this.#start.push(first);
    const counts: Record<string, number> = {};
    const categories = int32Column();
    const nodes = int32Column();
    const segments = int32Column();
    const lengths = int32Column();
    let vectorSize = 1;
    let nodeCount: number | null = null;
    let baseWeights: number | null = null;
    let leafWeights: number | null = null;
    const columns = {
      left_children: this.#left,
      right_children: this.#right,
      split_indices: this.#feature,
      split_conditions: this.#condition,
      default_left: this.#defaultLeft,
      split_type: this.#splitType,
      categories,
      categories_nodes: nodes,
      categories_segments: segments,
      categories_sizes: lengths,
    } as const;
    cursor.object((key) => {
      if (Object.hasOwn(columns, key)) counts[key] = cursor.numbers(columns[key as keyof typeof columns]);
      else if (key === "tree_param")
        cursor.object((name) => {
          if (name !== "size_leaf_vector" && name !== "num_nodes") return cursor.skip();
          const value = countIn(cursor.kind() === "string" ? cursor.text() : String(cursor.number()));
          if (name === "num_nodes") nodeCount = value;
          else vectorSize = value;
        });
      else {
        // Which of these holds the leaves is known only when the tree has been read.
        if (key === "base_weights") baseWeights = cursor.position;
        if (key === "leaf_weights") leafWeights = cursor.position;
        cursor.skip();
      }
    });
    const count = this.#left.length - first;
    if (count === 0) throw this.#invalid(tree, "`left_children` is missing or empty");
    if (nodeCount !== null && nodeCount !== count)
      throw this.#invalid(tree, `\`num_nodes\` is ${nodeCount}, \`left_children\` has ${count} entries`);
    for (const key of ["right_children", "split_indices", "split_conditions", "default_left"] as const)
      if (counts[key] !== count)
        throw this.#invalid(tree, `\`${key}\` has ${counts[key] ?? 0} entries, \`left_children\` has ${count}`);
    if (counts["split_type"] === undefined) {
      // Before 1.3 there were no categories.
      this.#splitType.reserve(count);
      for (let i = 0; i < count; i++) this.#splitType.push(0);
    } else if (counts["split_type"] !== count)
      throw this.#invalid(tree, `\`split_type\` has ${counts["split_type"]} entries, \`left_children\` has ${count}`);
    for (const key of ["categories", "categories_nodes", "categories_segments", "categories_sizes"] as const)
      if (columns[key].lossy) throw this.#invalid(tree, `\`${key}\` holds what is no index`);
    this.#addSets(tree, first, count, categories.view(), nodes.view(), segments.view(), lengths.view());
    this.#addVectors(cursor, tree, first, count, vectorSize, leafWeights, baseWeights);
  }

  /** A tree of so many nodes, without categories and with one value a leaf. */
  addNodes(count: number, nodeAt: (node: number) => PlainNode): void {
    const tree = this.#trees++;
    if (tree >= mostTrees) throw this.#invalid(tree, `more than ${mostTrees} trees`);
    this.#start.push(this.#left.length);
    for (let at = 0; at < count; at++) {
      const node = nodeAt(at);
      this.#left.push(node.left);
      this.#right.push(node.right);
      this.#feature.push(node.feature);
      this.#condition.push(node.condition);
      this.#defaultLeft.push(node.defaultLeft);
      this.#splitType.push(0);
    }
  }

  #addSets(
    tree: number,
    first: number,
    count: number,
    categories: Int32Array,
    nodes: Int32Array,
    segments: Int32Array,
    lengths: Int32Array,
  ) {
    if (segments.length !== nodes.length || lengths.length !== nodes.length)
      throw this.#invalid(tree, "`categories_nodes`, `categories_segments` and `categories_sizes` differ in length");
    let total = 0;
    for (let i = 0; i < nodes.length; i++) {
      const [node, from, length] = [nodes[i]!, segments[i]!, lengths[i]!];
      if (node < 0 || node >= count) throw this.#invalid(tree, `\`categories_nodes\` names node ${node} of ${count}`);
      if (from < 0 || length < 0 || from + length > categories.length)
        throw this.#invalid(tree, `the categories of node ${node} lie outside \`categories\``);
      // Sets lie one after the other: together they are no longer than the list, which bounds what is copied.
      total += length;
      if (total > categories.length)
        throw this.#invalid(tree, `sets of ${total} categories in a list of ${categories.length}`);
      if (this.#sets.has(first + node)) throw this.#invalid(tree, `node ${node} has two sets of categories`);
      const set = categories.slice(from, from + length);
      if (set.some((category) => category < 0)) throw this.#invalid(tree, `node ${node} has a negative category`);
      this.#sets.set(first + node, set);
    }
  }

  /** Leaves of multi-output trees: `leaf_weights` (3.2, position in `right_children`), or `base_weights` of every node before. */
  #addVectors(
    cursor: Cursor,
    tree: number,
    first: number,
    count: number,
    size: number,
    leafWeights: number | null,
    baseWeights: number | null,
  ) {
    if (Number.isNaN(size)) throw this.#invalid(tree, "`size_leaf_vector` is no count");
    const width = Math.max(1, size);
    if (this.#vectorSize !== null && this.#vectorSize !== width)
      throw this.#invalid(tree, "its leaves have another size than the tree's before");
    this.#vectorSize = width;
    if (width === 1) return;
    const at = leafWeights ?? baseWeights;
    if (at === null) throw this.#invalid(tree, "neither `leaf_weights` nor `base_weights` is there");
    const resume = cursor.position;
    cursor.seek(at);
    const offset = this.#vectorValues.length / width;
    const found = cursor.numbers(this.#vectorValues);
    cursor.seek(resume);
    const rows = found / width;
    if (!Number.isInteger(rows)) throw this.#invalid(tree, `${found} leaf values for leaves of ${width}`);
    const isTaken = new Uint8Array(rows);
    const [left, right] = [this.#left.view(), this.#right.view()];
    for (let node = 0; node < count; node++) {
      const isLeaf = left[first + node] === -1;
      const row = leafWeights === null ? node : right[first + node]!;
      if (isLeaf && (row < 0 || row >= rows)) throw this.#invalid(tree, `leaf ${node} has no values`);
      // Shared values would grow when each leaf gets its own.
      if (isLeaf && isTaken[row]) throw this.#invalid(tree, `leaf ${node} has the values of another leaf`);
      if (isLeaf) isTaken[row] = 1;
      this.#vectorPosition.push(isLeaf ? offset + row : -1);
    }
  }

  /**
   * @param group class or target of each tree
   * @param weight of each tree
   */
  finish(group: Int32Array, weight: Float32Array, features: number, groups: number): XgboostTrees {
    for (const [name, column] of [
      ["left_children", this.#left],
      ["right_children", this.#right],
      ["split_indices", this.#feature],
      ["default_left", this.#defaultLeft],
      ["split_type", this.#splitType],
    ] as const)
      if (column.lossy)
        throw new IngotError("MODEL_INVALID", { what: `\`${name}\` holds what is no index`, where: this.#source });
    this.#start.push(this.#left.length);
    const start = this.#start.view();
    if (group.length !== this.#trees)
      throw new IngotError("MODEL_INVALID", {
        what: `\`tree_info\` has ${group.length} entries for ${this.#trees} trees`,
        where: this.#source,
      });
    const vectors = (this.#vectorSize ?? 1) > 1;
    if (vectors && this.#vectorSize !== groups)
      throw new IngotError("MODEL_INVALID", {
        what: `leaves have ${this.#vectorSize} values for ${groups} targets`,
        where: this.#source,
      });
    const trees: XgboostTrees = {
      start,
      group,
      weight,
      left: this.#left.view(),
      right: this.#right.view(),
      feature: this.#feature.view(),
      condition: this.#condition.view(),
      defaultLeft: this.#defaultLeft.view(),
      isCategorical: this.#splitType.view(),
      sets: this.#sets,
      vectors: vectors ? { values: this.#vectorValues.view(), position: this.#vectorPosition.view() } : null,
    };
    for (let tree = 0; tree < this.#trees; tree++) this.#check(trees, tree, features, groups);
    return trees;
  }

  /** Each node is reached once from the root; children become numbers over the whole ensemble. */
  #check(trees: XgboostTrees, tree: number, features: number, groups: number): void {
    const { left, right, feature, isCategorical, sets } = trees;
    const first = trees.start[tree]!;
    const count = trees.start[tree + 1]! - first;
    const group = trees.group[tree]!;
    if (group < 0 || group >= groups)
      throw this.#invalid(tree, `\`tree_info\` is ${group}, there are ${groups} groups`);
    const isReached = new Uint8Array(count);
    const depth = new Int32Array(count);
    const stack = [0];
    while (stack.length > 0) {
      const node = stack.pop()!;
      if (isReached[node]) throw this.#invalid(tree, `node ${node} is reached twice: this is no tree`);
      isReached[node] = 1;
      const at = first + node;
      if (depth[node]! > deepestTree)
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: `tree ${tree} is more than ${deepestTree} levels deep`,
          where: this.#source,
          fix: "train with a bound `max_depth`",
        });
      if (left[at] === -1) continue;
      for (const [side, children] of [
        ["left", left],
        ["right", right],
      ] as const) {
        const child = children[at]!;
        if (child <= 0 || child >= count)
          throw this.#invalid(tree, `the ${side} child of node ${node} is ${child}, there are ${count} nodes`);
        stack.push(child);
        depth[child] = depth[node]! + 1;
        children[at] = first + child;
      }
      if (feature[at]! < 0 || feature[at]! >= features)
        throw this.#invalid(tree, `node ${node} splits feature ${feature[at]}, there are ${features}`);
      if (isCategorical[at]! > 1)
        throw this.#invalid(tree, `node ${node} has an unknown \`split_type\` ${isCategorical[at]}`);
      if (isCategorical[at] === 1 && !sets.has(at)) throw this.#invalid(tree, `node ${node} has no categories`);
    }
  }

  #invalid(tree: number, what: string): IngotError {
    return new IngotError("MODEL_INVALID", {
      what,
      where: `${this.#source}: tree ${tree}`,
      fix: "the file is damaged or was changed by hand: save the model again",
    });
  }
}
