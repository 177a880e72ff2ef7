// Isolation forest: the mean depth at which trees isolate a row. Rule: sklearn/ensemble/_iforest.py, _compute_score_samples: per tree the
// nodes on the path, plus the expected path below the leaf, minus 1; then -2 ** -(sum / (trees * expected path of the sample)).
import { type Fitted, NdArray, PyList } from "../../formats/index.ts";
import { int64, type Value } from "../../onnx/index.ts";
import type { Detect, Estimator } from "./estimator.ts";
import { preciseLog } from "./gradient_boosting_log.ts";
import { scalar } from "./tree_classes.ts";
import { emitRounded, leavesOf, numberColumns } from "./tree_input.ts";
import { emitTreeSums, type PlacedTree } from "./tree_layout.ts";
import { readTreeNodes, type TreeNodes } from "./tree_nodes.ts";
import { isBefore } from "./tree_release.ts";

export const isolationForest: Estimator = {
  classes: ["sklearn.ensemble._iforest.IsolationForest", "sklearn.ensemble.iforest.IsolationForest"],
  read(self) {
    const subsets = readSubsets(self);
    const trees = self.children("estimators_").map((child, t): PlacedTree => {
      const nodes = readTreeNodes(child);
      const features = subsets[t];
      if (features?.length !== nodes.features) throw self.invalid(`has no features for tree ${t}`);
      return { nodes, features };
    });
    const stored = self.has("_average_path_length_per_tree") ? self.items("_average_path_length_per_tree") : [];
    const terms = trees.map(({ nodes }, t) => pathLengths(nodes, stored[t]));
    const samples = self.optionalNumber("_max_samples") ?? self.number("max_samples_");
    const denominator = trees.length * expectedPath(samples);
    const features = self.optionalNumber("n_features_in_") ?? self.number("n_features_");
    if (subsets.some((own) => own.some((column) => column >= features)))
      throw self.invalid(`has trees on other features than its ${features}`);
    return {
      columns: numberColumns(features, !isBefore(self.version, 1, 6)),
      detect: detectWith(
        trees,
        terms,
        denominator,
        self.number("offset_"),
        isBefore(self.version, 1, 0) ? Number.NaN : 1,
      ),
    };
  },
};

function detectWith(
  trees: readonly PlacedTree[],
  terms: readonly Float64Array[],
  denominator: number,
  offset: number,
  /** Depth over expected depth where one sample was trained on: 1, before 1.0 zero over zero. */
  ofOneRow: number,
): Detect {
  return {
    emit(x, { g }) {
      const depths = emitTreeSums(
        g,
        emitRounded(g, x),
        trees,
        1,
        () => 0,
        (tree, node) => terms[tree]![node]!,
      );
      const flat = g.op("Reshape", [depths, g.constant(int64([-1]))]);
      const share: Value =
        denominator === 0
          ? g.op("Add", [g.op("Mul", [flat, scalar(g, 0)]), scalar(g, ofOneRow)])
          : g.op("Div", [flat, scalar(g, denominator)]);
      const score = g.op("Neg", [g.op("Pow", [scalar(g, 2), g.op("Neg", [share])])], {}, { name: "score" });
      const decision = g.op("Sub", [score, scalar(g, offset)], {}, { name: "decision" });
      const ones = [g.constant(int64([-1], [])), g.constant(int64([1], []))];
      const label = g.op("Where", [g.op("Less", [decision, scalar(g, 0)]), ...ones], {}, { name: "label" });
      return { label, decision, score };
    },
    evaluate(x) {
      const depths = new Float64Array(x.rows);
      trees.forEach(({ nodes, features }, tree) => {
        let row = 0;
        for (const leaf of leavesOf(nodes, x, features)) depths[row++]! += terms[tree]![leaf]!;
      });
      const score = depths.map((depth) => -(2 ** -(denominator === 0 ? ofOneRow : depth / denominator)));
      const decision = score.map((value) => value - offset);
      return { score, decision, label: Int32Array.from(decision, (value) => (value < 0 ? -1 : 1)) };
    },
  };
}

/** Columns of X that each estimator of a bagging ensemble sees: arrays of positions. */
export function readSubsets(self: Fitted): number[][] {
  return self.items("estimators_features_").map((each) => {
    if (each instanceof NdArray) return each.integers();
    if (each instanceof PyList) return each.items.map(Number);
    throw self.invalid("has `estimators_features_` that are no arrays");
  });
}

/** What a row adds that ends in each node. The library's own numbers where it kept them (from 1.3 on). */
function pathLengths({ count, left, right, samples }: TreeNodes, stored: unknown): Float64Array {
  const depth = new Float64Array(count);
  depth[0] = 1;
  for (let node = 0; node < count; node++)
    if (left[node] !== -1) {
      depth[left[node]!] = depth[node]! + 1;
      depth[right[node]!] = depth[node]! + 1;
    }
  const below = stored instanceof NdArray && stored.length === count ? stored.floats() : null;
  return depth.map((nodes, node) => nodes + (below?.[node] ?? expectedPath(samples[node]!)) - 1);
}

const eulerGamma = 0.5772156649015329;

/** Rule: _average_path_length. */
function expectedPath(samples: number): number {
  if (samples <= 1) return 0;
  if (samples === 2) return 1;
  return 2 * (preciseLog(samples - 1) + eulerGamma) - (2 * (samples - 1)) / samples;
}
