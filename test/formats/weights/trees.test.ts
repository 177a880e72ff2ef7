// Folders of weights: TensorFlow.js on disk, Hugging Face in memory.
import path from "node:path";
import { expect, test } from "vitest";
import { huggingface } from "../../../src/formats/huggingface/index.ts";
import { memoryFile, type Observation, openFile, type Tree } from "../../../src/formats/index.ts";
import { tfjs } from "../../../src/formats/tfjs/index.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures");

test.each([
  ["layers", "tfjs-layers", 'Sequential "tiny" of 1 layers'],
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
  const file = { ...memoryFile(bytes, "model.json"), sibling: async () => memoryFile(new Uint8Array(12), "w.bin") };
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
  const tree: Tree = {
    name: "bert",
    container: "folder",
    entries: [...files].map(([name, bytes]) => ({ path: name, size: bytes.length, kind: "file" })),
    open: async (name) => memoryFile(files.get(name)!, name),
    async [Symbol.asyncDispose]() {},
  };
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
