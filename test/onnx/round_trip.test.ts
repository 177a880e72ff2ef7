import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readModel, splitExternal, tensorOf, tensorsOf, writeModel } from "../../src/onnx/index.ts";
import { anyModel, modelOf, nodeOf } from "./models.ts";

const fixture = (name: string) => readFileSync(`fixtures/onnx/${name}`);

describe("round trip", () => {
  test("any model comes back equal, and its bytes are stable", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const bytes = writeModel(model);
        const back = readModel(bytes);
        expect(back).toEqual(model);
        expect(Buffer.compare(writeModel(back), bytes)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test("fields of every message are kept, the ones a model does not hold included", () => {
    const model = readModel(fixture("every_field.onnx"));
    const written = writeModel(model);
    expect(readModel(written)).toEqual(model);
    // training_info 20 and configuration 26 of the model, quantization_annotation 14 of the graph,
    // device_configurations 10 of a node, metadata_props 16 of a tensor and 4 of a value
    const numbers = (unknown: readonly Uint8Array[] | undefined) =>
      unknown?.map((field) => ((field[0]! & 127) + (field[1]! << 7)) >> 3);
    expect(numbers(model.unknown)).toEqual([20, 26]);
    expect(model.graph.unknown?.map((field) => field[0]! >> 3)).toEqual([14]);
    expect(model.graph.nodes[0]?.unknown?.map((field) => field[0]! >> 3)).toEqual([10]);
    expect(numbers(model.graph.initializers[0]?.unknown)).toEqual([16]);
    expect(model.graph.inputs[0]?.unknown?.map((field) => field[0]! >> 3)).toEqual([4]);
    for (const word of ["TENSOR", "DATA_BATCH", "SCALE_TENSOR", "gpu", "layer", "unit"])
      expect(Buffer.from(written).includes(word), word).toBe(true);
  });

  test("what the fixture says is what is read", () => {
    const { graph, functions, ...model } = readModel(fixture("every_field.onnx"));
    expect(model).toMatchObject({
      irVersion: 13,
      modelVersion: 2n ** 40n,
      domain: "org.example",
      docString: "model doc",
    });
    expect(model.metadata).toEqual([
      ["a", "1"],
      ["b", ""],
    ]);
    expect(graph.inputs[0]?.type).toMatchObject({ kind: "tensor", dtype: "float32", shape: ["N", 2] });
    const kinds = Object.fromEntries(graph.nodes[2]!.attributes.map((attribute) => [attribute.name, attribute.kind]));
    expect(kinds).toMatchObject({
      f: "float",
      i: "int",
      s: "string",
      t: "tensor",
      g: "graph",
      tp: "type",
      fs: "floats",
    });
    expect(kinds).toMatchObject({
      is: "ints",
      ss: "strings",
      ts: "tensors",
      gs: "graphs",
      sp: "sparse_tensor",
      empty: "ints",
    });
    expect(graph.nodes[2]!.attributes.find(({ name }) => name === "is")?.value).toEqual(
      BigInt64Array.of(1n, -1n, 2n ** 33n),
    );
    expect(functions[0]).toMatchObject({ name: "Scale", overload: "f", attributes: ["factor"] });
    expect(functions[0]!.nodes[0]!.attributes[0]!.reference).toEqual({ name: "factor", kind: "float" });
  });

  test("every element type, raw and typed, holds what the onnx package put there", () => {
    const expected = JSON.parse(fixture("tensors.json").toString()) as Record<string, string | string[]>;
    const found: Record<string, unknown> = {};
    for (const stored of readModel(fixture("tensors.onnx")).graph.initializers) {
      const { data } = tensorOf(stored);
      found[stored.name] = Array.isArray(data)
        ? data
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
    }
    expect(found).toEqual(expected);
  });

  test("tensors are views into the file", () => {
    const bytes = fixture("tensors.onnx");
    const raw = readModel(bytes).graph.initializers.flatMap(({ content }) =>
      content.kind === "raw" ? [content.bytes] : [],
    );
    expect(raw.length).toBeGreaterThan(20);
    for (const view of raw) expect(view.buffer).toBe(bytes.buffer);
  });

  test("millions of integers", () => {
    const wide = BigInt64Array.from({ length: 1_000_000 }, (_, i) => BigInt(i) * (i % 2 ? -1n : 2n ** 33n));
    const narrow = Int32Array.from({ length: 1_000_000 }, (_, i) => (i % 3 ? i * 1000 : -i));
    const node = nodeOf("Op", [], ["y"], {
      attributes: [
        { name: "wide", kind: "ints", value: wide },
        { name: "narrow", kind: "ints", value: narrow },
      ],
    });
    const [back] = readModel(writeModel(modelOf({ nodes: [node] }))).graph.nodes;
    const [first, second] = back!.attributes.map(({ value }) => value as Int32Array | BigInt64Array);
    const bits = (list: Int32Array | BigInt64Array) => Buffer.from(list.buffer, list.byteOffset, list.byteLength);
    expect(Buffer.compare(bits(first!), bits(wide))).toBe(0);
    expect(Buffer.compare(bits(second!), bits(narrow))).toBe(0);
  });

  test("a split model names its tensors in order, aligned to pages", () => {
    const { model, size } = splitExternal(readModel(fixture("tensors.onnx")), "model.onnx.data", { threshold: 0 });
    const places = tensorsOf(model).flatMap(({ content }) =>
      content.kind === "external" ? [Number(content.offset)] : [],
    );
    expect(places).toEqual(places.map((_, i) => i * 4096));
    expect(size).toBeGreaterThan(places.at(-1)!);
  });
});
