// Trees that would crash the runtime which loads them are refused before they reach it.
import { expect, test } from "vitest";
import { float32, GraphBuilder, lintModel, uint8, writeModel } from "../../src/onnx/index.ts";
import { openPredictor } from "../../src/runtime/index.ts";

/** A forest given by its children: a node, or `null` for the leaf. */
function forest(trueChild: (number | null)[], falseChild: (number | null)[], roots = [0]) {
  const count = trueChild.length;
  const g = new GraphBuilder("trees");
  const x = g.input("x", "float32", ["N", 1]);
  const ids = (children: (number | null)[]) => Int32Array.from(children, (child) => child ?? 0);
  const leafs = (children: (number | null)[]) => Int32Array.from(children, (child) => (child === null ? 1 : 0));
  const attributes = {
    n_targets: 1,
    aggregate_function: 1,
    tree_roots: roots,
    nodes_featureids: new Int32Array(count),
    nodes_modes: uint8(new Uint8Array(count)),
    nodes_splits: float32(new Float32Array(count)),
    nodes_truenodeids: ids(trueChild),
    nodes_trueleafs: leafs(trueChild),
    nodes_falsenodeids: ids(falseChild),
    nodes_falseleafs: leafs(falseChild),
    leaf_targetids: [0],
    leaf_weights: float32([1]),
  };
  const options = { domain: "ai.onnx.ml", results: [{ dtype: "float32" as const, shape: ["N", 1] }] };
  g.output(g.op("TreeEnsemble", [x], attributes, options), "y");
  return g.build();
}

const chain = (levels: number) =>
  forest(
    Array.from({ length: levels }, (_, at) => (at + 1 < levels ? at + 1 : null)),
    new Array(levels).fill(null),
  );
const shared = (levels: number) => {
  const next = Array.from({ length: levels }, (_, at) => (at + 1 < levels ? at + 1 : null));
  return forest(
    next.flatMap((child) => (child === null ? [null, null] : [2 * child, 2 * child])),
    next.flatMap((child) => (child === null ? [null, null] : [2 * child + 1, 2 * child + 1])),
  );
};

const rows: [name: string, model: ReturnType<typeof forest>, message: RegExp | null][] = [
  ["a chain of 2048 levels", chain(2048), null],
  ["a chain of 2049 levels", chain(2049), /more than 2048 levels deep/],
  ["a chain that overflows every stack", chain(100_000), /more than 2048 levels deep/],
  ["a node that is its own child", forest([0], [null]), /node 0 leads back to itself/],
  ["two nodes that lead to each other", forest([1, 0], [null, null]), /leads back to itself/],
  ["shared nodes, a few", shared(10), null],
  ["shared nodes that expand without end", shared(60), /expand to more than/],
];
test.each(rows)("%s", async (_name, model, message) => {
  const found = lintModel(model).filter((finding) => finding.rule === "onnx-tree-shape");
  expect(found.length).toBe(message ? 1 : 0);
  if (!message) return;
  expect(found[0]!.message).toMatch(message);
  const opening = openPredictor({ bytes: writeModel(model) }, { inputs: [], outputs: [] });
  await expect(opening).rejects.toMatchObject({ code: "ONNX_INVALID", what: expect.stringMatching(message) });
});

test("the older operators are looked at too", () => {
  const g = new GraphBuilder("old");
  const x = g.input("x", "float32", ["N", 1]);
  const levels = 3000;
  const each = (of: (at: number) => number) => Array.from({ length: levels + 1 }, (_, at) => of(at));
  const attributes = {
    nodes_treeids: each(() => 0),
    nodes_nodeids: each((at) => at),
    nodes_modes: Array.from({ length: levels + 1 }, (_, at) => (at < levels ? "BRANCH_LEQ" : "LEAF")),
    nodes_truenodeids: each((at) => Math.min(at + 1, levels)),
    nodes_falsenodeids: each(() => levels),
  };
  const options = { domain: "ai.onnx.ml", results: [{ dtype: "float32" as const }] };
  g.output(g.op("TreeEnsembleRegressor", [x], attributes, options), "y");
  expect(lintModel(g.build()).map((finding) => finding.message)).toContain("a tree is more than 2048 levels deep");
});
