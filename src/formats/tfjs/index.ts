// tfjs: `model.json` of TensorFlow.js, a Keras model (layers) or a TensorFlow graph, and the manifest of the files of weights beside it.
// Rule: tfjs-core/src/io/types.ts.
import { counted, IngotError, quoted } from "../../core/index.ts";
import type { FileSource, Format, ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonObject, type JsonValue, readJson, textAt } from "../json/index.ts";
import { observeKeras } from "../keras/config.ts";
import { pictureOf } from "../keras/picture.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { outsideOps } from "../tensorflow/outside_ops.ts";
import { describeTensors, elementCount, type StoredTensor } from "../tensors.ts";

interface WeightGroup {
  readonly paths: readonly string[];
  readonly tensors: readonly StoredTensor[];
  /** Whether the bytes of every tensor follow from its type and shape. */
  readonly isSized: boolean;
}

export interface TfjsModel {
  readonly root: JsonObject;
  readonly duplicates: readonly string[];
  readonly groups: readonly WeightGroup[];
}

const largestDocument = 512 << 20;
const elementBytes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  float16: 2,
  uint8: 1,
  uint16: 2,
};

export const tfjs: Format<TfjsModel> = {
  id: "tfjs",
  title: "TensorFlow.js model.json",
  firstBytes: "\t\n\v\f\r \xa0{[",
  detect: isTfjs,
  read: readTfjs,
  describe: describeTfjs,
  async survey(file, survey) {
    try {
      await surveyTfjs(file, survey);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.message });
    }
  },
};

