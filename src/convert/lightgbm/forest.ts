// Trees as comparisons of float64: every decision of Tree::NumericalDecision and CategoricalDecision in one node each.
import { IngotError } from "../../core/index.ts";
import { type CategorySets, type LightgbmForest, missingType, splitBits } from "../../formats/index.ts";
import { splitMode, type TreeEnsemble } from "../tree_ensemble.ts";
import { type MatrixColumns, viewOf, zeroThreshold } from "./matrix.ts";

/** What the leaves of the ensemble add, and to which output. */
export interface Leaves {
  readonly target: (tree: number) => number;
  /** Weights by leaf, counted over the whole forest. */
  readonly weight: Float64Array;
  readonly targets: number;
}

/** The trees `first … last-1`, in summation order. */
export function treeEnsemble(
  forest: LightgbmForest,
  first: number,
  last: number,
  columns: MatrixColumns,
  leaves: Leaves,
): TreeEnsemble {
  const nodeFrom = forest.nodeStart[first]!;
  const leafFrom = forest.leafStart[first]!;
  const nodes = forest.nodeStart[last]! - nodeFrom;
  const leafCount = forest.leafStart[last]! - leafFrom;
  const trees = {
    dtype: "float64" as const,
    roots: new Int32Array(last - first),
    feature: new Int32Array(nodes),
    mode: new Uint8Array(nodes),
    threshold: new Float64Array(nodes),
    trueChild: new Int32Array(nodes),
    falseChild: new Int32Array(nodes),
    missingTracksTrue: new Uint8Array(nodes),
    members: [] as Int32Array[],
    leafTarget: new Int32Array(leafCount),
    leafWeight: leaves.weight.subarray(leafFrom, leafFrom + leafCount),
    targets: leaves.targets,
  };
  let held = 0;
  for (let t = first; t < last; t++) {
    const nodeBase = forest.nodeStart[t]! - nodeFrom;
    const nodeEnd = forest.nodeStart[t + 1]! - nodeFrom;
    const leafBase = forest.leafStart[t]! - leafFrom;
    const child = (index: number) => (index >= 0 ? nodeBase + index : ~(leafBase + ~index));
    trees.roots[t - first] = nodeBase < nodeEnd ? nodeBase : ~leafBase;
    trees.leafTarget.fill(leaves.target(t), leafBase, forest.leafStart[t + 1]! - leafFrom);
    for (let node = nodeBase; node < nodeEnd; node++) {
      const source = nodeFrom + node;
      const type = forest.decisionType[source]!;
      const threshold = forest.threshold[source]!;
      trees.feature[node] = columns.column(forest.feature[source]!, viewOf(type));
      trees.trueChild[node] = child(forest.left[source]!);
      trees.falseChild[node] = child(forest.right[source]!);
      if (type & splitBits.categorical) {
        trees.mode[node] = splitMode.member;
        const members = membersOf(forest.categories[t]!, threshold);
        held += members.length;
        if (held > memberLimit) throw tooManyMembers(t);
        trees.members.push(members);
      } else {
        trees.mode[node] = splitMode.leq;
        trees.threshold[node] = flushed(threshold);
        trees.missingTracksTrue[node] = missingGoesLeft(type, threshold) ? 1 : 0;
      }
    }
  }
  return trees;
}

/**
 * LightGBM drops values within ±kZeroThreshold when it reads a row (RowPairFunctionFromDenseMatrix of c_api.cpp): they are 0. The
 * threshold moves to the edge of that interval, so that the same comparison holds for what was not dropped.
 */
function flushed(threshold: number): number {
  if (threshold < -zeroThreshold || threshold > zeroThreshold) return threshold;
  return threshold >= 0 ? zeroThreshold : belowMinusZeroThreshold;
}

const belowMinusZeroThreshold = nextDown(-zeroThreshold);

/** The next float64 towards minus infinity, for a finite negative number. */
function nextDown(value: number): number {
  const bits = new BigInt64Array(1);
  const float = new Float64Array(bits.buffer);
  float[0] = value;
  bits[0]! += 1n;
  return float[0]!;
}

/** NaN counts as 0 unless the feature had NaN in training (or its zeros are missing, NaN among them). */
function missingGoesLeft(type: number, threshold: number): boolean {
  return type >> 2 === missingType.none ? 0 <= threshold : (type & splitBits.defaultLeft) !== 0;
}

function tooManyMembers(tree: number): IngotError {
  return new IngotError("MODEL_UNSUPPORTED", {
    what: `the category sets up to tree ${tree} hold more than ${memberLimit} categories`,
    fix: "train with a smaller `max_cat_threshold`",
  });
}

/** Categories of all sets together; each takes 12 bytes here and 8 in the graph. LightGBM's own sets hold 32 at most by default. */
const memberLimit = 2 ** 26;

/** The categories of set `index`; -2 stands in an empty one, which no value equals. */
function membersOf({ boundaries, words }: CategorySets, index: number): Int32Array {
  const start = boundaries[index]!;
  const end = boundaries[index + 1]!;
  let count = 0;
  for (let word = start; word < end; word++) count += bitCount(words[word]!);
  if (count === 0) return Int32Array.of(-2);
  const members = new Int32Array(count);
  let at = 0;
  for (let word = start; word < end; word++)
    for (let rest = words[word]!; rest !== 0; rest &= rest - 1)
      members[at++] = (word - start) * 32 + 31 - Math.clz32(rest & -rest);
  return members;
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
