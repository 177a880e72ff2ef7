// The graph as files: one `model.onnx`, with its large tensors beside it from 1 GiB up.
import path from "node:path";
import {
  byteLength,
  elementCount,
  externalFiles,
  loadExternal,
  type Model,
  splitExternal,
  tensorsOf,
  writeModel,
} from "../onnx/index.ts";
import type { GraphFile } from "../runtime/index.ts";
import { fileNames } from "./file_set.ts";

/** Protobuf ends at 2 GiB; half of it leaves room for readers that copy. */
const largestSingleFile = 1 << 30;

export interface GraphFiles {
  readonly graph: Uint8Array;
  /** The bytes of `model.onnx.data`, where there is one. */
  readonly data: (() => AsyncIterable<Uint8Array>) | null;
  /** The same graph for a runtime, before anything is packed. */
  readonly runnable: GraphFile;
}

/** @param folder where the model's own external data lies, if it has any */
export async function graphFiles(model: Model, folder: string): Promise<GraphFiles> {
  const external = externalFiles(model);
  if (storedBytes(model) < largestSingleFile) {
    const graph = writeModel(external.length > 0 ? await loadExternal(model, folder) : model);
    return { graph, data: null, runnable: { bytes: graph } };
  }
  const split = splitExternal(model, fileNames.graphData, { folder });
  const externalData = Object.fromEntries(external.map((name) => [name, path.join(folder, name)]));
  return {
    graph: writeModel(split.model),
    data: () => split.data(),
    runnable: { bytes: writeModel(model), externalData },
  };
}

function storedBytes(model: Model): number {
  let total = 0;
  for (const { content, dtype, dims } of tensorsOf(model)) {
    if (content.kind === "raw" || content.kind === "typed") total += content.bytes.length;
    else if (content.kind === "external") total += Number(content.length ?? byteLength(dtype, elementCount(dims)));
    else for (const value of content.values) total += value.length;
  }
  return total;
}
