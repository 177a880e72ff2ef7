// One small graph on every runtime: the same records in, the same records out.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Schema } from "../../src/core/index.ts";
import { float32, float64, GraphBuilder, strings, writeExternal, writeModel } from "../../src/onnx/index.ts";
import { openApiSchemas, openPredictor, type RuntimeName } from "../../src/runtime/index.ts";

const runtimes: RuntimeName[] = ["native", "wasm", "micro"];
const folder = mkdtempSync(path.join(tmpdir(), "ingot-runtime-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fareModel() {
  const g = new GraphBuilder("fare");
  const distance = g.input("distance", "float64", ["N", 1]);
  const kind = g.input("kind", "string", ["N", 1]);
  const rate = g.op(
    "LabelEncoder",
    [kind],
    { keys_tensor: strings(["day", "night"]), values_tensor: float64([1.5, 2]), default_tensor: float64([9]) },
    { domain: "ai.onnx.ml" },
  );
  const price = g.op("Mul", [distance, rate]);
  g.output(g.op("Concat", [price, rate], { axis: 1 }), "price");
  return g.build();
}

const schema: Schema = {
  inputs: [
    { name: "distance", type: "float", dtype: "float64", shape: [], layout: "column", min: 0, unit: "km" },
    {
      name: "kind",
      type: "string",
      dtype: "string",
      shape: [],
      layout: "column",
      categories: ["day", "night"],
      missing: "allow",
    },
  ],
  outputs: [
    { name: "price", type: "float", dtype: "float64", shape: [2], layout: "batch", classes: ["total", "rate"] },
  ],
};

test.each(runtimes)("%s predicts records, batches and nothing", async (runtime) => {
  const predictor = await openPredictor({ bytes: writeModel(fareModel()) }, schema, { runtime });
  expect(predictor.runtime).toBe(runtime);
  expect(await predictor.predict([{ distance: 10, kind: "day" }, { distance: 2 }])).toEqual([
    { price: { total: 15, rate: 1.5 } },
    { price: { total: 18, rate: 9 } },
  ]);
  expect(await predictor.predict([])).toEqual([]);
  await expect(predictor.predict([{ distance: -1 }])).rejects.toThrow(/below min 0 km/);
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, i) => predictor.predict([{ distance: i, kind: "night" }])),
  );
  expect(many.map(([record]) => record)).toEqual(
    Array.from({ length: 20 }, (_, i) => ({ price: { total: 2 * i, rate: 2 } })),
  );
  const open = predictor.predict([{ distance: 1 }]);
  await predictor.close();
  await expect(open).resolves.toHaveLength(1);
  await expect(predictor.predict([{ distance: 1 }])).rejects.toThrow(/closed/);
});

test.each(["native", "wasm"] as const)("%s reads external tensors from a file beside others", async (runtime) => {
  const g = new GraphBuilder("large");
  const x = g.input("x", "float32", ["N", 4]);
  g.output(
    g.op("MatMul", [
      x,
      g.constant(
        float32(
          Array.from({ length: 4096 }, (_, i) => i % 7),
          [4, 1024],
        ),
        "w",
      ),
    ]),
    "y",
  );
  const file = path.join(folder, "model.onnx");
  await writeExternal(g.build(), file, { threshold: 1024 });
  const { readFileSync } = await import("node:fs");
  const stored = path.join(folder, "0123456789abcdef");
  writeFileSync(stored, readFileSync(`${file}.data`));
  const large: Schema = {
    inputs: [{ name: "x", type: "float", dtype: "float32", shape: [4], layout: "batch" }],
    outputs: [{ name: "y", type: "float", dtype: "float32", shape: [1024], layout: "batch" }],
  };
  const graph = { bytes: readFileSync(file), externalData: { "model.onnx.data": stored } };
  const predictor = await openPredictor(graph, large, { runtime });
  const [record] = await predictor.predict([{ x: [1, 0, 0, 2] }]);
  await predictor.close();
  expect((record!["y"] as number[]).slice(0, 3)).toEqual([0 + 2 * (3072 % 7), 1 + 2 * (3073 % 7), 2 + 2 * (3074 % 7)]);
});

test.each(runtimes)("%s says what it cannot load", async (runtime) => {
  const g = new GraphBuilder("unknown");
  const x = g.input("x", "float32", ["N"]);
  g.output(g.op("Teleport", [x], {}, { domain: "com.example", results: [{ dtype: "float32" }] }), "y");
  const opening = openPredictor({ bytes: writeModel(g.build()) }, schema, { runtime });
  await expect(opening).rejects.toMatchObject({
    code: "RUNTIME_UNSUPPORTED",
    message: expect.stringContaining("Teleport"),
  });
});

test("the schema becomes JSON Schema", () => {
  expect(openApiSchemas(schema)).toMatchObject({
    input: {
      required: ["distance"],
      additionalProperties: false,
      properties: {
        distance: { type: "number", minimum: 0 },
        kind: { type: ["string", "null"], examples: ["day", "night"] },
      },
    },
    output: { properties: { price: { properties: { total: {}, rate: {} } } } },
  });
});
