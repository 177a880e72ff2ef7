// Messages of inference.GRPCInferenceService for inference and metadata. Field numbers are the protocol's; see
// kserve/open-inference-protocol, specification/protocol/open_inference_grpc.proto.
import { type FieldRow, MessageType } from "./message_type.ts";

/** One of five kinds; the one that was sent is the member that is there. */
export interface InferParameter {
  readonly bool_param?: boolean;
  readonly int64_param?: number | bigint;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: number | bigint;
}
type Parameters = Readonly<Record<string, InferParameter>>;

export interface InferTensorContents {
  readonly bool_contents?: Uint8Array;
  readonly int_contents?: Int32Array;
  readonly int64_contents?: BigInt64Array;
  readonly uint_contents?: Uint32Array;
  readonly uint64_contents?: BigUint64Array;
  readonly fp32_contents?: Float32Array;
  readonly fp64_contents?: Float64Array;
  readonly bytes_contents?: readonly Uint8Array[];
}

export interface InferTensor {
  readonly name?: string;
  readonly datatype?: string;
  /** Read as BigInt64Array; written from any numbers. */
  readonly shape?: BigInt64Array | readonly number[];
  readonly parameters?: Parameters;
  readonly contents?: InferTensorContents;
}

export interface ModelInferRequest {
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs?: readonly InferTensor[];
  readonly outputs?: readonly { readonly name?: string; readonly parameters?: Parameters }[];
  readonly raw_input_contents?: readonly Uint8Array[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly InferTensor[];
  readonly raw_output_contents: readonly Uint8Array[];
}

export interface NamedModel {
  readonly name?: string;
  readonly version?: string;
}

const inferParameter = new MessageType<InferParameter>("InferParameter", [
  [1, "bool_param", "bool", { oneof: "parameter_choice" }],
  [2, "int64_param", "int64", { oneof: "parameter_choice" }],
  [3, "string_param", "string", { oneof: "parameter_choice" }],
  [4, "double_param", "double", { oneof: "parameter_choice" }],
  [5, "uint64_param", "uint64", { oneof: "parameter_choice" }],
]);

const inferTensorContents = new MessageType<InferTensorContents>("InferTensorContents", [
  [1, "bool_contents", "bool", "repeated"],
  [2, "int_contents", "int32", "repeated"],
  [3, "int64_contents", "int64", "repeated"],
  [4, "uint_contents", "uint32", "repeated"],
  [5, "uint64_contents", "uint64", "repeated"],
  [6, "fp32_contents", "float", "repeated"],
  [7, "fp64_contents", "double", "repeated"],
  [8, "bytes_contents", "bytes", "repeated"],
]);

const tensorRows: readonly FieldRow[] = [
  [1, "name", "string"],
  [2, "datatype", "string"],
  [3, "shape", "int64", "repeated"],
  [4, "parameters", inferParameter, "map"],
  [5, "contents", inferTensorContents],
];
const inferInputTensor = new MessageType<InferTensor>("InferInputTensor", tensorRows);
const inferOutputTensor = new MessageType<InferTensor>("InferOutputTensor", tensorRows);
const inferRequestedOutputTensor = new MessageType("InferRequestedOutputTensor", [
  [1, "name", "string"],
  [2, "parameters", inferParameter, "map"],
]);

export const modelInferRequest = new MessageType<ModelInferRequest>("ModelInferRequest", [
  [1, "model_name", "string"],
  [2, "model_version", "string"],
  [3, "id", "string"],
  [4, "parameters", inferParameter, "map"],
  [5, "inputs", inferInputTensor, "repeated"],
  [6, "outputs", inferRequestedOutputTensor, "repeated"],
  [7, "raw_input_contents", "bytes", "repeated"],
]);

export const modelInferResponse = new MessageType<ModelInferResponse>("ModelInferResponse", [
  [1, "model_name", "string"],
  [2, "model_version", "string"],
  [3, "id", "string"],
  [4, "parameters", inferParameter, "map"],
  [5, "outputs", inferOutputTensor, "repeated"],
  [6, "raw_output_contents", "bytes", "repeated"],
]);

export const modelStreamInferResponse = new MessageType<{
  error_message?: string;
  infer_response?: ModelInferResponse;
}>("ModelStreamInferResponse", [
  [1, "error_message", "string"],
  [2, "infer_response", modelInferResponse],
]);

export const serverLiveRequest = new MessageType("ServerLiveRequest", []);
export const serverLiveResponse = new MessageType<{ live: boolean }>("ServerLiveResponse", [[1, "live", "bool"]]);
export const serverReadyRequest = new MessageType("ServerReadyRequest", []);
export const serverReadyResponse = new MessageType<{ ready: boolean }>("ServerReadyResponse", [[1, "ready", "bool"]]);

const namedModelRows: readonly FieldRow[] = [
  [1, "name", "string"],
  [2, "version", "string"],
];
/** A request that names a model and nothing else. */
export const namedModel = (message: string) => new MessageType<NamedModel>(message, namedModelRows);
export const modelReadyRequest = namedModel("ModelReadyRequest");
export const modelReadyResponse = new MessageType<{ ready: boolean }>("ModelReadyResponse", [[1, "ready", "bool"]]);

export const serverMetadataRequest = new MessageType("ServerMetadataRequest", []);
export const serverMetadataResponse = new MessageType<{ name: string; version: string; extensions: readonly string[] }>(
  "ServerMetadataResponse",
  [
    [1, "name", "string"],
    [2, "version", "string"],
    [3, "extensions", "string", "repeated"],
  ],
);

const tensorMetadata = new MessageType("TensorMetadata", [
  [1, "name", "string"],
  [2, "datatype", "string"],
  [3, "shape", "int64", "repeated"],
]);
export const modelMetadataRequest = namedModel("ModelMetadataRequest");
export const modelMetadataResponse = new MessageType("ModelMetadataResponse", [
  [1, "name", "string"],
  [2, "versions", "string", "repeated"],
  [3, "platform", "string"],
  [4, "inputs", tensorMetadata, "repeated"],
  [5, "outputs", tensorMetadata, "repeated"],
  [6, "properties", "string", "map"],
]);
