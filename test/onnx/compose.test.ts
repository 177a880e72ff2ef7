import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  dataTypes,
  float32,
  lintModel,
  type Model,
  mergeModels,
  storedTensor,
  writeModel,
} from "../../src/onnx/index.ts";
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

describe("mergeModels", () => {
  test("clashing inner names make room", async () => {
    const merged = mergeModels(adds("x", "y", 1), adds("a", "b", 10), { connect: [["y", "a"]] });
    expect(await run(merged, { x: [1, 2] })).toEqual({ b: [12, 13] });
    expect(new Set(merged.graph.initializers.map(({ name }) => name)).size).toBe(2);
  });

  test("the same names on both sides, kept outputs and prefixes", async () => {
    const model = adds("x", "y", 1);
    const merged = mergeModels(model, model, { connect: [["y", "x"]], keep: ["y"], prefixFirst: "pre/" });
    expect(await run(merged, { "pre/x": [1, 2] })).toEqual({ "pre/y": [2, 3], y: [3, 4] });
  });

  test("an output name of the second model that the first uses inside", async () => {
    const negates = modelOf({ nodes: [nodeOf("Neg", ["a"], ["t"])], inputs: [infoOf("a")], outputs: [infoOf("t")] });
    const merged = mergeModels(adds("x", "y", 1), negates, { connect: [["y", "a"]] });
    expect(await run(merged, { x: [1, 2] })).toEqual({ t: [-2, -3] });
  });

  test("an output of the second model that is one of its inputs", async () => {
    const through = modelOf({
      nodes: [nodeOf("Neg", ["a"], ["b"])],
      inputs: [infoOf("a")],
      outputs: [infoOf("b"), infoOf("a")],
    });
    const merged = mergeModels(adds("x", "y", 1), through, { connect: [["y", "a"]] });
    expect(await run(merged, { x: [1, 2] })).toEqual({ b: [-2, -3], a: [2, 3] });
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
    const merged = mergeModels(adds("x", "y", 1), choosing, { connect: [["y", "a"]] });
    expect(await run(merged, { x: [1, 2] })).toEqual({ b: [-3, -2] });
    expect(await run(merged, { x: [3, 4] })).toEqual({ b: [20, 25] });
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
    const merged = mergeModels(calling("x", "y", "Neg"), calling("a", "b", "Exp"), { connect: [["y", "a"]] });
    expect((await run(merged, { x: [0, 0] }))["b"]).toEqual([1, 1]);
    expect(merged.functions.map(({ name }) => name)).toEqual(["F", "F_1"]);
    expect(
      mergeModels(calling("x", "y", "Neg"), calling("a", "b", "Neg"), { connect: [["y", "a"]] }).functions.length,
    ).toBe(1);
  });

  test("the higher opset and IR version are declared where that is safe", () => {
    const newer = adds("a", "b", 1, { irVersion: 10, opsetImports: [{ domain: "", version: 21 }] });
    const merged = mergeModels(adds("x", "y", 1), newer, { connect: [["y", "a"]] });
    expect([merged.irVersion, merged.opsetImports]).toEqual([
      10,
      [
        { domain: "", version: 21 },
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
  const refusals: [name: string, merge: () => unknown, message: RegExp][] = [
    [
      "an operator that changed",
      () => mergeModels(softmax, adds("a", "b", 1), { connect: [["y", "a"]] }),
      /opset 11 with opset 17: Softmax/,
    ],
    [
      "an unknown output",
      () => mergeModels(adds("x", "y", 1), adds("a", "b", 1), { connect: [["z", "a"]] }),
      /"z" is no output/,
    ],
    [
      "an unknown input",
      () => mergeModels(adds("x", "y", 1), adds("a", "b", 1), { connect: [["y", "c"]] }),
      /"c" is no input/,
    ],
    [
      "an input fed twice",
      () =>
        mergeModels(adds("x", "y", 1), adds("a", "b", 1), {
          connect: [
            ["y", "a"],
            ["x", "a"],
          ],
        }),
      /connected twice/,
    ],
    [
      "an unknown kept output",
      () => mergeModels(adds("x", "y", 1), adds("a", "b", 1), { connect: [["y", "a"]], keep: ["q"] }),
      /"q" is no output/,
    ],
    [
      "equal outside names",
      () => mergeModels(adds("x", "y", 1), adds("a", "x", 1), { connect: [["y", "a"]] }),
      /both models .*"x"/,
    ],
    [
      "different types",
      () =>
        mergeModels(adds("x", "y", 1), modelOf({ inputs: [infoOf("a", "int64")], outputs: [infoOf("a")] }), {
          connect: [["y", "a"]],
        }),
      /"y" is float32, "a" wants int64/,
    ],
  ];
  test.each(refusals)("refuses %s", (_name, merge, message) => {
    expect(merge).toThrow(message);
  });

  test("every element type has a number", () => {
    expect(new Set(dataTypes.map(({ number }) => number)).size).toBe(26);
  });
});
