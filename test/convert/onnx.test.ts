import { readFileSync } from "node:fs";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { type ConvertOptions, convertModel } from "../../src/convert/index.ts";
import { formats } from "../../src/formats/index.ts";
import { float32, type Model, readModel, storedTensor, writeModel } from "../../src/onnx/index.ts";
import { infoOf, modelOf, nodeOf } from "../onnx/models.ts";

const onnx = formats.find(({ id }) => id === "onnx")!;
const convert = (model: Model, options: ConvertOptions = {}) => convertModel(onnx, model, options);
const fixture = (name: string) => readModel(readFileSync(`fixtures/onnx/${name}`), name);
const io = { nodes: [nodeOf("Neg", ["x"], ["y"])], inputs: [infoOf("x")], outputs: [infoOf("y")] };

describe("schema", () => {
  const layouts: [
    name: string,
    input: (number | string | null)[],
    output: (number | string | null)[],
    expected: object,
    outLayout: string,
  ][] = [
    ["open batch axis", ["N", 3], ["N", 3], { layout: "batch", shape: [3] }, "batch"],
    ["unnamed batch axis", [null, 3, 8], [null, 3, 8], { layout: "batch", shape: [3, 8] }, "batch"],
    ["a column", [null, 1], [null, 1], { layout: "column", shape: [] }, "batch"],
    ["one value per record", ["batch"], ["batch"], { layout: "batch", shape: [] }, "batch"],
    ["fixed sizes", [1, 3], [1, 3], { layout: "whole", shape: [1, 3] }, "whole"],
    ["a sequence axis first", ["seq_len", 3], ["seq_len", 3], { layout: "whole", shape: ["seq_len", 3] }, "whole"],
    ["a scalar", [], [], { layout: "whole", shape: [] }, "whole"],
    ["outputs without batch", ["N", 3], [4], { layout: "whole", shape: ["N", 3] }, "whole"],
  ];
  test.each(layouts)("%s", (_name, input, output, expected, layout) => {
    const model = modelOf({
      ...io,
      inputs: [infoOf("x", "float32", input)],
      outputs: [infoOf("y", "float32", output)],
    });
    const { schema } = convert(model);
    expect(schema.inputs).toEqual([{ name: "x", type: "float", dtype: "float32", ...expected }]);
    expect(schema.outputs[0]?.layout).toBe(layout);
  });

  test("initializers that are listed as inputs are none", () => {
    const model = modelOf({
      nodes: [nodeOf("Add", ["x", "w"], ["y"])],
      inputs: [infoOf("x"), infoOf("w", "float32", [])],
      outputs: [infoOf("y")],
      initializers: [storedTensor("w", float32([1], []))],
    });
    expect(convert(model).schema.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  test("one input per column, and the class probabilities", () => {
    const { schema, model, promises } = convert(fixture("columns.onnx"));
    expect(schema.inputs).toEqual([
      { name: "size", type: "float", dtype: "float32", shape: [], layout: "column" },
      { name: "colour", type: "string", dtype: "string", shape: [], layout: "column" },
    ]);
    expect(schema.outputs).toMatchObject([
      { name: "label", type: "int", shape: [], role: "label" },
      { name: "probabilities", type: "float", shape: [2], role: "probabilities", classes: ["0", "1"] },
    ]);
    expect(promises).toEqual({ label: { exact: true }, probabilities: { exact: true } });
    expect(model).toEqual(fixture("columns.onnx"));
  });
});

describe("declared inputs", () => {
  test("rename by order", async () => {
    const { model, schema } = convert(fixture("columns.onnx"), {
      inputs: [{ name: "weight" }, { name: "tint", categories: ["a", "b"] }],
    });
    expect(schema.inputs).toMatchObject([{ name: "weight" }, { name: "tint", categories: ["a", "b"] }]);
    const session = await InferenceSession.create(writeModel(model));
    expect(session.inputNames).toEqual(["weight", "tint"]);
    await session.release();
  });

  const refusals: [name: string, inputs: NonNullable<ConvertOptions["inputs"]>, message: RegExp][] = [
    ["a misspelt name", [{ name: "size" }, { name: "color" }], /no input "color"/],
    ["a string for a number", [{ name: "size", type: "string" }], /declared as string, the graph takes float32/],
    ["a name the graph uses inside", [{ name: "label" }, { name: "b" }], /uses "label" for another value/],
    ["too few", [{ name: "a" }], /no input "a"/],
  ];
  test.each(refusals)("refuse %s", (_name, inputs, message) => {
    expect(() => convert(fixture("columns.onnx"), { inputs })).toThrow(message);
  });
});

test("ZipMap is taken out: the same probabilities as scikit-learn, as one array", async () => {
  const { rows, labels, probabilities, classes } = JSON.parse(readFileSync("fixtures/onnx/iris_zipmap.json", "utf8"));
  const { model, schema, notes } = convert(fixture("iris_zipmap.onnx"));
  expect(schema.outputs).toMatchObject([
    { name: "output_label", role: "label", type: "string", shape: [] },
    { name: "output_probability", role: "probabilities", dtype: "float32", shape: [3], classes },
  ]);
  expect(notes[0]).toMatch(/ZipMap removed/);
  const session = await InferenceSession.create(writeModel(model));
  const results = await session.run({ X: new OrtTensor("float32", rows.flat(), [rows.length, 4]) });
  expect(results["output_label"]!.data).toEqual(labels);
  const found = Array.from(results["output_probability"]!.data as Float32Array);
  // skl2onnx computes in float32, scikit-learn here in float64
  probabilities.flat().forEach((value: number, i: number) => {
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6);
  });
  await session.release();
});

describe("refusals", () => {
  const sequence = { name: "y", type: { kind: "sequence", element: null } as const, docString: "" };
  const rows: [name: string, model: Model, message: RegExp, fix: RegExp][] = [
    [
      "a sequence output",
      modelOf({ ...io, nodes: [nodeOf("SplitToSequence", ["x"], ["y"])], outputs: [sequence] }),
      /output "y" is sequence of unknown, which JavaScript runtimes cannot return/,
      /end in tensors/,
    ],
    [
      "a ZipMap that another node reads",
      modelOf({
        nodes: [nodeOf("ZipMap", ["x"], ["y"], { domain: "ai.onnx.ml" }), nodeOf("SequenceLength", ["y"], ["n"])],
        inputs: [infoOf("x")],
        outputs: [sequence, infoOf("n", "int64", [])],
      }),
      /cannot return/,
      /zipmap/,
    ],
    ["a sequence input", modelOf({ ...io, inputs: [{ ...sequence, name: "x" }] }), /input "x" is sequence/, /tensor/],
    [
      "a custom operator",
      modelOf(
        { ...io, nodes: [nodeOf("PyOp", ["x"], ["y"], { domain: "acme" })] },
        { opsetImports: [{ domain: "acme", version: 1 }] },
      ),
      /custom operator/,
      /local function/,
    ],
    [
      "complex numbers",
      modelOf({ ...io, inputs: [infoOf("x", "complex64")], outputs: [infoOf("y")] }),
      /complex64/,
      /real-valued/,
    ],
  ];
  test.each(rows)("%s", (_name, model, message, fix) => {
    try {
      convert(model);
    } catch (error) {
      expect(error).toMatchObject({
        code: "MODEL_UNSUPPORTED",
        message: expect.stringMatching(message),
        fix: expect.stringMatching(fix),
      });
      return;
    }
    throw new Error("nothing was thrown");
  });
});
