// 50 steps on 200 columns in front of a linear model. Run as a program, it prints how long the first compiling of a process takes.
import type { Schema } from "../../src/core/index.ts";
import { float64, GraphBuilder, type Model, writeModel } from "../../src/onnx/index.ts";
import { compilePipeline, declaredSteps, type PipelineParts } from "../../src/pipeline/index.ts";

/** y = x · w on one matrix, in float64. */
export function linear(width: number): { model: Model; schema: Schema } {
  const g = new GraphBuilder("linear");
  const x = g.input("features", "float64", ["N", width]);
  const weights = Array.from({ length: width }, (_, k) => ((k * 7) % 11) / 10 - 0.5);
  g.output(g.op("MatMul", [x, g.constant(float64(weights, [width, 1]))]), "y");
  const spec = { type: "float", dtype: "float64", layout: "batch" } as const;
  return {
    model: g.build(),
    schema: {
      inputs: [{ ...spec, name: "features", shape: [width], missing: "refuse" }],
      outputs: [{ ...spec, name: "y", shape: [1] }],
    },
  };
}

export function partsOf(schema: Schema, inputs: PipelineParts["inputs"], before: readonly unknown[]): PipelineParts {
  const where = () => "ingot.yaml";
  return { inputs, before: declaredSteps(before, "before", where), after: [], schema, where };
}

const names = Array.from({ length: 200 }, (_, k) => `c${k}`);
const list = (value: number) => names.map((_, k) => value + k / 100);
const kinds: readonly Record<string, unknown>[] = [
  { standardize: { columns: ["c*"], mean: list(1), scale: list(2) } },
  { clip: { columns: ["c*"], min: list(-9), max: 100 } },
  { min_max: { columns: ["c*"], min: list(-10), max: list(10) } },
  { robust: { columns: ["c*"], center: list(0), scale: 3 } },
  { max_abs: { columns: ["c*"], max_abs: list(4) } },
  { compute: { c0: "c1 / (c2 + 1)", c3: "if(c4 > 0, c4, -c5)" } },
  { log1p: { columns: names.slice(0, 100) } },
  { impute: { columns: names.slice(0, 100), value: 0 } },
];
const steps = [
  { impute: { columns: ["c*"], value: list(1) } },
  ...Array.from({ length: 48 }, (_, k) => kinds[k % kinds.length]!),
  { stack: { columns: ["c*"], into: "features" } },
];
const inputs = names.map((name) => ({ name, type: "float" as const, missing: "allow" as const }));
const { model, schema } = linear(names.length);

/** From the parsed file to the bytes of the graph. */
export function compileWide() {
  const made = compilePipeline(partsOf(schema, inputs, steps), model).model;
  return { steps: steps.length, columns: names.length, nodes: made.graph.nodes.length, bytes: writeModel(made).length };
}

if (import.meta.main) {
  const start = performance.now();
  compileWide();
  console.log(performance.now() - start);
}
