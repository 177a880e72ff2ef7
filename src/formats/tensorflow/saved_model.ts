// saved_model.pb. Rule: tensorflow/core/protobuf/{saved_model,meta_graph}.proto.
import type { Dim } from "../../core/index.ts";
import { ProtobufReader } from "../../onnx/index.ts";
import { integer, mapOf, message, readFields, text } from "../protobuf/fields.ts";
import { readGraphDef, readShape, type TensorflowGraph, tensorflowGraph } from "./graph_def.ts";

export interface TensorInfo {
  /** Key of the signature, e.g. `features`. */
  readonly key: string;
  readonly tensor: string;
  readonly dtype: number;
  readonly shape: readonly Dim[] | null;
}

export interface SignatureDef {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export interface MetaGraph {
  readonly tags: readonly string[];
  /** TensorFlow that wrote it. */
  readonly version: string;
  readonly graph: TensorflowGraph;
  readonly signatures: readonly SignatureDef[];
  /** Files under `assets/` that the graph reads. */
  readonly assets: readonly string[];
}

export interface SavedModel {
  readonly source: string;
  readonly schemaVersion: number;
  readonly metaGraphs: readonly MetaGraph[];
}

/** @throws IngotError FILE_MALFORMED */
export function readSavedModel(bytes: Uint8Array, source: string): SavedModel {
  let schemaVersion = 0;
  const metaGraphs: MetaGraph[] = [];
  readFields(ProtobufReader.over(bytes, source, tensorflowGraph), {
    1: integer((value) => (schemaVersion = value)),
    2: message((reader) => metaGraphs.push(readMetaGraph(reader))),
  });
  return { source, schemaVersion, metaGraphs };
}

function readMetaGraph(reader: ProtobufReader): MetaGraph {
  const tags: string[] = [];
  const signatures: SignatureDef[] = [];
  const assets: string[] = [];
  let version = "";
  let graph: TensorflowGraph = { bodies: [], producer: 0 };
  readFields(reader, {
    1: message((info) => readFields(info, { 4: text((tag) => tags.push(tag)), 5: text((value) => (version = value)) })),
    2: message((body) => (graph = readGraphDef(body))),
    5: mapOf((name, value) => signatures.push(readSignature(name, value))),
    6: message((asset) => readFields(asset, { 2: text((file) => assets.push(file)) })),
  });
  return { tags, version, graph, signatures, assets };
}

function readSignature(name: string, reader: ProtobufReader): SignatureDef {
  const inputs: TensorInfo[] = [];
  const outputs: TensorInfo[] = [];
  readFields(reader, {
    1: mapOf((key, value) => inputs.push(readTensorInfo(key, value))),
    2: mapOf((key, value) => outputs.push(readTensorInfo(key, value))),
  });
  const byKey = (a: TensorInfo, b: TensorInfo) => (a.key < b.key ? -1 : 1);
  return { name, inputs: inputs.sort(byKey), outputs: outputs.sort(byKey) };
}

function readTensorInfo(key: string, reader: ProtobufReader): TensorInfo {
  let tensor = "";
  let dtype = 0;
  let shape: readonly Dim[] | null = null;
  readFields(reader, {
    1: text((value) => (tensor = value)),
    2: integer((value) => (dtype = value)),
    3: message((value) => (shape = readShape(value))),
  });
  return { key, tensor, dtype, shape };
}
