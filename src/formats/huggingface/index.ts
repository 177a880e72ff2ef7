// huggingface: a folder as transformers writes it. Weights and texts are surveyed by their own readers; this tells what they are together.
import { counted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonValue, numberAt, readJson, textAt } from "../json/index.ts";
import { type SafetensorsModel, safetensors } from "../safetensors/index.ts";
import { describeTensors } from "../tensors.ts";
import type { Tree, TreeFormat } from "../tree.ts";

export interface HuggingFaceModel {
  readonly config: JsonValue;
  readonly tokenizer: JsonValue;
  readonly processor: JsonValue;
  readonly weights: readonly SafetensorsModel[];
  readonly files: readonly string[];
}

const largestSettings = 16 << 20;
const mostShards = 1000;
const weightFiles = /^[^/]*\.(safetensors|bin|gguf|onnx|h5|msgpack)$/;

export const huggingface: TreeFormat<HuggingFaceModel> = {
  id: "huggingface",
  title: "Hugging Face model folder",
  async detect(tree) {
    if (!has(tree, "config.json")) return false;
    const config = await settings(tree, "config.json");
    return isObject(config) && (config.has("model_type") || config.has("architectures") || config.has("_class_name"));
  },
  async read(tree) {
    const weights: SafetensorsModel[] = [];
    for (const { path } of tree.entries
      .filter((entry) => /^[^/]*\.safetensors$/.test(entry.path))
      .slice(0, mostShards)) {
      await using file = await tree.open(path);
      weights.push(await safetensors.read(file));
    }
    return {
      config: await settings(tree, "config.json"),
      tokenizer: await settings(tree, "tokenizer_config.json"),
      processor: await settings(tree, "preprocessor_config.json"),
      weights,
      files: tree.entries.filter(({ kind }) => kind === "file").map(({ path }) => path),
    };
  },
  describe: describeHuggingFace,
  async survey(tree, survey) {
    const index = "model.safetensors.index.json";
    const shards = at(await settings(tree, index), "weight_map");
    const wanted = new Set(isObject(shards) ? [...shards.values()].filter((name) => typeof name === "string") : []);
    for (const path of wanted) {
      survey.observe({ kind: "path", path, purpose: `${index} names a file of weights` });
      if (!has(tree, path))
        survey.observe({ kind: "anomaly", subject: "truncated", detail: `${index} names ${path}, which is not there` });
    }
  },
};

function has(tree: Tree, path: string): boolean {
  return tree.entries.some((entry) => entry.kind === "file" && entry.path === path);
}

/** One file of settings; null where it is missing. */
async function settings(tree: Tree, path: string): Promise<JsonValue> {
  if (!has(tree, path)) return null;
  await using file = await tree.open(path);
  return readJson(await file.readAll(largestSettings), path).value;
}

function describeHuggingFace(model: HuggingFaceModel): ModelDescription {
  const { config, tokenizer, processor, files } = model;
  const architectures = at(config, "architectures");
  const architecture = isArray(architectures) ? textAt(architectures, 0) : textAt(config, "_class_name");
  const labels = at(config, "id2label");
  const classes = isObject(labels) ? [...labels.values()].map(String) : [];
  const weights = describeTensors(
    model.weights.flatMap(({ tensors }) =>
      tensors.map(({ name, dtype, shape, start, end }) => ({ name, dtype, shape, bytes: end - start })),
    ),
  );
  const isClassifier = /Classification$/.test(architecture ?? "");
  const version = textAt(config, "transformers_version");
  const facts: [string, string | number][] = [];
  const fact = (label: string, value: string | number | undefined) => {
    if (value !== undefined) facts.push([label, value]);
  };
  fact("architecture", architecture);
  fact("model type", textAt(config, "model_type"));
  fact("dtype", textAt(config, "torch_dtype") ?? textAt(config, "dtype"));
  fact("layers", numberAt(config, "num_hidden_layers"));
  fact("hidden size", numberAt(config, "hidden_size"));
  fact("vocabulary", numberAt(config, "vocab_size"));
  fact("context length", numberAt(config, "max_position_embeddings"));
  if (classes.length > 0) fact("labels", classes.slice(0, 20).join(", "));
  fact("tokenizer", textAt(tokenizer, "tokenizer_class"));
  fact("processor", textAt(processor, "image_processor_type") ?? textAt(processor, "feature_extractor_type"));
  fact("files of weights", files.filter((path) => weightFiles.test(path)).join(", ") || "none");
  if (at(config, "auto_map") !== undefined) fact("own code", "yes: loading it needs code of the folder");
  return {
    format: "huggingface",
    producer: { name: "transformers", ...(version === undefined ? {} : { version }) },
    task: !isClassifier
      ? "unknown"
      : classes.length > 2
        ? "multiclass classification"
        : classes.length === 2
          ? "binary classification"
          : "unknown",
    summary: `${architecture ?? textAt(config, "model_type") ?? "model"}, ${counted(weights.parameters ?? 0, "parameter")}`,
    inputs: [],
    outputs: isClassifier ? [{ name: "logits", type: "float", shape: [classes.length], classes }] : [],
    ...weights,
    facts: [...facts, ...weights.facts],
  };
}
