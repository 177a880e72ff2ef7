// A model of one column of numbers that answers their sum.
import { digest, type Schema } from "../../src/core/index.ts";
import { GraphBuilder, int64, writeModel } from "../../src/onnx/index.ts";
import { openPredictor } from "../../src/runtime/index.ts";
import type { LoadedModel } from "../../src/serve/index.ts";

const number = { type: "float", dtype: "float64", shape: [] } as const;
const schema: Schema = {
  inputs: [{ name: "x", ...number, layout: "column" }],
  outputs: [{ name: "sum", type: "float", dtype: "float64", shape: [1], layout: "whole" }],
};

export async function columnModel(): Promise<LoadedModel> {
  const g = new GraphBuilder("column");
  g.output(
    g.op("Reshape", [g.op("ReduceSum", [g.input("x", "float64", ["N", 1])], { keepdims: 1 }), g.constant(int64([1]))]),
    "sum",
  );
  const bytes = writeModel(g.build());
  const predictor = await openPredictor({ bytes }, schema, { runtime: "native" });
  return { name: "column", version: "1.0.0", digest: digest(bytes), schema, predictor };
}
