// coreml: Apple's models, a `.mlmodel` file or an `.mlpackage` folder. Rule: coremltools, mlmodel/format/{Model,FeatureTypes,DataStructures}.proto.
import { type ColumnType, type Dim, IngotError } from "../../core/index.ts";
import { type MessageKind, ProtobufReader } from "../../onnx/index.ts";
import type { Format, ModelDescription } from "../format.ts";
import { message, readFields, text, wire } from "../protobuf/fields.ts";
import type { TreeFormat } from "../tree.ts";

interface Feature {
  readonly name: string;
  readonly type: ColumnType;
  readonly kind: string;
  readonly shape: readonly Dim[];
}

interface CoremlModel {
  readonly specification: number;
  readonly inputs: readonly Feature[];
  readonly outputs: readonly Feature[];
  /** What the model is, e.g. `treeEnsembleClassifier`. */
  readonly kind: string;
  readonly metadata: readonly (readonly [label: string, value: string])[];
  /** Class that a custom model is loaded from. */
  readonly customClass: string | null;
}

const coreml: MessageKind = { code: "FILE_MALFORMED", what: "a Core ML model" };

/** `oneof Type` of Model.proto. */
const kinds: Readonly<Record<number, string>> = {
  200: "pipelineClassifier",
  201: "pipelineRegressor",
  202: "pipeline",
  300: "glmRegressor",
  301: "supportVectorRegressor",
  302: "treeEnsembleRegressor",
  303: "neuralNetworkRegressor",
  304: "bayesianProbitRegressor",
  400: "glmClassifier",
  401: "supportVectorClassifier",
  402: "treeEnsembleClassifier",
  403: "neuralNetworkClassifier",
  404: "kNearestNeighborsClassifier",
  500: "neuralNetwork",
  501: "itemSimilarityRecommender",
  502: "mlProgram",
  555: "customModel",
  556: "linkedModel",
  560: "classConfidenceThresholding",
  600: "oneHotEncoder",
  601: "imputer",
  602: "featureVectorizer",
  603: "dictVectorizer",
  604: "scaler",
  606: "categoricalMapping",
  607: "normalizer",
  609: "arrayFeatureExtractor",
  610: "nonMaximumSuppression",
  900: "identity",
  2000: "textClassifier",
  2001: "wordTagger",
  2002: "visionFeaturePrint",
  2003: "soundAnalysisPreprocessing",
  2004: "gazetteer",
  2005: "wordEmbedding",
  2006: "audioFeaturePrint",
};

/** Types of `FeatureType`, by field. */
const features: Readonly<Record<number, readonly [kind: string, type: ColumnType]>> = {
  1: ["int64", "int"],
  2: ["double", "float"],
  3: ["string", "string"],
  4: ["image", "float"],
  5: ["multiArray", "float"],
  6: ["dictionary", "float"],
  7: ["sequence", "float"],
  8: ["state", "float"],
};

