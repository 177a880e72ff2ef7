// The messages of onnx.proto (IR 13) as field tables, in the order of their numbers. Rule: onnx/onnx.proto.
// Not held in memory but kept as unknown fields: training_info 20 and configuration 26 of a model, quantization_annotation 14
// of a graph, device_configurations 10 of a node, metadata_props 4 of a value.
import { attribute } from "./attribute_codec.ts";
import {
  type Codec,
  entries,
  int,
  int64,
  message,
  nested,
  repeated,
  sizes,
  statedText,
  text,
  texts,
} from "./message_codec.ts";
import type { Graph, LocalFunction, Model, Node, OpsetImport, SparseTensor, ValueInfo } from "./model.ts";
import { tensor } from "./tensor_codec.ts";
import { nullableType } from "./type_codec.ts";

export const opsetImport: Codec<OpsetImport> = message<OpsetImport>(
  () => ({ domain: "", version: 0 }),
  [statedText(1, "domain"), int(2, "version")],
);

export const valueInfo: Codec<ValueInfo> = message<ValueInfo>(
  () => ({ name: "", type: null, docString: "" }),
  [text(1, "name"), nullableType(2), text(3, "docString")],
);

export const node: Codec<Node> = message<Node>(
  () => ({
    name: "",
    opType: "",
    domain: "",
    overload: "",
    inputs: [],
    outputs: [],
    attributes: [],
    docString: "",
    metadata: [],
  }),
  [
    texts(1, "inputs"),
    texts(2, "outputs"),
    text(3, "name"),
    text(4, "opType"),
    repeated(5, "attributes", () => attribute),
    text(6, "docString"),
    text(7, "domain"),
    text(8, "overload"),
    entries(9, "metadata"),
  ],
);

export const sparseTensor: Codec<SparseTensor> = message<SparseTensor>(
  () => ({ values: tensor.empty(), indices: tensor.empty(), dims: [] }),
  [nested(1, "values", () => tensor), nested(2, "indices", () => tensor), sizes(3, "dims")],
);

export const graph: Codec<Graph> = message<Graph>(emptyGraph, [
  repeated(1, "nodes", () => node),
  text(2, "name"),
  repeated(5, "initializers", () => tensor),
  text(10, "docString"),
  repeated(11, "inputs", () => valueInfo),
  repeated(12, "outputs", () => valueInfo),
  repeated(13, "valueInfos", () => valueInfo),
  repeated(15, "sparseInitializers", () => sparseTensor),
  entries(16, "metadata"),
]);

export const localFunction: Codec<LocalFunction> = message<LocalFunction>(
  () => ({
    name: "",
    domain: "",
    overload: "",
    inputs: [],
    outputs: [],
    attributes: [],
    attributeDefaults: [],
    nodes: [],
    opsetImports: [],
    valueInfos: [],
    docString: "",
    metadata: [],
  }),
  [
    text(1, "name"),
    texts(4, "inputs"),
    texts(5, "outputs"),
    texts(6, "attributes"),
    repeated(7, "nodes", () => node),
    text(8, "docString"),
    repeated(9, "opsetImports", () => opsetImport),
    text(10, "domain"),
    repeated(11, "attributeDefaults", () => attribute),
    repeated(12, "valueInfos", () => valueInfo),
    text(13, "overload"),
    entries(14, "metadata"),
  ],
);

export const model: Codec<Model> = message<Model>(emptyModel, [
  int(1, "irVersion"),
  text(2, "producerName"),
  text(3, "producerVersion"),
  text(4, "domain"),
  int64(5, "modelVersion"),
  text(6, "docString"),
  nested(7, "graph", () => graph),
  repeated(8, "opsetImports", () => opsetImport),
  entries(14, "metadata"),
  repeated(25, "functions", () => localFunction),
]);

export function emptyGraph(): Graph {
  return {
    name: "",
    docString: "",
    nodes: [],
    inputs: [],
    outputs: [],
    valueInfos: [],
    initializers: [],
    sparseInitializers: [],
    metadata: [],
  };
}

export function emptyModel(): Model {
  return {
    irVersion: 0,
    opsetImports: [],
    producerName: "",
    producerVersion: "",
    domain: "",
    modelVersion: 0n,
    docString: "",
    graph: emptyGraph(),
    functions: [],
    metadata: [],
  };
}
