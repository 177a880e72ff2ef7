import { expect, test } from "vitest";
import { compileGraph, float64, GraphBuilder, inlineFunctions } from "../../src/onnx/index.ts";
import { compilePipeline, declaredSteps } from "../../src/pipeline/index.ts";

test("a graph without its functions computes the same", () => {
  const g = new GraphBuilder("model");
  g.output(g.op("Neg", [g.input("x", "float64", ["N", 1])]), "y");
  const spec = { type: "float", dtype: "float64", shape: [] } as const;
  const where = () => "ingot.yaml";
  const steps = [{ compute: { x: "if(x > 2, x * x, x / 3)" } }, { clip: { columns: ["x"], max: 20 } }];
  const { model } = compilePipeline(
    {
      inputs: [{ name: "x", type: "float" }],
      before: declaredSteps(steps, "before", where),
      after: [],
      schema: {
        inputs: [{ ...spec, name: "x", layout: "column", missing: "allow" }],
        outputs: [{ ...spec, name: "y", shape: [1], layout: "batch" }],
      },
      where,
    },
    g.build(),
  );
  const inlined = inlineFunctions(model);
  expect(inlined.graph.nodes.some(({ domain }) => domain === "ingot.steps")).toBe(false);
  const feeds = { x: float64([1, 2, 3, 9, Number.NaN], [5, 1]) };
  expect(compileGraph({ ...inlined, functions: [] }).run(feeds)).toEqual(compileGraph(model).run(feeds));
});