function isTfjs(head: Uint8Array, size: number): boolean {
  if (!/^\s*[{[]/.test(Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 64)).toString("latin1")))
    return false;
  const text = Buffer.from(head).toString("latin1");
  if (/^\s*\[/.test(text)) return /^\s*\[\s*\{\s*"(weights|paths)"\s*:\s*\[/.test(text) && /"dtype"|"shape"/.test(text);
  if (size > head.length)
    return (
      /"(modelTopology|weightsManifest)"\s*:/.test(text) &&
      /^\s*\{\s*"(format|modelTopology|weightsManifest|generatedBy|convertedBy)"/.test(text)
    );
  try {
    const { value } = readJson(head, "head");
    return isObject(value) && (value.has("modelTopology") || value.has("weightsManifest"));
  } catch {
    return false;
  }
}

async function readTfjs(file: FileSource): Promise<TfjsModel> {
  const { value, duplicates } = readJson(await file.readAll(largestDocument), file.name);
  // Weights alone have a manifest that is the list itself.
  if (isArray(value)) return { root: new Map(), duplicates, groups: value.map(readGroup) };
  if (!isObject(value))
    throw new IngotError("FILE_MALFORMED", { what: "model.json is not an object", where: file.name });
  const manifest = value.get("weightsManifest");
  return { root: value, duplicates, groups: isArray(manifest) ? manifest.map(readGroup) : [] };
}

function readGroup(group: JsonValue): WeightGroup {
  const paths = at(group, "paths");
  const weights = at(group, "weights");
  let isSized = true;
  const tensors = (isArray(weights) ? weights : []).map((weight): StoredTensor => {
    const dtype = textAt(weight, "dtype") ?? "unknown";
    const stored = textAt(weight, "quantization", "dtype") ?? dtype;
    const sizes = at(weight, "shape");
    const shape = (isArray(sizes) ? sizes : []).map((size) =>
      typeof size === "number" && size >= 0 ? size : Number.NaN,
    );
    const bytes = elementCount(shape) * (elementBytes[stored] ?? Number.NaN);
    if (!Number.isSafeInteger(bytes)) isSized = false;
    return {
      name: textAt(weight, "name") ?? "unnamed",
      dtype: stored,
      shape,
      bytes: Number.isSafeInteger(bytes) ? bytes : 0,
    };
  });
  return { paths: isArray(paths) ? paths.filter((path) => typeof path === "string") : [], tensors, isSized };
}

function topologyOf(root: JsonObject): JsonValue {
  const topology = root.get("modelTopology") ?? null;
  return at(topology, "model_config") ?? topology;
}

function describeTfjs({ root, groups }: TfjsModel): ModelDescription {
  const topology = topologyOf(root);
  const nodes = at(topology, "node");
  const producer = textAt(root, "generatedBy");
  const weights = describeTensors(groups.flatMap(({ tensors }) => tensors));
  const files = ["files of weights", groups.flatMap(({ paths }) => paths).join(", ") || "none"] as const;
  const common = { producer: { name: producer ?? "TensorFlow.js" }, ...weights };
  if (!isArray(nodes)) {
    const picture = pictureOf(topology);
    return { format: "tfjs-layers", ...common, ...picture, facts: [...picture.facts, ...weights.facts, files] };
  }
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const op = textAt(node, "op") ?? "unknown";
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  const operators = [...counts].sort((a, b) => b[1] - a[1]).map(([op, count]) => `${op} × ${count}`);
  const ends = (key: string) => {
    const found = at(root, "signature", key);
    return isObject(found) ? [...found.keys()].map((name) => ({ name, type: "float" as const, shape: [] })) : [];
  };
  return {
    format: "tfjs-graph",
    ...common,
    task: "unknown",
    summary: `TensorFlow graph of ${counted(nodes.length, "node")}`,
    inputs: ends("inputs"),
    outputs: ends("outputs"),
    facts: [["operators", operators.join(", ")], ...weights.facts, files],
  };
}

async function surveyTfjs(file: OpenFile, survey: Survey): Promise<void> {
  const { root, duplicates, groups } = await readTfjs(file);
  survey.covered(0, file.size);
  for (const key of duplicates)
    survey.observe({ kind: "anomaly", subject: "duplicate", detail: `the key ${quoted(key)} stands twice` });
  const topology = topologyOf(root);
  for (const observation of observeKeras(topology)) survey.observe(observation);
  const nodes = [at(topology, "node"), ...functionNodes(topology)].flatMap((list) => (isArray(list) ? list : []));
  for (const node of nodes) {
    const effect = outsideOps.get(textAt(node, "op") ?? "");
    if (effect)
      survey.observe({
        kind: "operator",
        domain: "tensorflow",
        name: textAt(node, "op")!,
        node: textAt(node, "name") ?? "",
        detail: effect,
      });
  }
  for (const group of groups) await surveyGroup(file, group, survey);
}

function functionNodes(topology: JsonValue): (JsonValue | undefined)[] {
  const functions = at(topology, "library", "function");
  return isArray(functions) ? functions.map((one) => at(one, "nodeDef") ?? at(one, "node_def")) : [];
}

/** What writers put into one file. */
const shardSize = 4 << 20;

/** The files of a group, joined, hold its tensors and nothing else. */
async function surveyGroup(file: OpenFile, group: WeightGroup, survey: Survey): Promise<void> {
  const needed = group.tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  let held = 0;
  for (const path of group.paths) {
    survey.observe({ kind: "path", path, purpose: "loading reads weights from" });
    if (!file.sibling) {
      const most = group.paths.length === 1 ? needed : shardSize;
      if (group.isSized) survey.coveredBeside?.(path, [[0, Math.max(0, Math.min(most, needed - held))]]);
      held += most;
      continue;
    }
    try {
      await using shard = await file.sibling(path);
      // The manifest knows the bytes of all files of a group together: these are the ones that are left for this file.
      if (group.isSized) survey.coveredBeside?.(path, [[0, Math.max(0, Math.min(shard.size, needed - held))]]);
      held += shard.size;
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      // A path that is not safe is already told; a file that is missing is not part of what is scanned.
      return;
    }
  }
  if (file.sibling && group.isSized && held !== needed)
    survey.observe({
      kind: "anomaly",
      subject: held < needed ? "truncated" : "trailing-data",
      detail: `the manifest needs ${needed} bytes of weights, ${group.paths.join(", ").slice(0, 200)} hold ${held}`,
    });
}
