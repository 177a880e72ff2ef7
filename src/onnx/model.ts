// The ONNX model in memory: ModelProto and what it holds, under readable names (onnx/onnx.proto, IR 13).
import type { DType } from "../core/index.ts";

/** Fields of a newer protobuf schema, kept byte for byte so that reading and writing loses nothing. */
export type UnknownFields = readonly Uint8Array[];

export interface OpsetImport {
  /** `""` is ai.onnx. */
  domain: string;
  version: number;
  unknown?: UnknownFields;
}

export interface Model {
  irVersion: number;
  opsetImports: OpsetImport[];
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint;
  docString: string;
  graph: Graph;
  functions: LocalFunction[];
  /** metadata_props, in file order. */
  metadata: [key: string, value: string][];
  unknown?: UnknownFields;
}

export interface Graph {
  name: string;
  docString: string;
  nodes: Node[];
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfos: ValueInfo[];
  initializers: StoredTensor[];
  sparseInitializers: SparseTensor[];
  metadata: [key: string, value: string][];
  unknown?: UnknownFields;
}

export interface Node {
  name: string;
  opType: string;
  /** `""` is ai.onnx. */
  domain: string;
  overload: string;
  /** `""` marks an omitted optional input. */
  inputs: string[];
  outputs: string[];
  attributes: Attribute[];
  docString: string;
  metadata: [key: string, value: string][];
  unknown?: UnknownFields;
}

export type AttributeValue =
  | { kind: "float"; value: number }
  | { kind: "int"; value: bigint }
  | { kind: "string"; value: Uint8Array }
  | { kind: "tensor"; value: StoredTensor }
  | { kind: "graph"; value: Graph }
  | { kind: "sparse_tensor"; value: SparseTensor }
  | { kind: "type"; value: ValueType }
  | { kind: "floats"; value: Float32Array }
  | { kind: "ints"; value: BigInt64Array | Int32Array }
  | { kind: "strings"; value: Uint8Array[] }
  | { kind: "tensors"; value: StoredTensor[] }
  | { kind: "graphs"; value: Graph[] }
  | { kind: "sparse_tensors"; value: SparseTensor[] }
  | { kind: "types"; value: ValueType[] }
  | { kind: "undefined"; value: null };

export type Attribute = AttributeValue & {
  name: string;
  docString?: string;
  /** Inside functions: takes the value of the function's attribute of this name; `kind` is then `undefined`. */
  reference?: { name: string; kind: AttributeValue["kind"] };
  unknown?: UnknownFields;
};

/** A tensor as a file holds it. Elements are one of `raw` (view into the file), `strings`, or `external`. */
export interface StoredTensor {
  name: string;
  dtype: DType;
  dims: number[];
  content:
    | { kind: "raw"; bytes: Uint8Array }
    /** Elements in the typed protobuf fields (float_data, int32_data, …), kept encoded as they came, tags included. */
    | { kind: "typed"; bytes: Uint8Array }
    | { kind: "strings"; values: Uint8Array[] }
    | { kind: "external"; location: string; offset: bigint; length: bigint | null; extra: [string, string][] };
  docString: string;
  unknown?: UnknownFields;
}

export interface SparseTensor {
  values: StoredTensor;
  indices: StoredTensor;
  dims: number[];
  unknown?: UnknownFields;
}

/** A fixed size, a symbolic name, or null when unknown. */
export type Dimension = number | string | null;

/** Immutable: to change a type, make a new one. */
export type ValueType =
  | { readonly kind: "tensor"; readonly dtype: DType | null; readonly shape: readonly Dimension[] | null }
  | { readonly kind: "sparse_tensor"; readonly dtype: DType | null; readonly shape: readonly Dimension[] | null }
  | { readonly kind: "sequence"; readonly element: ValueType | null }
  | { readonly kind: "optional"; readonly element: ValueType | null }
  | { readonly kind: "map"; readonly key: DType; readonly value: ValueType | null }
  | { readonly kind: "unknown"; readonly bytes: Uint8Array };

export interface ValueInfo {
  name: string;
  type: ValueType | null;
  docString: string;
  unknown?: UnknownFields;
}

export interface LocalFunction {
  name: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  /** Attributes without a default. */
  attributes: string[];
  /** Attributes with a default. */
  attributeDefaults: Attribute[];
  nodes: Node[];
  opsetImports: OpsetImport[];
  valueInfos: ValueInfo[];
  docString: string;
  metadata: [key: string, value: string][];
  unknown?: UnknownFields;
}
