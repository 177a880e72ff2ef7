// Where values stand among the ascending edges of their column, found by trees of comparisons: a thousand edges take ten of them.
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitTreeEnsemble, splitMode } from "../tree_ensemble.ts";

/** int64 `[N, F]`: how many edges of its column are at most the value (`np.searchsorted`, side right); some of them for NaN. */
export function emitIntervals(g: GraphBuilder, x: Value, edges: readonly Float64Array[]): Value {
  const nodes = edges.reduce((sum, own) => sum + own.length, 0);
  const leaves = nodes + edges.length;
  const trees = {
    dtype: "float64" as const,
    roots: new Int32Array(edges.length),
    feature: new Int32Array(nodes),
    mode: new Uint8Array(nodes).fill(splitMode.lt),
    threshold: new Float64Array(nodes),
    trueChild: new Int32Array(nodes),
    falseChild: new Int32Array(nodes),
    missingTracksTrue: new Uint8Array(nodes),
    members: [],
    leafTarget: new Int32Array(leaves),
    leafWeight: new Float64Array(leaves),
    targets: edges.length,
  };
  let [node, leaf] = [0, 0];
  edges.forEach((own, feature) => {
    /** The node that tells the counts `from … to` apart. */
    const grow = (from: number, to: number): number => {
      if (from === to) {
        trees.leafTarget[leaf] = feature;
        trees.leafWeight[leaf] = from;
        return ~leaf++;
      }
      const middle = (from + to) >> 1;
      const at = node++;
      trees.feature[at] = feature;
      trees.threshold[at] = own[middle]!;
      trees.trueChild[at] = grow(from, middle);
      trees.falseChild[at] = grow(middle + 1, to);
      return at;
    };
    trees.roots[feature] = grow(0, own.length);
  });
  return g.op("Cast", [emitTreeEnsemble(g, x, trees)], { to: 7 }, { name: "intervals" });
}

/** The same of one value. */
export function intervalOf(value: number, edges: Float64Array): number {
  let [from, to] = [0, edges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (value < edges[middle]!) to = middle;
    else from = middle + 1;
  }
  return from;
}
