// `ingot inspect` on a real file of every format: the JSON is what docs/inspect.schema.json says, the picture says what it is and what to do.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import inspect from "../../src/cli/commands/inspect.ts";
import type { CommandIo } from "../../src/cli/io.ts";
import { formats, treeFormats } from "../../src/formats/index.ts";

const root = path.join(import.meta.dirname, "..", "..");
const fixtures = path.join(root, "fixtures");
const validate = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(path.join(root, "docs", "inspect.schema.json"), "utf8")),
);

async function inspected(file: string) {
  const seen = { data: {} as Record<string, unknown>, text: "" };
  const io = {
    cwd: fixtures,
    result(data: unknown, render: () => string) {
      seen.data = JSON.parse(JSON.stringify(data));
      seen.text = render();
    },
  } as unknown as CommandIo;
  await inspect.run({ file } as never, io);
  return seen;
}

/** At least one real file of every format that files or folders have. */
const files: [file: string, format: string, converts: boolean][] = [
  ["../demo/delay.txt", "lightgbm", true],
  ["xgboost/binary-3.2.0.model.json.gz", "xgboost-json", true],
  ["xgboost/dart-3.2.0.model.ubj.gz", "xgboost-ubj", true],
  ["xgboost_legacy/binary-2.1.4.deprecated", "xgboost-legacy", true],
  ["numpy/record.npy", "npy", false],
  ["numpy/arrays.npz", "npz", false],
  ["joblib/joblib-1.5.2.joblib", "joblib", false],
  ["../demo/penguins/species.pkl", "pickle", true],
  ["onnx/columns.onnx", "onnx", true],
  ["safetensors/mixed.safetensors", "safetensors", false],
  ["sentencepiece/unigram.model", "sentencepiece", false],
  ["gguf/tiny-q8.gguf", "gguf", false],
  ["keras/plain-earliest.h5", "hdf5", false],
  ["keras/digits.h5", "keras-h5", false],
  ["keras/digits.keras", "keras", false],
  ["tfjs/layers", "tfjs-layers", false],
  ["tfjs/graph", "tfjs-graph", false],
  ["tensorflow/dense.tflite", "tflite", false],
  ["tensorflow/saved_model_dense", "tensorflow-saved-model", false],
  ["tensorflow/frozen.pb", "tensorflow-graph", false],
  ["onnxruntime/columns.ort", "ort", false],
  ["openvino/dense.xml", "openvino", false],
  ["pmml/iris_tree.pmml", "pmml", false],
  ["coreml/forest.mlmodel", "coreml", false],
  ["coreml/dense.mlpackage", "coreml-package", false],
  ["pytorch/state_dict-1.12.1.pt", "pytorch", false],
  ["pytorch/exported-2.8.0.pt2", "pt2", false],
  ["pytorch/legacy-1.12.1.pth", "pytorch-stream", false],
  ["pytorch/legacy.tar.pt", "pytorch-tar", false],
  ["pytorch/package-1.12.1.pt", "torch-package", false],
  ["skops/pipeline.skops", "skops", true],
  ["mlflow/sklearn", "mlflow", false],
  ["bentoml/model", "bentoml", false],
  ["torchserve/net.mar", "torchserve", false],
];

test.each(files)("%s is %s", async (file, format, converts) => {
  const { data, text } = await inspected(file);
  validate(data);
  expect(validate.errors).toBeNull();
  expect(String(data["format"]).startsWith(format)).toBe(true);
  expect(data["use"]).toMatchObject({ converts });
  expect(text).toMatch(converts ? /runs on {3}native/ : /converts {2}no: .+\n(.*\n)*instead {3}.+/);
  expect(text).not.toMatch(/\b(undefined|null|NaN|\[object)/);
});

test("the table above has a file of every format", () => {
  const known = new Set(files.map(([, format]) => format));
  const others = new Set([
    "keras-config",
    "tensorflow-saved-model-pb",
    "tensorflow-variables",
    "coreml-weights",
    "tfjs",
  ]);
  const here = [...formats, ...treeFormats].map(({ id }) => id).filter((id) => !others.has(id));
  // Of these the tests of their readers describe real files.
  const elsewhere = new Set(["lightgbm-text", "catboost-cbm", "catboost-json", "huggingface"]);
  expect(here.filter((id) => !known.has(id) && !elsewhere.has(id))).toEqual([]);
});
