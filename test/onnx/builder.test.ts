import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  float,
  float32,
  float64,
  GraphBuilder,
  int64,
  type Model,
  strings,
  uint8,
  writeModel,
} from "../../src/onnx/index.ts";

async function run(model: Model, feeds: Record<string, OrtTensor>) {
  const session = await InferenceSession.create(writeModel(model));
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [name, { data: Array.from(data as never), dims }]),
  );
}

describe("GraphBuilder", () => {
  test("builds what ONNX Runtime runs: a tree, a link, labels", async () => {
    const g = new GraphBuilder("stump");
    const x = g.input("x", "float64", ["N", 2]);
    const sums = g.op(
      "TreeEnsemble",
      [x],
      {
        tree_roots: [0],
        nodes_splits: float64([0.5]),
        nodes_modes: uint8([0]),
        nodes_featureids: Int32Array.of(1),
        nodes_truenodeids: [0],
        nodes_trueleafs: [1],
        nodes_falsenodeids: [1],
        nodes_falseleafs: [1],
        leaf_targetids: [0, 0],
        leaf_weights: float64([1.25, -3.5]),
        n_targets: 1,
        aggregate_function: 1,
        post_transform: 0,
      },
      { domain: "ai.onnx.ml" },
    );
    expect(sums).toMatchObject({ dtype: "float64", shape: ["N", 1] });
    const flat = g.op("Reshape", [sums, g.constant(int64([-1]))]);
    const isHigh = g.op("Cast", [g.op("Greater", [flat, g.constant(float64([0], []))])], { to: 7 });
    g.output(flat, "margin");
    g.output(g.op("Gather", [g.constant(strings(["low", "high"])), isHigh]), "label");
    const results = await run(g.build({ metadata: [["origin", "test"]] }), {
      x: new OrtTensor("float64", [9, 0, 9, 1], [2, 2]),
    });
    expect(results).toEqual({ margin: { data: [1.25, -3.5], dims: [2] }, label: { data: ["high", "low"], dims: [2] } });
  });

  test("equal constants are one, unused nodes and constants are none", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", ["N"]);
    const sum = g.op("Add", [x, g.constant(float32([1], [1]))]);
    g.op("Mul", [sum, g.constant(float32([7], [1]))]);
    g.output(g.op("Sub", [sum, g.constant(float32([1], [1]))]), "y");
    const { graph, opsetImports, irVersion } = g.build();
    expect(graph.initializers.length).toBe(1);
    expect(graph.nodes.map((node) => node.opType)).toEqual(["Add", "Sub"]);
    expect([opsetImports, irVersion]).toEqual([[{ domain: "", version: 21 }], 10]);
  });

  test("outputs have exactly their names, whatever else is called so", async () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", ["N"]);
    const a = g.op("Neg", [x]);
    const b = g.op("Abs", [a]);
    g.output(b, "Neg");
    g.output(a, "first");
    g.output(a, "second");
    g.output(x, "same");
    const results = await run(g.build(), { x: new OrtTensor("float32", [2], [1]) });
    expect(results).toEqual(
      Object.fromEntries(
        [
          ["Neg", 2],
          ["first", -2],
          ["second", -2],
          ["same", 2],
        ].map(([name, value]) => [name, { data: [value], dims: [1] }]),
      ),
    );
    expect(Buffer.compare(writeModel(g.build()), writeModel(g.build()))).toBe(0);
  });

  test("an omitted optional input in the middle stays omitted", async () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", ["N"]);
    g.output(g.op("Clip", [x, null, g.constant(float32([1], []))]), "y");
    expect(await run(g.build(), { x: new OrtTensor("float32", [-5, 5], [2]) })).toEqual({
      y: { data: [-5, 1], dims: [2] },
    });
  });

  const refusals: [name: string, build: (g: GraphBuilder) => unknown, message: RegExp][] = [
    ["no outputs", (g) => g.build(), /graph "g" has no outputs/],
    ["input twice", (g) => [g.input("x", "float32", []), g.input("x", "float32", [])], /already has a value "x"/],
    [
      "output named like an input",
      (g) => g.output(g.input("x", "float32", []), "x"),
      /already has an input or output "x"/,
    ],
    [
      "unknown operator",
      (g) => g.op("Frobnicate", [g.input("x", "float32", [])]),
      /type of output 0 of Frobnicate is not known/,
    ],
    [
      "a fraction as INT",
      (g) => g.op("Elu", [g.input("x", "float32", [])], { alpha: 0.5 }),
      /attribute "alpha" is 0.5, .* not an integer/,
    ],
    [
      "data that does not fill the shape",
      (g) => g.constant(float32([1], [2])),
      /has 1 elements in memory, its shape is \[2\]/,
    ],
  ];
  test.each(refusals)("refuses %s", (_name, build, message) => {
    expect(() => build(new GraphBuilder("g"))).toThrow(message);
  });

  test("operators that inference does not know say their results", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", ["N"]);
    const y = g.op(
      "Frobnicate",
      [x],
      { rate: float(0.5) },
      { domain: "example", results: [{ dtype: "string", shape: ["N"] }] },
    );
    g.output(y, "y");
    expect(g.build().opsetImports).toEqual([
      { domain: "", version: 21 },
      { domain: "example", version: 1 },
    ]);
  });
});
