// ai.onnx.ml 5 TreeEnsemble: the operator that most tabular packages are made of.
// Rule: onnx/defs/traditionalml/defs.cc, TreeEnsemble; sums in tree order like ONNX Runtime on one thread.
import { IngotError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import { allocate, given, type NodeAttributes, type Operator, unsupported } from "./kernel.ts";

interface Forest {
  readonly roots: Int32Array;
  /** Features that a row must have. */
  readonly width: number;
  readonly feature: Int32Array;
  readonly mode: Uint8Array;
  readonly split: Float64Array;
  /** A child >= 0 is a node, < 0 is leaf `~child`. */
  readonly trueChild: Int32Array;
  readonly falseChild: Int32Array;
  readonly missingTracksTrue: Uint8Array;
  readonly members: readonly (ReadonlySet<number> | undefined)[];
  readonly leafTarget: Int32Array;
  readonly leafWeight: Float64Array;
  readonly targets: number;
  readonly isFloat32: boolean;
}

export const treeEnsemble: Operator = (attributes) => {
  const forest = readForest(attributes);
  return (inputs) => [evaluate(forest, given(inputs, 0))];
};

function evaluate(forest: Forest, matrix: Tensor): Tensor {
  const [rows = 0, width = 0] = matrix.dims;
  const { targets, roots, isFloat32, leafTarget, leafWeight } = forest;
  if (matrix.dims.length !== 2 || forest.width > width)
    throw new IngotError("INPUT_INVALID", {
      what: `the trees use ${forest.width} features, got shape [${matrix.dims}]`,
    });
  const data = allocate(matrix.dtype, [rows, targets]) as Float32Array | Float64Array;
  const values = matrix.data as Float32Array | Float64Array;
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    const out = row * targets;
    for (let tree = 0; tree < roots.length; tree++) {
      const leaf = leafOf(forest, roots[tree]!, values, base);
      const target = out + leafTarget[leaf]!;
      const sum = data[target]! + leafWeight[leaf]!;
      // The array rounds to float32 by itself; said here because every partial sum must be rounded.
      data[target] = isFloat32 ? Math.fround(sum) : sum;
    }
  }
  return { dtype: matrix.dtype, dims: [rows, targets], data };
}

/** The hot loop: the two comparisons that trees are made of stand in it, the others are called. */
function leafOf(forest: Forest, root: number, values: Float32Array | Float64Array, base: number): number {
  const { feature, mode, split, trueChild, falseChild, missingTracksTrue } = forest;
  let at = root;
  while (at >= 0) {
    const value = values[base + feature[at]!]!;
    const comparison = mode[at]!;
    const isTrue =
      comparison <= splitMode.lt
        ? value < split[at]! || (comparison === splitMode.leq && value === split[at]!)
        : compare(forest, at, value);
    at = isTrue || (missingTracksTrue[at] === 1 && Number.isNaN(value)) ? trueChild[at]! : falseChild[at]!;
  }
  return ~at;
}

/** nodes_modes (onnx/defs/traditionalml/defs.cc). */
const splitMode = { leq: 0, lt: 1, gte: 2, gt: 3, eq: 4, neq: 5, member: 6 } as const;

function compare(forest: Forest, node: number, value: number): boolean {
  const split = forest.split[node]!;
  switch (forest.mode[node]) {
    case splitMode.gte:
      return value >= split;
    case splitMode.gt:
      return value > split;
    case splitMode.eq:
      return value === split;
    case splitMode.neq:
      return value !== split;
    default:
      return forest.members[node]!.has(value);
  }
}

