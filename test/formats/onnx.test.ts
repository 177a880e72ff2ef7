import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { detectFormat, formats, memoryFile, openFile } from "../../src/formats/index.ts";
import { type Model, writeModel } from "../../src/onnx/index.ts";
import { infoOf, modelOf, nodeOf } from "../onnx/models.ts";

const onnx = formats.find(({ id }) => id === "onnx")!;
const detect = (bytes: Uint8Array, size = bytes.length) => onnx.detect(bytes.subarray(0, 65536), size);

describe("detection", () => {
  test.each(globSync("fixtures/onnx/*.onnx"))("%s", async (path) => {
    const bytes = readFileSync(path);
    expect(detect(bytes)).toBe(true);
    expect(await detectFormat(memoryFile(bytes, path))).toBe(onnx);
  });

  const others: [name: string, bytes: Uint8Array][] = [
    ["empty", new Uint8Array()],
    ["zeros", new Uint8Array(100)],
    ["JSON", Buffer.from('{"learner":{}}')],
    ["LightGBM text", Buffer.from("tree\nversion=v4\nnum_class=1\n")],
    ["pickle", Buffer.from("8004950a00000000000000", "hex")],
    ["zip", Buffer.from("504b0304140000000800", "hex")],
    ["GGUF", Buffer.from("4747554603000000", "hex")],
    // TensorFlow SavedModel: schema version, then one meta graph to the end of the file
    ["SavedModel", Buffer.concat([Buffer.from("080112f47f0a10", "hex"), new Uint8Array(5000)])],
    // Core ML: specification version, description message, then a neural network (field 500)
    ["Core ML", Buffer.from("080412020a00a21f0400000000", "hex")],
    ["an IR version alone", Buffer.from("0808", "hex")],
  ];
  test.each(others)("is not %s", (_name, bytes) => {
    expect(detect(bytes)).toBe(false);
  });

  test("the IR version may stand behind the graph", () => {
    const bytes = writeModel(modelOf({ nodes: [nodeOf("Neg", ["x"], ["y"])], outputs: [infoOf("y")] }));
    expect(detect(Buffer.concat([bytes.subarray(2), bytes.subarray(0, 2)]))).toBe(true);
  });
});

describe("description", () => {
  const described = async (path: string) => {
    await using file = await openFile(path);
    return onnx.describe(await onnx.read(file));
  };

  test("a classifier of skl2onnx", async () => {
    const description = await described("fixtures/onnx/iris_zipmap.onnx");
    expect(description).toMatchObject({
      format: "onnx",
      producer: { name: "skl2onnx", version: "1.20.0" },
      task: "multiclass classification",
      inputs: [{ name: "X", type: "float", shape: [null, 4] }],
    });
    expect(description.outputs[0]).toMatchObject({
      name: "output_label",
      type: "string",
      classes: ["setosa", "versicolor", "virginica"],
    });
    expect(description.facts).toContainEqual(["output output_probability", "sequence of map(string, float32 […])"]);
    expect(description.facts.map(([label]) => label)).toEqual(
      expect.arrayContaining(["opset", "operators", "parameters", "warning"]),
    );
  });

  test("one input per column", async () => {
    expect((await described("fixtures/onnx/columns.onnx")).inputs).toEqual([
      { name: "size", type: "float", shape: [null, 1] },
      { name: "colour", type: "string", shape: [null, 1] },
    ]);
  });

  test("weights that are constants, in a branch too, and numbers that are none", async () => {
    const constant = (name: string, dtype: "float32" | "int64", dims: number[]) => ({
      ...nodeOf("Constant", [], [name]),
      attributes: [
        {
          name: "value",
          docString: "",
          kind: "tensor" as const,
          value: {
            name: "",
            dtype,
            dims,
            content: {
              kind: "raw" as const,
              bytes: new Uint8Array(dims.reduce((a, b) => a * b, dtype === "int64" ? 8 : 4)),
            },
            docString: "",
          },
        },
      ],
    });
    const branch = modelOf({ nodes: [constant("z", "float32", [5])], outputs: [infoOf("z")] }).graph;
    const model = modelOf({
      nodes: [
        constant("w", "float32", [20, 30]),
        constant("axes", "int64", [2]),
        constant("one", "float32", []),
        {
          ...nodeOf("If", ["c"], ["y"]),
          attributes: [{ name: "then_branch", docString: "", kind: "graph", value: branch }],
        },
      ],
      outputs: [infoOf("y")],
    });
    const { summary } = onnx.describe(await onnx.read(memoryFile(writeModel(model), "m.onnx")));
    expect(summary).toBe("ONNX graph of 5 nodes and 605 parameters");
  });

  test("external data", async () => {
    expect((await described("fixtures/onnx/external.onnx")).facts).toContainEqual(["external data", "external.data"]);
  });

  test("is plain JSON", async () => {
    for (const path of globSync("fixtures/onnx/*.onnx")) {
      const description = await described(path);
      expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    }
  });
});

describe("refusals", () => {
  const spoiled = (change: (model: Model) => void) => {
    const model = modelOf({ nodes: [nodeOf("Neg", ["x"], ["y"])], inputs: [infoOf("x")], outputs: [infoOf("y")] });
    change(model);
    return onnx.read(memoryFile(writeModel(model), "m.onnx"));
  };
  test("a graph without outputs", async () => {
    await expect(spoiled((model) => model.graph.outputs.pop())).rejects.toThrow(/no outputs/);
  });
  test("external data that is not there", async () => {
    await using file = await openFile("fuzz/corpus/onnx/external.onnx");
    await expect(onnx.read(file)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
