// ai.onnx.ml 5 TreeEnsemble: the operator that most tabular packages are made of.
// Rule: onnx/defs/traditionalml/defs.cc, TreeEnsemble; sums in tree order like ONNX Runtime on one thread.
import { IngotError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import { allocate, given, type NodeAttributes, type Operator, unsupported } from "./kernel.ts";

interface Forest {
  readonly roots: Int32Array;
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
  const widest = forest.feature.reduce((most, feature) => Math.max(most, feature), -1);
  if (matrix.dims.length !== 2 || widest >= width)
    throw new IngotError("INPUT_INVALID", { what: `the trees use ${widest + 1} features, got shape [${matrix.dims}]` });
  const data = allocate(matrix.dtype, [rows, targets]) as Float32Array | Float64Array;
  const values = matrix.data as ArrayLike<number>;
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    const out = row * targets;
    for (let tree = 0; tree < roots.length; tree++) {
      let at = roots[tree]!;
      while (at >= 0) at = step(forest, at, values[base + forest.feature[at]!]!);
      const leaf = ~at;
      const target = out + leafTarget[leaf]!;
      const sum = data[target]! + leafWeight[leaf]!;
      // The array rounds to float32 by itself; said here because every partial sum must be rounded.
      data[target] = isFloat32 ? Math.fround(sum) : sum;
    }
  }
  return { dtype: matrix.dtype, dims: [rows, targets], data };
}

function step(forest: Forest, node: number, value: number): number {
  const split = forest.split[node]!;
  let isTrue: boolean;
  switch (forest.mode[node]) {
    case 0:
      isTrue = value <= split;
      break;
    case 1:
      isTrue = value < split;
      break;
    case 2:
      isTrue = value >= split;
      break;
    case 3:
      isTrue = value > split;
      break;
    case 4:
      isTrue = value === split;
      break;
    case 5:
      isTrue = value !== split;
      break;
    default:
      isTrue = forest.members[node]!.has(value);
  }
  if (Number.isNaN(value) && forest.missingTracksTrue[node]) isTrue = true;
  return isTrue ? forest.trueChild[node]! : forest.falseChild[node]!;
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
  const roots = ints("tree_roots");
  if (roots.some((root) => root < 0 || root >= count)) throw invalid("tree_roots names a node that is not there");
  const forest: Forest = {
    roots,
    feature,
    mode,
    split: Float64Array.from(splits.data as ArrayLike<number>),
    trueChild: child("true"),
    falseChild: child("false"),
    missingTracksTrue: Uint8Array.from(attributes.int32s("nodes_missing_value_tracks_true") ?? new Int32Array(count)),
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
    if (mode[node]! > 6) throw invalid(`nodes_modes holds ${mode[node]}`);
    if (mode[node] !== 6) continue;
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
