// The one place that lays trees out as ONNX: ai.onnx.ml 5 TreeEnsemble, sums without transformation. Its older forms,
// `post_transform` and base values have defects in ONNX Runtime, and lose float64: they are never used.
import type { GraphBuilder, Tensor, Value } from "../onnx/index.ts";

/** Comparison of a node, as ai.onnx.ml 5 numbers them (onnx/defs/traditionalml/defs.cc, nodes_modes). */
export const splitMode = { leq: 0, lt: 1, gte: 2, gt: 3, eq: 4, neq: 5, member: 6 } as const;

/**
 * A forest in columns. A child >= 0 is a node; < 0 is leaf `~child`. One numbering over the whole ensemble. Children may be
 * shared (a graph without cycles): the runtimes read them so.
 */
export interface TreeEnsemble {
  /** Type of the features, the thresholds, the leaves and the sums. */
  readonly dtype: "float32" | "float64";
  /** One per tree, in the order of summation: a node or `~leaf`. */
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  /** `splitMode` of each node. */
  readonly mode: Uint8Array;
  readonly threshold: Float32Array | Float64Array;
  readonly trueChild: Int32Array;
  readonly falseChild: Int32Array;
  /** 1: a NaN goes to the true child. */
  readonly missingTracksTrue: Uint8Array;
  /** Sets of the `member` nodes, in the order of the nodes. */
  readonly members: readonly ArrayLike<number>[];
  /** Column of the output that a leaf adds to; one for all leaves of a tree: ONNX Runtime (1.30) merges leaves by weight alone. */
  readonly leafTarget: Int32Array;
  readonly leafWeight: Float32Array | Float64Array;
  /** Columns of the output. */
  readonly targets: number;
}

/**
 * @param matrix features `[N, n_features]` of the ensemble's dtype
 * @returns sums `[N, targets]` of the same dtype, added in tree order (on one thread)
 */
export function emitTreeEnsemble(g: GraphBuilder, matrix: Value, trees: TreeEnsemble): Value {
  const { nodes, roots, leafTarget, leafWeight } = rootedInNodes(trees);
  const { dtype } = trees;
  const tensor = (data: Float32Array | Float64Array): Tensor => ({ dtype, dims: [data.length], data });
  return g.op(
    "TreeEnsemble",
    [matrix],
    {
      aggregate_function: 1,
      post_transform: 0,
      n_targets: trees.targets,
      tree_roots: roots,
      nodes_featureids: nodes.feature,
      nodes_modes: { dtype: "uint8", dims: [nodes.mode.length], data: nodes.mode },
      nodes_splits: tensor(nodes.threshold),
      nodes_truenodeids: positions(nodes.trueChild),
      nodes_trueleafs: leafFlags(nodes.trueChild),
      nodes_falsenodeids: positions(nodes.falseChild),
      nodes_falseleafs: leafFlags(nodes.falseChild),
      nodes_missing_value_tracks_true: Int32Array.from(nodes.missingTracksTrue),
      leaf_targetids: leafTarget,
      leaf_weights: tensor(leafWeight),
      ...(trees.members.length > 0 ? { membership_values: tensor(delimited(trees.members, dtype)) } : {}),
    },
    { domain: "ai.onnx.ml", name: "trees", results: [{ dtype, shape: [matrix.shape?.[0] ?? "N", trees.targets] }] },
  );
}

type Nodes = Pick<TreeEnsemble, "feature" | "mode" | "threshold" | "trueChild" | "falseChild" | "missingTracksTrue">;
type Rooted = Pick<TreeEnsemble, "roots" | "leafTarget" | "leafWeight"> & { nodes: Nodes };

/**
 * `tree_roots` names nodes only: a tree that is a single leaf becomes a node with that leaf on one side and a copy of it on the
 * other. A copy, because ONNX Runtime (1.30) takes a node with one leaf on both sides for that leaf, and to a leaf that stands first
 * it adds the weights of leaves that it merges elsewhere: neighbouring `EQ` nodes of one feature whose leaves weigh the same.
 */
function rootedInNodes(trees: TreeEnsemble): Rooted {
  const single = trees.roots.filter((root) => root < 0);
  if (single.length === 0) return { ...trees, nodes: trees };
  const [count, leaves, more] = [trees.feature.length, trees.leafTarget.length, single.length];
  let next = count;
  const weights = new (arrayOf(trees.dtype))(more);
  weights.set(Array.from(single, (root) => trees.leafWeight[~root]!));
  return {
    roots: trees.roots.map((root) => (root < 0 ? next++ : root)),
    leafTarget: extended(
      trees.leafTarget,
      single.map((root) => trees.leafTarget[~root]!),
    ),
    leafWeight: extended(trees.leafWeight, weights),
    nodes: {
      feature: extended(trees.feature, new Int32Array(more)),
      mode: extended(trees.mode, new Uint8Array(more)),
      threshold: extended(trees.threshold, new (arrayOf(trees.dtype))(more)),
      trueChild: extended(trees.trueChild, single),
      falseChild: extended(
        trees.falseChild,
        single.map((_, i) => ~(leaves + i)),
      ),
      missingTracksTrue: extended(trees.missingTracksTrue, new Uint8Array(more)),
    },
  };
}

function arrayOf(dtype: TreeEnsemble["dtype"]) {
  return dtype === "float32" ? Float32Array : Float64Array;
}

function extended<T extends Int32Array | Uint8Array | Float32Array | Float64Array>(first: T, second: T): T {
  const whole = new (first.constructor as new (length: number) => T)(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function positions(children: Int32Array): Int32Array {
  return children.map((child) => (child < 0 ? ~child : child));
}

function leafFlags(children: Int32Array): Int32Array {
  return children.map((child) => (child < 0 ? 1 : 0));
}

/** `membership_values`: the sets one after the other, each closed by a NaN. */
function delimited(sets: readonly ArrayLike<number>[], dtype: TreeEnsemble["dtype"]): Float32Array | Float64Array {
  const values = new (arrayOf(dtype))(sets.reduce((sum, set) => sum + set.length + 1, 0));
  let offset = 0;
  for (const set of sets) {
    values.set(set, offset);
    offset += set.length;
    values[offset++] = Number.NaN;
  }
  return values;
}