export const coremlFile: Format<CoremlModel> = {
  id: "coreml",
  title: "Core ML model",
  firstBytes: "\b",
  detect: isCoreml,
  read: async (file) => readCoreml(await file.readAll(), file.name),
  describe: describeCoreml,
  async survey(file, survey) {
    try {
      const model = await coremlFile.read(file);
      if (model.customClass !== null)
        survey.observe({
          kind: "code",
          subject: `custom model ${model.customClass}`,
          detail: "the application's class of this name is loaded and run",
        });
      survey.covered(0, file.size);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

const packagedModel = "Data/com.apple.CoreML/model.mlmodel";

export const coremlPackage: TreeFormat<CoremlModel> = {
  id: "coreml-package",
  title: "Core ML package",
  detect: (tree) =>
    tree.entries.some((entry) => entry.path === "Manifest.json") &&
    tree.entries.some((entry) => entry.path === packagedModel),
  async read(tree) {
    await using file = await tree.open(packagedModel);
    return coremlFile.read(file);
  },
  describe: (model) => ({ ...describeCoreml(model), format: "coreml-package" }),
};

/** A small specification version, a description (2), then the field of some model type. */
function isCoreml(head: Uint8Array): boolean {
  if (head[0] !== 0x08 || head[1]! === 0 || head[1]! > 30 || head[2] !== 0x12) return false;
  const length = varint(head, 3);
  if (!length || (head[length.end] !== 0x0a && head[length.end] !== 0x52)) return false;
  let at = length.end + length.value;
  for (let tag = varint(head, at); tag; tag = varint(head, at)) {
    const field = Math.floor(tag.value / 8);
    if (kinds[field]) return tag.value % 8 === wire.length;
    const size = varint(head, tag.end);
    if (!size || ![10].includes(field)) return false;
    at = tag.value % 8 === wire.length ? size.end + size.value : size.end;
  }
  return false;
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 6; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return null;
}

function readCoreml(bytes: Uint8Array, source: string): CoremlModel {
  const model = {
    specification: 0,
    inputs: [] as Feature[],
    outputs: [] as Feature[],
    kind: "unknown",
    metadata: [] as [string, string][],
    customClass: null as string | null,
  };
  const reader = ProtobufReader.over(bytes, source, coreml);
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === wire.varint) model.specification = reader.safeInt();
    else if (reader.field === 2 && reader.wire === wire.length) readDescription(reader.message(), model);
    else if (kinds[reader.field] && reader.wire === wire.length) {
      model.kind = kinds[reader.field]!;
      const content = reader.message();
      if (model.kind === "customModel") readFields(content, { 10: text((name) => (model.customClass = name)) });
    } else reader.skip();
  }
  return model;
}

function readDescription(
  reader: ProtobufReader,
  model: { inputs: Feature[]; outputs: Feature[]; metadata: [string, string][] },
): void {
  readFields(reader, {
    1: message((feature) => model.inputs.push(readFeature(feature))),
    10: message((feature) => model.outputs.push(readFeature(feature))),
    11: text((value) => model.metadata.push(["predicted feature", value])),
    12: text((value) => model.metadata.push(["predicted probabilities", value])),
    100: message((metadata) =>
      readFields(metadata, {
        1: text((value) => model.metadata.push(["about", value])),
        2: text((value) => model.metadata.push(["version", value])),
        3: text((value) => model.metadata.push(["author", value])),
        4: text((value) => model.metadata.push(["license", value])),
        100: message((entry) => {
          let key = "";
          readFields(entry, { 1: text((name) => (key = name)), 2: text((value) => model.metadata.push([key, value])) });
        }),
      }),
    ),
  });
}

function readFeature(reader: ProtobufReader): Feature {
  let name = "";
  let [kind, type]: readonly [string, ColumnType] = ["unknown", "float"];
  const shape: Dim[] = [];
  readFields(reader, {
    1: text((value) => (name = value)),
    3: message((value) => {
      while (value.next()) {
        const known = features[value.field];
        if (known && value.wire === wire.length) {
          [kind, type] = known;
          const details = value.message();
          if (value.field === 5)
            readFields(details, { 1: [wire.length, (field) => void field.sizesInto(shape as number[])] });
        } else value.skip();
      }
    }),
  });
  return { name, type, kind, shape };
}

function describeCoreml(model: CoremlModel): ModelDescription {
  const maker = model.metadata.find(([label]) => label === "com.github.apple.coremltools.version")?.[1];
  const task = /Classifier$/.test(model.kind)
    ? "multiclass classification"
    : /Regressor$/.test(model.kind)
      ? "regression"
      : "unknown";
  return {
    format: "coreml",
    formatVersion: String(model.specification),
    producer: maker ? { name: "coremltools", version: maker } : { name: "Core ML" },
    task,
    summary: model.kind,
    inputs: model.inputs.map(({ name, type, shape }) => ({ name, type, shape })),
    outputs: model.outputs.map(({ name, type, shape }) => ({ name, type, shape })),
    facts: [
      ["types", [...model.inputs, ...model.outputs].map((feature) => `${feature.name}: ${feature.kind}`).join(", ")],
      ...model.metadata,
    ],
  };
}
