// Folders of weights: TensorFlow.js on disk, Hugging Face and Keras in memory.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { huggingface } from "../../../src/formats/huggingface/index.ts";
import { memoryFile, type Observation, openFile, type Tree } from "../../../src/formats/index.ts";
import { kerasArchive } from "../../../src/formats/keras/index.ts";
import { tfjs } from "../../../src/formats/tfjs/index.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures");

test.each([
  ["layers", "tfjs-layers", 'Sequential "tiny" of 1 layer'],
  ["graph", "tfjs-graph", "TensorFlow graph of 4 nodes"],
])("TensorFlow.js %s model", async (folder, format, summary) => {
  await using file = await openFile(path.join(fixtures, "tfjs", folder, "model.json"));
  expect(tfjs.describe(await tfjs.read(file))).toMatchObject({ format, summary, parameters: 9 });
  const told: Observation[] = [];
  await tfjs.survey!(file, { covered() {}, observe: (seen) => void told.push(seen), async nested() {} });
  expect(told.filter(({ kind }) => kind === "anomaly")).toEqual([]);
});

test("TensorFlow.js: weights that do not fill their tensors, in a file outside of the folder", async () => {
  const manifest = [{ paths: ["../w.bin"], weights: [{ name: "w", shape: [4], dtype: "float32" }] }];
  const bytes = Buffer.from(JSON.stringify({ modelTopology: {}, weightsManifest: manifest }));
  const file = memoryFile(bytes, "model.json", async () => memoryFile(new Uint8Array(12), "w.bin"));
  const told: Observation[] = [];
  await tfjs.survey!(file, { covered() {}, observe: (seen) => void told.push(seen), async nested() {} });
  expect(told).toContainEqual(expect.objectContaining({ kind: "path", path: "../w.bin" }));
  expect(told).toContainEqual(expect.objectContaining({ kind: "anomaly", subject: "truncated" }));
});

test("a Hugging Face folder: architecture, labels, weights, shards that are missing", async () => {
  await using weights = await openFile(path.join(fixtures, "safetensors/mixed.safetensors"));
  const files = new Map<string, Uint8Array>([
    ["model.safetensors", await weights.readAll()],
    ["model.safetensors.index.json", Buffer.from('{"weight_map":{"a":"model.safetensors","b":"gone.safetensors"}}')],
    [
      "config.json",
      Buffer.from(
        '{"model_type":"bert","architectures":["BertForSequenceClassification"],"id2label":{"0":"no","1":"yes"}}',
      ),
    ],
  ]);
  const tree = treeOf("bert", files);
  expect(await huggingface.detect(tree)).toBe(true);
  expect(huggingface.describe(await huggingface.read(tree))).toMatchObject({
    task: "binary classification",
    parameters: 55,
    outputs: [{ name: "logits", classes: ["no", "yes"] }],
  });
  const told: Observation[] = [];
  await huggingface.survey!(tree, { covered() {}, observe: (seen) => void told.push(seen), async nested() {} });
  expect(told).toContainEqual(expect.objectContaining({ detail: expect.stringContaining("gone.safetensors") }));
});

test("a Keras archive shows its layers and its weights", async () => {
  await using weights = await openFile(path.join(fixtures, "keras/digits.weights.h5"));
  const files = new Map<string, Uint8Array>([
    ["metadata.json", Buffer.from('{"keras_version":"3.8.0"}')],
    ["config.json", await readFile(path.join(fixtures, "../fuzz/corpus/keras_config/digits.json"))],
    ["model.weights.h5", await weights.readAll()],
  ]);
  const tree = treeOf("digits.keras", files);
  expect(await kerasArchive.detect(tree)).toBe(true);
  expect(kerasArchive.describe(await kerasArchive.read(tree))).toMatchObject({
    producer: { name: "Keras", version: "3.8.0" },
    task: "multiclass classification",
    parameters: 6810,
    inputs: [{ name: "image", shape: [28, 28, 1] }],
  });
});

function treeOf(name: string, files: ReadonlyMap<string, Uint8Array>): Tree {
  return {
    name,
    container: "folder",
    entries: [...files].map(([file, bytes]) => ({ path: file, size: bytes.length, kind: "file" })),
    open: async (file) => memoryFile(files.get(file)!, file),
    async [Symbol.asyncDispose]() {},
  };
}