/** @throws IngotError ONNX_INVALID for lists that do not fit together, and for cycles */
function readForest(attributes: NodeAttributes): Forest {
  if (attributes.int("aggregate_function", 1) !== 1) throw unsupported("TreeEnsemble that does not sum");
  if (attributes.int("post_transform", 0) !== 0) throw unsupported("TreeEnsemble with post_transform");
  const required = <T>(name: string, list: T | null): T => {
    if (list === null) throw invalid(`attribute ${name} is missing`);
    return list;
  };
  const ints = (name: string) => required(name, attributes.int32s(name));
  const tensor = (name: string) => required(name, attributes.tensor(name));
  const feature = ints("nodes_featureids");
  const count = feature.length;
  const splits = tensor("nodes_splits");
  const weights = tensor("leaf_weights");
  const leafTarget = ints("leaf_targetids");
  const leaves = weights.data.length;
  const targets = attributes.int("n_targets", 1);
  const child = (side: "true" | "false") => {
    const flags = ints(`nodes_${side}leafs`);
    const ids = ints(`nodes_${side}nodeids`);
    if (flags.length !== count || ids.length !== count) throw invalid(`nodes_${side}nodeids has another length`);
    return ids.map((id, node) => {
      if (id < 0 || id >= (flags[node] ? leaves : count))
        throw invalid(`nodes_${side}nodeids names ${id}, which is not there`);
      return flags[node] ? ~id : id;
    });
  };
  const mode = Uint8Array.from(tensor("nodes_modes").data as ArrayLike<number>);
  if (mode.length !== count || splits.data.length !== count)
    throw invalid("nodes_modes or nodes_splits has another length");
  if (leafTarget.length !== leaves || leafTarget.some((target) => target < 0 || target >= targets))
    throw invalid("leaf_targetids does not fit n_targets");
  if (feature.some((id) => id < 0)) throw invalid("nodes_featureids holds a negative feature");
  const tracks = attributes.int32s("nodes_missing_value_tracks_true") ?? new Int32Array(count);
  if (tracks.length !== count) throw invalid("nodes_missing_value_tracks_true has another length");
  const roots = ints("tree_roots");
  if (roots.some((root) => root < 0 || root >= count)) throw invalid("tree_roots names a node that is not there");
  const forest: Forest = {
    roots,
    width: feature.reduce((most, id) => Math.max(most, id + 1), 0),
    feature,
    mode,
    split: Float64Array.from(splits.data as ArrayLike<number>),
    trueChild: child("true"),
    falseChild: child("false"),
    missingTracksTrue: Uint8Array.from(tracks, (flag) => (flag === 0 ? 0 : 1)),
    members: memberSets(mode, attributes.tensor("membership_values")),
    leafTarget,
    leafWeight: Float64Array.from(weights.data as ArrayLike<number>),
    targets,
    isFloat32: weights.dtype === "float32",
  };
  checkAcyclic(forest);
  return forest;
}

/** The sets stand one after the other in the order of the `member` nodes, each closed by a NaN. */
function memberSets(mode: Uint8Array, values: Tensor | null): (ReadonlySet<number> | undefined)[] {
  const numbers = (values?.data ?? []) as ArrayLike<number>;
  const sets: (ReadonlySet<number> | undefined)[] = [];
  let at = 0;
  for (let node = 0; node < mode.length; node++) {
    if (mode[node]! > splitMode.member) throw invalid(`nodes_modes holds ${mode[node]}`);
    if (mode[node] !== splitMode.member) continue;
    const set = new Set<number>();
    while (at < numbers.length && !Number.isNaN(numbers[at])) set.add(numbers[at++]!);
    if (at >= numbers.length) throw invalid("membership_values ends early");
    at++;
    sets[node] = set;
  }
  return sets;
}

/** Evaluation must end: no path may come back to a node. Shared children are fine. */
function checkAcyclic({ roots, trueChild, falseChild }: Forest): void {
  const state = new Uint8Array(trueChild.length);
  for (const root of roots) {
    const stack = [root];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      if (state[node] === 0) {
        state[node] = 1;
        for (const next of [trueChild[node]!, falseChild[node]!]) {
          if (next < 0 || state[next] === 2) continue;
          if (state[next] === 1) throw invalid(`node ${next} leads back to itself`);
          stack.push(next);
        }
      } else {
        state[node] = 2;
        stack.pop();
      }
    }
  }
}

function invalid(what: string): IngotError {
  return new IngotError("ONNX_INVALID", { what: `TreeEnsemble: ${what}` });
}
