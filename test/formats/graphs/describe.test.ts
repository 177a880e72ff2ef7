// Graph formats that Ingot reads but does not convert: real files of each library, detected by content, described, surveyed.
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  detectFormat,
  formats,
  memoryFile,
  type Observation,
  openFile,
  type Survey,
} from "../../../src/formats/index.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures");

const files: [file: string, format: string, summary: string, inputs: string[], outputs: string[]][] = [
  ["tensorflow/frozen.pb", "tensorflow-graph", "frozen graph of 14 nodes", ["features"], ["Identity"]],
  [
    "tensorflow/saved_model_dense/saved_model.pb",
    "tensorflow-saved-model-pb",
    "SavedModel, 1 meta graph, tags serve",
    ["features"],
    ["probabilities"],
  ],
  [
    "tensorflow/saved_model_dense/variables/variables.index",
    "tensorflow-variables",
    "index of 4 variables in 1 data files",
    [],
    [],
  ],
  [
    "tensorflow/dense.tflite",
    "tflite",
    "1 graph, 3 operators",
    ["serving_default_features:0"],
    ["StatefulPartitionedCall:0"],
  ],
  [
    "tensorflow/dense_int8.tflite",
    "tflite",
    "1 graph, 5 operators",
    ["serving_default_features:0"],
    ["StatefulPartitionedCall:0"],
  ],
  ["onnxruntime/columns.ort", "ort", "6 nodes, 3 parameters", ["size", "colour"], ["label", "probabilities"]],
  ["coreml/forest.mlmodel", "coreml", "treeEnsembleClassifier", ["age", "income"], ["label"]],
  ["coreml/dense.mlpackage/Data/com.apple.CoreML/model.mlmodel", "coreml", "mlProgram", ["x"], ["relu_0"]],
  ["openvino/dense.xml", "openvino", 'graph "dense" of 7 layers', ["features"], ["Result_9"]],
  [
    "pmml/iris_tree.pmml",
    "pmml",
    'TreeModel "DecisionTreeClassifier", 1 tree',
    ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    ["probability_0", "probability_1", "probability_2", "predicted_species"],
  ],
];

test.each(files)("%s", async (file, id, summary, inputs, outputs) => {
  await using opened = await openFile(path.join(fixtures, file));
  const format = await detectFormat(opened);
  const head = await opened.read(0, 65536);
  expect(formats.filter((one) => one.detect(head, opened.size)).map((one) => one.id)).toEqual([id]);
  const description = format.describe(await format.read(opened));
  expect(description.summary).toBe(summary);
  expect(description.inputs.map((one) => one.name)).toEqual(inputs);
  expect(description.outputs.map((one) => one.name)).toEqual(outputs);
  const { observations, covered } = await surveyed(await opened.readAll());
  expect(observations).toEqual([]);
  expect(covered).toBe(opened.size);
});

async function surveyed(bytes: Uint8Array): Promise<{ observations: Observation[]; covered: number }> {
  const file = memoryFile(bytes, "file");
  const format = await detectFormat(file);
  const observations: Observation[] = [];
  let covered = 0;
  const survey: Survey = {
    covered(start, end) {
      covered += end - start;
    },
    observe: (one) => void observations.push(one),
    nested: async () => {},
  };
  if (format.survey) await format.survey(file, survey);
  else {
    await format.read(file);
    covered = bytes.length;
  }
  return { observations, covered };
}

async function observed(file: string): Promise<Observation[]> {
  await using opened = await openFile(path.join(fixtures, file));
  return (await surveyed(await opened.readAll())).observations;
}

describe("operators of TensorFlow that reach files are seen", () => {
  test("in the graph's functions", async () => {
    const found = await observed("tensorflow/saved_model_read_file/saved_model.pb");
    expect(found).toContainEqual(
      expect.objectContaining({ kind: "operator", name: "ReadFile", detail: "reads files" }),
    );
  });
  test("inside a branch", async () => {
    const found = await observed("tensorflow/saved_model_nested_read_file/saved_model.pb");
    expect(found).toContainEqual(expect.objectContaining({ kind: "operator", name: "ReadFile" }));
  });
});

const xml = (text: string) => surveyed(Buffer.from(text));
const hostile: [what: string, text: string, detail: RegExp][] = [
  ["a document type", '<!DOCTYPE PMML [<!ENTITY a "b">]><PMML version="4.4"><TreeModel/></PMML>', /document type/],
  ["an entity", '<PMML version="4.4"><TreeModel modelName="&xxe;"/></PMML>', /&xxe; is not defined/],
  ["an open element", '<net version="11"><layers>', /<layers> is never closed/],
  ["deep nesting", `<net version="11">${"<a>".repeat(2000)}`, /deeper than 512/],
  ["two roots", '<net version="11"></net><net version="11"/>', /two root elements/],
  ["an attribute twice", '<net version="11" version="12"/>', /appears twice/],
];
test.each(hostile)("XML with %s is not read", async (_what, text, detail) => {
  const source = text.startsWith("<!DOCTYPE") ? `<?xml version="1.0"?>${text}` : text;
  if (text.startsWith("<!DOCTYPE")) {
    await expect(xml(source)).rejects.toThrow(/no known format/);
    return;
  }
  const { observations } = await xml(source);
  expect(observations).toEqual([{ kind: "unread", detail: expect.stringMatching(detail) }]);
});
