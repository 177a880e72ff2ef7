// Which trees may run on many threads: those that no operator adds up.
import { expect, test } from "vitest";
import { addsTrees, float32, GraphBuilder, nodesOf, uint8 } from "../../src/onnx/index.ts";

/** Stumps with two leaves each; `targets` of the leaves, `roots` the node of each tree. */
function stumps(
  targets: readonly number[],
  roots: readonly number[],
  trueIds?: readonly number[],
  trueLeafs?: readonly number[],
) {
  const count = targets.length / 2;
  const each = <T>(value: (i: number) => T) => Array.from({ length: count }, (_, i) => value(i));
  const g = new GraphBuilder("trees");
  const sums = g.op(
    "TreeEnsemble",
    [g.input("x", "float32", ["N", 1])],
    {
      n_targets: Math.max(...targets) + 1,
      tree_roots: Int32Array.from(roots),
      nodes_featureids: Int32Array.from(each(() => 0)),
      nodes_modes: uint8(each(() => 0)),
      nodes_splits: float32(each((i) => i)),
      nodes_truenodeids: Int32Array.from(trueIds ?? each((i) => 2 * i)),
      nodes_trueleafs: Int32Array.from(trueLeafs ?? each(() => 1)),
      nodes_falsenodeids: Int32Array.from(each((i) => 2 * i + 1)),
      nodes_falseleafs: Int32Array.from(each(() => 1)),
      leaf_targetids: Int32Array.from(targets),
      leaf_weights: float32(targets.map(() => 1)),
    },
    { domain: "ai.onnx.ml" },
  );
  g.output(sums, "sums");
  return [...nodesOf(g.build())];
}

const rows: [name: string, nodes: ReturnType<typeof stumps>, adds: boolean][] = [
  ["a tree per column", stumps([0, 0, 1, 1], [0, 1]), false],
  ["a tree of two columns", stumps([0, 1, 2, 2], [0, 1]), false],
  ["two trees of one column", stumps([0, 0, 0, 0], [0, 1]), true],
  ["two trees that meet in one leaf", stumps([0, 1, 1, 2], [0, 1]), true],
  ["one tree twice", stumps([0, 0], [0, 0]), true],
  ["a node under two trees", stumps([0, 0, 1, 1], [0, 1], [1, 2], [0, 1]), true],
];
test.each(rows)("%s", (_name, nodes, adds) => {
  expect(nodes.some(addsTrees)).toBe(adds);
});
