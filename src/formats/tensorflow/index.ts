// tensorflow: SavedModel folders, their files, and frozen graphs. Nothing of a graph is run.
import { IngotError } from "../../core/index.ts";
import { ProtobufReader } from "../../onnx/index.ts";
import type { Format } from "../format.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import type { TreeFormat } from "../tree.ts";
import { bundleFacts, describeFrozenGraph, describeSavedModel, graphsOf } from "./describe.ts";
import { isGraphDef, isSavedModel } from "./detect.ts";
import { readGraphDef, type TensorflowGraph, tensorflowGraph } from "./graph_def.ts";
import { readSavedModel, type SavedModel } from "./saved_model.ts";
import { observeGraph } from "./survey.ts";
import { footerSize, readTensorBundle, shardsOf, type TensorBundle, tableMagic } from "./tensor_bundle.ts";

export const tensorflowGraphFile: Format<TensorflowGraph> = {
  id: "tensorflow-graph",
  title: "TensorFlow frozen graph",
  firstBytes: "\n",
  detect: isGraphDef,
  read: async (file) => readGraphDef(ProtobufReader.over(await file.readAll(), file.name, tensorflowGraph)),
  describe: describeFrozenGraph,
  survey: (file, survey) => surveyGraphs(file, survey, async () => [await tensorflowGraphFile.read(file)]),
};

export const savedModelFile: Format<SavedModel> = {
  id: "tensorflow-saved-model-pb",
  title: "TensorFlow saved_model.pb",
  firstBytes: "\b",
  detect: isSavedModel,
  read: async (file) => readSavedModel(await file.readAll(), file.name),
  describe: (model) => describeSavedModel(model, null),
  survey: (file, survey) => surveyGraphs(file, survey, async () => graphsOf(await savedModelFile.read(file))),
};

/** The index of variables has its magic number at the end: `detect` sees it only of files within its window. */
export const tensorflowVariables: Format<TensorBundle> = {
  id: "tensorflow-variables",
  title: "TensorFlow index of variables",
  detect(head, size) {
    if (size < footerSize || size > head.length) return false;
    return new DataView(head.buffer, head.byteOffset).getBigUint64(size - 8, true) === tableMagic;
  },
  read: async (file) => readTensorBundle(await file.readAll(), file.name),
  describe: (bundle) => ({
    format: "tensorflow-variables",
    producer: { name: "TensorFlow" },
    task: "unknown",
    summary: `index of ${bundle.entries.length} variables in ${bundle.shards} data files`,
    inputs: [],
    outputs: [],
    facts: bundleFacts(bundle),
  }),
  async survey(file, survey) {
    try {
      const bundle = await tensorflowVariables.read(file);
      survey.covered(0, file.size);
      for (const [path, ranges] of shardsOf(bundle, file.name)) survey.coveredBeside?.(path, ranges);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

/** A SavedModel as a folder: the graph and what its variables are. */
export const savedModel: TreeFormat<{ model: SavedModel; variables: TensorBundle | null }> = {
  id: "tensorflow-saved-model",
  title: "TensorFlow SavedModel",
  detect: (tree) => tree.entries.some((entry) => entry.kind === "file" && entry.path === "saved_model.pb"),
  async read(tree) {
    await using graph = await tree.open("saved_model.pb");
    const index = "variables/variables.index";
    if (!tree.entries.some((entry) => entry.path === index))
      return { model: await savedModelFile.read(graph), variables: null };
    await using table = await tree.open(index);
    return { model: await savedModelFile.read(graph), variables: await tensorflowVariables.read(table) };
  },
  describe: ({ model, variables }) => describeSavedModel(model, variables),
};

async function surveyGraphs(file: OpenFile, survey: Survey, read: () => Promise<TensorflowGraph[]>): Promise<void> {
  try {
    for (const graph of await read()) for (const observation of observeGraph(graph)) survey.observe(observation);
    survey.covered(0, file.size);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "unread", detail: error.message });
  }
}
