// What the leaves of a classification tree say. Up to scikit-learn 1.3 they hold counts, and predict_proba divides them by their
// sum; from 1.4 on they hold fractions, which are answered as they are.
// Rule: sklearn/tree/_classes.py, DecisionTreeClassifier.predict and predict_proba.
import { type Fitted, NdArray, PyFloat, type PyValue } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { Classes, ClassRows, ClassValues } from "./estimator.ts";
import type { TreeNodes } from "./tree_nodes.ts";
import { isBefore } from "./tree_release.ts";

/** Classes of each target; `classes_` is an array, or a list of arrays where y had several columns. */
export function readTargets(self: Fitted): Classes[] {
  const value = self.get("classes_");
  if (value instanceof NdArray && value.shape.length === 1 && value.dtype.kind !== "O") return [classesOf(self, value)];
  const items = self.items("classes_");
  if (value instanceof NdArray && !items.some((each) => each instanceof NdArray)) return [classesOf(self, value)];
  return items.map((each) => {
    if (!(each instanceof NdArray)) throw self.invalid("has `classes_` that are no arrays");
    return classesOf(self, each);
  });
}

export function classesOf(self: Fitted, array: NdArray): Classes {
  return array.values().map((value: PyValue) => {
    if (value instanceof PyFloat) return value.value;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    if (typeof value === "bigint") return Number(value);
    throw self.unsupported("has classes that are neither text nor numbers");
  });
}

/** The probabilities that a leaf answers with, one target after the other. */
export interface LeafClasses {
  /** Classes of each target. */
  readonly counts: readonly number[];
  /** All classes of all targets. */
  readonly width: number;
  readonly areCounts: boolean;
}

export function leafClasses(self: Fitted, tree: TreeNodes, counts: readonly number[]): LeafClasses {
  if (counts.length !== tree.outputs || counts.some((count) => count > tree.width))
    throw self.invalid(`has ${counts} classes, but leaves of [${tree.outputs}, ${tree.width}]`);
  const areCounts = self.version === null ? looksLikeCounts(tree) : isBefore(self.version, 1, 4);
  return { counts, width: counts.reduce((sum, count) => sum + count, 0), areCounts };
}

/** Without a version, fractions are told by their sum. */
function looksLikeCounts({ count, values, outputs, width }: TreeNodes): boolean {
  for (let at = 0; at < count * outputs * width; at += width) {
    const sum = pairwiseSum(values, at, width);
    if (Math.abs(sum - 1) > 1e-9) return true;
  }
  return false;
}

export function writeProbabilities(
  tree: TreeNodes,
  { counts, areCounts }: LeafClasses,
  node: number,
  into: Float64Array,
  at: number,
): void {
  let to = at;
  counts.forEach((count, target) => {
    const from = (node * tree.outputs + target) * tree.width;
    const sum = areCounts ? pairwiseSum(tree.values, from, count) || 1 : 1;
    for (let k = 0; k < count; k++) into[to++] = areCounts ? tree.values[from + k]! / sum : tree.values[from + k]!;
  });
}

/** `np.argmax` of what the node holds, before any division. */
export function largestClass(tree: TreeNodes, node: number, target: number): number {
  const from = (node * tree.outputs + target) * tree.width;
  return argMax(tree.values, from, tree.width);
}

/** The first of the largest. */
export function argMax(values: Float64Array, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[from + k]! > values[from + best]!) best = k;
  return best;
}

/** `np.sum` along contiguous elements. Rule: numpy/core/src/umath/loops_utils.h.src, pairwise_sum. */
export function pairwiseSum(values: Float64Array, from: number, count: number): number {
  if (count < 8) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[from + i]!;
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2);
    const first = half - (half % 8);
    return pairwiseSum(values, from, first) + pairwiseSum(values, from + first, count - first);
  }
  const part = values.slice(from, from + 8);
  let i = 8;
  for (; i < count - (count % 8); i += 8) for (let j = 0; j < 8; j++) part[j]! += values[from + i + j]!;
  let sum = part[0]! + part[1]! + (part[2]! + part[3]!) + (part[4]! + part[5]! + (part[6]! + part[7]!));
  for (; i < count; i++) sum += values[from + i]!;
  return sum;
}

/** @param probabilities float64 `[N, width]`, one target after the other */
export function emitTargets(
  g: GraphBuilder,
  probabilities: Value,
  counts: readonly number[],
  indices?: readonly Value[],
): ClassValues[] {
  let from = 0;
  return counts.map((count, target) => {
    const own =
      counts.length === 1
        ? probabilities
        : g.op("Slice", [probabilities, ...[from, from + count, 1].map((at) => g.constant(int64([at])))]);
    from += count;
    const index = indices?.[target] ?? g.op("ArgMax", [own], { axis: 1, keepdims: 0 });
    return { index, probabilities: own };
  });
}

/** The same of rows; `indexOf` where the class is not that of the largest probability. */
export function targetRows(
  rows: number,
  counts: readonly number[],
  probabilities: Float64Array,
  indexOf?: (row: number, target: number) => number,
): ClassRows[] {
  const width = counts.reduce((sum, count) => sum + count, 0);
  let from = 0;
  return counts.map((count, target) => {
    const data = new Float64Array(rows * count);
    const index = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      data.set(probabilities.subarray(row * width + from, row * width + from + count), row * count);
      index[row] = indexOf ? indexOf(row, target) : argMax(data, row * count, count);
    }
    from += count;
    return { index, probabilities: { rows, columns: count, data } };
  });
}

export function scalar(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []));
}
