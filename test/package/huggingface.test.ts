// Hugging Face folders: `ingot init` on one writes an ingot.yaml that packs and answers as transformers does. Fields that have no step are
// refused by name.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { Store } from "../../src/oci/index.ts";
import { float32, GraphBuilder, writeModel } from "../../src/onnx/index.ts";
import { initProject, openPackage, pack } from "../../src/package/index.ts";
import type { OutputRecord } from "../../src/runtime/index.ts";

const example = path.join(import.meta.dirname, "../../examples/image-classification");
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-huggingface-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Row {
  readonly inputs: { image: string };
  readonly outputs: { label: string; probabilities: Record<string, number> };
}

const rows = readFileSync(path.join(example, "examples.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

test("a folder of transformers answers as transformers, with what init wrote", async () => {
  const folder = path.join(root, "textures");
  cpSync(path.join(example, "model"), folder, { recursive: true });
  await initProject(folder);
  const store = await Store.open(path.join(root, "store"));
  await pack(folder, store);
  const predictor = await (await openPackage("textures", store)).predictor();
  const answers = (await predictor.predict(rows.map(({ inputs }) => inputs))) as OutputRecord[];
  await predictor.close();
  answers.forEach(({ label, probabilities }, i) => {
    expect(label).toBe(rows[i]!.outputs.label);
    for (const [name, expected] of Object.entries(rows[i]!.outputs.probabilities))
      expect(Math.abs((probabilities as Record<string, number>)[name]! - expected)).toBeLessThanOrEqual(1e-5);
  });
  await expect(initProject(folder)).rejects.toThrow(/there is an ingot.yaml already/);
});

/** A folder with a graph of the right inputs and outputs, and no more. */
function folderOf(config: object, processor: object | null, outputs: Record<string, number[]>): string {
  const folder = path.join(root, "folder");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "config.json"), JSON.stringify(config));
  if (processor) writeFileSync(path.join(folder, "preprocessor_config.json"), JSON.stringify(processor));
  const g = new GraphBuilder("folder");
  const image = g.input("pixel_values", "float32", ["N", 3, "height", "width"]);
  const one = g.op("GlobalAveragePool", [image]);
  for (const [name, shape] of Object.entries(outputs)) {
    const flat = g.op("Flatten", [one], { axis: 1 });
    const count = shape.reduce((all, size) => all * size, 1);
    const wide = g.op("MatMul", [flat, g.constant(float32(new Float32Array(3 * count), [3, count]), name)]);
    g.output(
      shape.length === 1
        ? wide
        : g.op("Reshape", [
            wide,
            g.constant({ dtype: "int64", dims: [3], data: BigInt64Array.of(0n, ...shape.map(BigInt)) }, "shape"),
          ]),
      name,
    );
  }
  writeFileSync(path.join(folder, "model.onnx"), writeModel(g.build()));
  return folder;
}

const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [i, `label ${i}`]));
const classifier = { architectures: ["ViTForImageClassification"], id2label: labels(3) };
const detector = { architectures: ["DetrForObjectDetection"], id2label: labels(4) };
const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

async function steps(config: object, processor: object, outputs: Record<string, number[]> = { logits: [3] }) {
  const { yaml } = await initProject(folderOf(config, processor, outputs), { dryRun: true });
  return parse(yaml) as { preprocess: Record<string, unknown>[]; postprocess: Record<string, unknown>[] };
}

const image = "image";

test.each<[string, object, object[]]>([
  [
    "ViT",
    { image_processor_type: "ViTImageProcessor", size: 224, resample: 2, do_rescale: true },
    [
      { resize: { column: image, size: { height: 224, width: 224 }, filter: "bilinear" } },
      { normalize_image: { column: image, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } },
    ],
  ],
  [
    "ConvNeXT below 384",
    {
      feature_extractor_type: "ConvNextFeatureExtractor",
      size: { shortest_edge: 224 },
      crop_pct: 0.875,
      resample: 3,
      ...imagenet,
    },
    [
      { resize: { column: image, size: { shortest_edge: 256 }, filter: "bicubic" } },
      { center_crop: { column: image, size: { height: 224, width: 224 }, like: "transformers" } },
    ],
  ],
  [
    "ConvNeXT of 384",
    { image_processor_type: "ConvNextImageProcessor", size: { shortest_edge: 384 }, ...imagenet },
    [{ resize: { column: image, size: { height: 384, width: 384 }, filter: "bilinear" } }],
  ],
  [
    "MobileNet",
    {
      image_processor_type: "MobileNetV2ImageProcessor",
      size: { shortest_edge: 256 },
      crop_size: { height: 224, width: 224 },
      ...imagenet,
    },
    [
      { resize: { column: image, size: { shortest_edge: 256 }, filter: "bilinear" } },
      { center_crop: { column: image, size: { height: 224, width: 224 }, like: "transformers" } },
    ],
  ],
  [
    "EfficientNet with an offset",
    {
      image_processor_type: "EfficientNetImageProcessor",
      size: { height: 60, width: 60 },
      rescale_offset: true,
      rescale_factor: 1 / 127.5,
      do_normalize: false,
    },
    [
      { resize: { column: image, size: { height: 60, width: 60 }, filter: "nearest" } },
      { rescale: { column: image, factor: 1 / 127.5, offset: -1 } },
    ],
  ],
  [
    "MobileViT in BGR",
    {
      image_processor_type: "MobileViTImageProcessor",
      size: { shortest_edge: 288 },
      crop_size: { height: 256, width: 256 },
      do_flip_channel_order: true,
    },
    [{ channel_order: { column: image, order: "bgr" } }],
  ],
])("%s: steps of its processor", async (_name, processor, expected) => {
  const { preprocess, postprocess } = await steps(classifier, processor);
  expect(preprocess).toEqual(expect.arrayContaining(expected));
  expect(preprocess.at(-1)).toEqual({ rename: { columns: { image: "pixel_values" } } });
  expect(postprocess[1]).toEqual({
    argmax: { column: "logits", as: "label", classes: ["label 0", "label 1", "label 2"] },
  });
});

