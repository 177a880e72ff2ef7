// Forests by leaf and by sum, against additions written out: the order of float64 additions shows in the last place.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emitLeafSum,
  emitLeaves,
  emitTreeSums,
  float32Below,
  leafForest,
  leafTable,
  type PlacedTree,
} from "../../../src/convert/sklearn/tree_layout.ts";
import { leafOf, type TreeNodes } from "../../../src/convert/sklearn/tree_nodes.ts";
import { GraphBuilder, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";

const runtimes = ["native", "wasm", "micro"] as const;
const features = 3;

/** A tree of depth 2 with a leaf in between, of thresholds that no float32 equals. */
function treeOf(seed: number): TreeNodes {
  const random = (i: number) => Math.sin(seed * 7 + i * 13) * 3;
  return {
    count: 5,
    features,
    left: Int32Array.of(1, -1, 3, -1, -1),
    right: Int32Array.of(2, -1, 4, -1, -1),
    feature: Int32Array.of(seed % features, -2, (seed + 1) % features, -2, -2),
    threshold: Float64Array.of(random(1), -2, random(2), -2, -2),
    missingLeft: Uint8Array.of(seed % 2, 0, 1 - (seed % 2), 0, 0),
    outputs: 1,
    width: 1,
    values: Float64Array.from({ length: 5 }, (_, i) => random(i + 5) * 10 ** (seed % 5)),
    samples: new Int32Array(5),
  };
}

const rows = [
  [0, 0, 0],
  [1, -1, 2.5],
  [Number.NaN, 0.5, -3],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
  ...Array.from({ length: 30 }, (_, seed) => {
    const { threshold } = treeOf(seed);
    return [Math.fround(threshold[0]!), threshold[2]!, float32Below(threshold[0]!)];
  }),
];

function sums(trees: readonly TreeNodes[], scale: number): number[] {
  return rows.map((row) =>
    trees.reduce((sum, tree) => sum + scale * tree.values[leafOf(tree, Float32Array.from(row))]!, 0),
  );
}

async function run(g: GraphBuilder, runtime: (typeof runtimes)[number], width: number) {
  const schema = {
    inputs: [{ name: "x", type: "float", dtype: "float64", shape: [features], layout: "batch" }],
    outputs: [{ name: "sums", type: "float", dtype: "float64", shape: [width], layout: "batch" }],
  } as const;
  const predictor = await openPredictor({ bytes: writeModel(g.build()) }, schema, { runtime });
  const ask = async (some: readonly number[][]) => {
    const data = Float64Array.from(some.flat());
    const { sums: result } = await predictor.run({ x: { dtype: "float64", dims: [some.length, features], data } });
    return Array.from(result!.data as Float64Array);
  };
  try {
    const whole = await ask(rows);
    // One row alone takes other kernels.
    const single: number[] = [];
    for (const row of rows) single.push(...(await ask([row])));
    expect(single).toEqual(whole);
    return whole;
  } finally {
    await predictor.close();
  }
}

const scales: [name: string, trees: number, width: number][] = [
  ["one tree", 1, 2],
  ["forty trees, one value", 40, 1],
  ["forty trees, three values", 40, 3],
  ["more than are gathered at once", 150, 7],
];
test.each(runtimes.flatMap((runtime) => scales.map((scale) => [runtime, ...scale] as const)))(
  "on %s by leaf: %s",
  async (runtime, _name, count, width) => {
    const trees = Array.from({ length: count }, (_, seed) => treeOf(seed));
    const g = new GraphBuilder("forest");
    const forest = leafForest(trees.map((nodes): PlacedTree => ({ nodes })));
    const table = leafTable(forest, width, (tree, node, into, at) => {
      for (let k = 0; k < width; k++) into[at + k] = (k + 1) * trees[tree]!.values[node]!;
    });
    const x = g.op("Cast", [g.input("x", "float64", ["N", features])], { to: 1 });
    g.output(emitLeafSum(g, emitLeaves(g, x, forest), count, table, width), "sums");
    const expected = Array.from({ length: width }, (_, k) => sums(trees, k + 1));
    expect(await run(g, runtime, width)).toEqual(rows.flatMap((_, row) => expected.map((own) => own[row]!)));
  },
);

test.each(runtimes)("on %s by sum", async (runtime) => {
  const trees = Array.from({ length: 60 }, (_, seed) => treeOf(seed));
  const g = new GraphBuilder("forest");
  const x = g.op("Cast", [g.op("Cast", [g.input("x", "float64", ["N", features])], { to: 1 })], { to: 11 });
  const placed = trees.map((nodes): PlacedTree => ({ nodes }));
  const total = emitTreeSums(
    g,
    x,
    placed,
    1,
    () => 0,
    (tree, node) => trees[tree]!.values[node]!,
    [0.1],
  );
  g.output(total, "sums");
  const expected = rows.map((row) =>
    trees.reduce((sum, tree) => sum + tree.values[leafOf(tree, Float32Array.from(row))]!, 0.1),
  );
  expect(await run(g, runtime, 1)).toEqual(expected);
});

test("a threshold of float32 compares like the float64 that it stands for", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.float({ noNaN: true }), (threshold, any) => {
      const below = float32Below(threshold);
      const near = Math.fround(threshold);
      for (const x of [any, near, below, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        expect(x <= below).toBe(x <= threshold);
    }),
    {
      examples: [
        [1e39, 0],
        [-1e39, 0],
        [-1e-50, 0],
        [1e-50, 0],
        [-0, 0],
      ],
    },
  );
});
