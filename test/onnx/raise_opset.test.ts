// Graphs of older opsets in the words of opset 21: ONNX Runtime gives the same answers for both.
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { attributeOf } from "../../src/onnx/attributes.ts";
import { type AttributeInput, GraphBuilder, type Model, raiseOpset, writeModel } from "../../src/onnx/index.ts";

/** One node of an older opset, from [2, 3, 4] of float32. */
function older(opset: number, opType: string, attributes: Record<string, AttributeInput>, outputs = 1): Model {
  const g = new GraphBuilder("older");
  const x = g.input("x", "float32", [2, 3, 4]);
  g.output(g.op("Identity", [x]), "y0");
  const model = g.build();
  const [node] = model.graph.nodes;
  node!.opType = opType;
  node!.attributes = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  node!.outputs = Array.from({ length: outputs }, (_, i) => `y${i}`);
  model.graph.outputs = node!.outputs.map((name) => ({
    name,
    type: { kind: "tensor", dtype: "float32", shape: null },
    docString: "",
  }));
  model.opsetImports = [{ domain: "", version: opset }];
  model.irVersion = 8;
  return model;
}

async function answers(model: Model): Promise<unknown[]> {
  const session = await InferenceSession.create(writeModel(model), { logSeverityLevel: 4 });
  const x = new OrtTensor(
    "float32",
    Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 11),
    [2, 3, 4],
  );
  const results = await session.run({ x });
  await session.release();
  return model.graph.outputs.map(({ name }) => [results[name]!.dims, [...(results[name]!.data as Float32Array)]]);
}

const ints = (...values: number[]) => Int32Array.from(values);

test.each<[number, string, Record<string, AttributeInput>, number?]>([
  [14, "ReduceMean", { axes: ints(-1), keepdims: 1 }],
  [17, "ReduceMax", { axes: ints(0, 2), keepdims: 0 }],
  [13, "ReduceMean", {}],
  [11, "ReduceSum", { axes: ints(1), keepdims: 0 }],
  [11, "Unsqueeze", { axes: ints(0) }],
  [11, "Softmax", { axis: -1 }],
  [11, "Split", { axis: 2, split: ints(1, 3) }, 2],
  [13, "Split", { axis: 2 }, 2],
])("opset %i, %s %j", async (opset, opType, attributes, outputs) => {
  const model = older(opset, opType, attributes, outputs);
  const raised = raiseOpset(model, 21);
  expect(raised.opsetImports).toEqual([{ domain: "", version: 21 }]);
  expect(await answers(raised)).toEqual(await answers(model));
});

test.each<[string, Record<string, AttributeInput>]>([
  ["Softmax", { axis: 1 }],
  ["Softmax", {}],
])("%s %j of opset 11 is left as it is", (opType, attributes) => {
  const model = older(11, opType, attributes);
  expect(raiseOpset(model, 21)).toBe(model);
});