test.each([
  ["DetrForObjectDetection", 5, { activation: "softmax", background: "last" }],
  ["RTDetrForObjectDetection", 4, { activation: "sigmoid", classes_per_box: "all" }],
])("%s: boxes in the image that was sent", async (architecture, width, choice) => {
  const processor =
    architecture === "RTDetrForObjectDetection"
      ? {
          image_processor_type: "RTDetrImageProcessor",
          size: { height: 64, width: 64 },
          do_pad: false,
          do_normalize: false,
        }
      : {
          image_processor_type: "DetrImageProcessor",
          size: { shortest_edge: 80, longest_edge: 133 },
          do_pad: true,
          format: "coco_detection",
        };
  const config = { ...detector, architectures: [architecture] };
  const { preprocess, postprocess } = await steps(config, processor, {
    logits: [6, width],
    pred_boxes: [6, 4],
    last_hidden_state: [6, 8],
  });
  expect(preprocess[0]).toEqual({ decode_image: { column: image, mode: "rgb", size: "image_size" } });
  expect(postprocess).toEqual([
    { drop: { columns: ["last_hidden_state"] } },
    { decode_boxes: { column: "pred_boxes", format: "cxcywh", size: "image_size" } },
    {
      select_boxes: {
        boxes: "pred_boxes",
        scores: "logits",
        ...choice,
        score: 0.5,
        limit: 100,
        labels: Object.values(labels(4)),
      },
    },
    { trim: { columns: ["boxes", "scores", "labels"] } },
  ]);
  const store = await Store.open(path.join(root, "store"));
  const folder = path.join(root, "folder");
  await initProject(folder);
  // Everything scores the same in a graph of zeros.
  const file = path.join(folder, "ingot.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("score: 0.5, limit: 100", "score: 0.1, limit: 4"));
  await pack(folder, store);
  const predictor = await (await openPackage("folder", store)).predictor();
  const [answer] = await predictor.predict([rows[3]!.inputs]);
  expect(Object.keys(answer!)).toEqual(["boxes", "scores", "labels"]);
  expect(answer!["scores"]).toEqual(new Array(4).fill(width === 5 ? 0.2 : 0.5));
  expect((answer!["boxes"] as number[][]).map((box) => box.length)).toEqual([4, 4, 4, 4]);
  await predictor.close();
});

test.each<[string, object, object | null, Record<string, number[]>, RegExp]>([
  [
    "an unknown field",
    classifier,
    { image_processor_type: "ViTImageProcessor", size: 8, do_sharpen: true },
    { logits: [3] },
    /the field `do_sharpen` is not known/,
  ],
  [
    "an unknown value",
    classifier,
    { image_processor_type: "ViTImageProcessor", size: "big" },
    { logits: [3] },
    /the field `size` has a value/,
  ],
  [
    "Lanczos",
    classifier,
    { image_processor_type: "ViTImageProcessor", size: 8, resample: 1 },
    { logits: [3] },
    /Lanczos/,
  ],
  [
    "an unknown processor",
    classifier,
    { image_processor_type: "PoolFormerImageProcessor" },
    { logits: [3] },
    /`PoolFormerImageProcessor` is not known/,
  ],
  ["no processor", classifier, null, { logits: [3] }, /nothing says how images are prepared/],
  [
    "labels that do not fit",
    { ...classifier, id2label: labels(2) },
    { image_processor_type: "ViTImageProcessor", size: 8 },
    { logits: [3] },
    /2 labels for 3 logits/,
  ],
  [
    "labels with a hole",
    { ...classifier, id2label: { 0: "a", 2: "b" } },
    { image_processor_type: "ViTImageProcessor", size: 8 },
    { logits: [3] },
    /no label for 1 of 2/,
  ],
  ["another task", { architectures: ["SamModel"] }, {}, { logits: [3] }, /the architecture SamModel has no importer/],
  ["no boxes", detector, {}, { logits: [6, 5] }, /no output `pred_boxes`/],
])("refuses %s", async (_name, config, processor, outputs, message) => {
  await expect(initProject(folderOf(config, processor, outputs))).rejects.toThrow(message);
});
