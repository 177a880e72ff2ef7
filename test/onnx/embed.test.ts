// Whole models in a graph that is built: names, functions and opsets of the parts make room for each other.
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { float32, GraphBuilder, lintModel, type Model, storedTensor, writeModel } from "../../src/onnx/index.ts";
import { infoOf, modelOf, nodeOf } from "./models.ts";

const scalar = (name: string, value: number) => storedTensor(name, float32([value], []));

/** y = x + w, through an inner value `t`. */
const adds = (input: string, output: string, w: number, rest: Partial<Model> = {}) =>
  modelOf(
    {
      name: "adds",
      nodes: [nodeOf("Add", [input, "w"], ["t"], { name: "n" }), nodeOf("Identity", ["t"], [output], { name: "m" })],
      inputs: [infoOf(input)],
      outputs: [infoOf(output)],
      initializers: [scalar("w", w)],
    },
    rest,
  );

async function run(model: Model, feeds: Record<string, number[]>): Promise<Record<string, number[]>> {
  expect(lintModel(model).filter(({ severity }) => severity === "error")).toEqual([]);
  const session = await InferenceSession.create(writeModel(model));
  const tensors = Object.entries(feeds).map(([name, data]) => [
    name,
    new OrtTensor("float32", data, [data.length / 2, 2]),
  ]);
  const results = await session.run(Object.fromEntries(tensors) as Record<string, OrtTensor>);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** One model behind the other: the first output of each is the first input of the next. */
function chained(...models: Model[]): Model {
  const g = new GraphBuilder("chained");
  let value = g.input("x", "float32", ["N", 2]);
  for (const model of models) {
    const outputs = g.embed(model, new Map([[model.graph.inputs[0]!.name, value]]));
    value = outputs.get(model.graph.outputs[0]!.name)!;
  }
  g.output(value, "y");
  return g.build();
}

test("clashing inner names make room", async () => {
  const model = chained(adds("x", "y", 1), adds("a", "b", 10));
  expect(await run(model, { x: [1, 2] })).toEqual({ y: [12, 13] });
  expect(new Set(model.graph.initializers.map(({ name }) => name)).size).toBe(2);
});

test("a model twice", async () => {
  expect(await run(chained(adds("x", "y", 1), adds("x", "y", 1)), { x: [1, 2] })).toEqual({ y: [3, 4] });
});

test("an output name of the second model that the first uses inside", async () => {
  const negates = modelOf({ nodes: [nodeOf("Neg", ["a"], ["t"])], inputs: [infoOf("a")], outputs: [infoOf("t")] });
  expect(await run(chained(adds("x", "y", 1), negates), { x: [1, 2] })).toEqual({ y: [-2, -3] });
});

test("an output of a model that is one of its inputs", async () => {
  const through = modelOf({
    nodes: [nodeOf("Neg", ["a"], ["b"])],
    inputs: [infoOf("a")],
    outputs: [infoOf("b"), infoOf("a")],
  });
  const g = new GraphBuilder("through");
  const outputs = g.embed(through, new Map([["a", g.input("x", "float32", ["N", 2])]]));
  for (const [name, value] of outputs) g.output(value, name);
  expect(await run(g.build(), { x: [2, 3] })).toEqual({ b: [-2, -3], a: [2, 3] });
});

test("values that nested graphs read from outside are renamed there", async () => {
  const branch = (opType: string) => ({
    ...modelOf({
      name: opType,
      nodes: [nodeOf(opType, ["t", "w"], ["r"])],
      outputs: [infoOf("r", "float32", [null, 2])],
    }).graph,
  });
  const choosing = modelOf({
    nodes: [
      nodeOf("Identity", ["a"], ["t"]),
      nodeOf("ReduceSum", ["t"], ["total"], { attributes: [{ name: "keepdims", kind: "int", value: 0n }] }),
      nodeOf("Greater", ["total", "w"], ["flag"]),
      nodeOf("If", ["flag"], ["b"], {
        attributes: [
          { name: "then_branch", kind: "graph", value: branch("Mul") },
          { name: "else_branch", kind: "graph", value: branch("Sub") },
        ],
      }),
    ],
    inputs: [infoOf("a")],
    outputs: [infoOf("b")],
    initializers: [scalar("w", 5)],
  });
  const model = chained(adds("x", "y", 1), choosing);
  expect(await run(model, { x: [1, 2] })).toEqual({ y: [-3, -2] });
  expect(await run(model, { x: [3, 4] })).toEqual({ y: [20, 25] });
});

test("functions of one name and different bodies are both kept", async () => {
  const calling = (input: string, output: string, opType: string) =>
    modelOf(
      {
        nodes: [nodeOf("F", [input], [output], { domain: "local" })],
        inputs: [infoOf(input)],
        outputs: [infoOf(output)],
      },
      {
        opsetImports: [
          { domain: "", version: 17 },
          { domain: "local", version: 1 },
        ],
        functions: [
          {
            name: "F",
            domain: "local",
            overload: "",
            inputs: ["p"],
            outputs: ["q"],
            attributes: [],
            attributeDefaults: [],
            nodes: [nodeOf(opType, ["p"], ["q"])],
            opsetImports: [{ domain: "", version: 17 }],
            valueInfos: [],
            docString: "",
            metadata: [],
          },
        ],
      },
    );
  const model = chained(calling("x", "y", "Neg"), calling("a", "b", "Exp"));
  expect((await run(model, { x: [0, 0] }))["y"]).toEqual([1, 1]);
  expect(model.functions.map(({ name }) => name)).toEqual(["F", "F_1"]);
  expect(chained(calling("x", "y", "Neg"), calling("a", "b", "Neg")).functions.length).toBe(1);
});

test("the higher opset and IR version are declared where that is safe", () => {
  const newer = adds("a", "b", 1, { irVersion: 11, opsetImports: [{ domain: "", version: 22 }] });
  const { irVersion, opsetImports } = chained(adds("x", "y", 1), newer);
  expect([irVersion, opsetImports]).toEqual([
    11,
    [
      { domain: "", version: 22 },
      { domain: "ai.onnx.ml", version: 3 },
    ],
  ]);
});

const softmax = modelOf(
  {
    name: "old",
    nodes: [nodeOf("Softmax", ["x"], ["y"], { name: "s" })],
    inputs: [infoOf("x")],
    outputs: [infoOf("y")],
  },
  { opsetImports: [{ domain: "", version: 11 }] },
);
test("an operator that changed since its opset is refused, so is an input that is not given", () => {
  expect(() => chained(softmax)).toThrow(/opset 11 with opset 21: Softmax|opset 21 with opset 11: Softmax/);
  expect(() => new GraphBuilder("g").embed(adds("x", "y", 1), new Map())).toThrow(/is not given the input "x"/);
});
