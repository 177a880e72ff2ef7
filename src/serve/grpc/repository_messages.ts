// Messages of inference.GRPCInferenceService for configuration, statistics and the model repository. Field numbers are the protocol's; see
// triton-inference-server/common, protobuf/{grpc_service,model_config}.proto. Of ModelConfig there is what a package has.
import { namedModel } from "./inference_messages.ts";
import { enumType, type FieldRow, MessageType } from "./message_type.ts";

const dataType = enumType(
  "DataType",
  Object.fromEntries(
    [
      ...["INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
      ...["FP16", "FP32", "FP64", "STRING", "BF16"],
    ].map((name, number) => [`TYPE_${name}`, number]),
  ),
);

const modelInput = new MessageType("ModelInput", [
  [1, "name", "string"],
  [2, "data_type", dataType],
  [4, "dims", "int64", "repeated"],
]);
const modelOutput = new MessageType("ModelOutput", [
  [1, "name", "string"],
  [2, "data_type", dataType],
  [3, "dims", "int64", "repeated"],
]);
const latestVersions = new MessageType("LatestVersions", [[1, "num_versions", "uint32"]]);
const modelVersionPolicy = new MessageType("ModelVersionPolicy", [
  [1, "latest", latestVersions, { oneof: "policy_choice" }],
]);
const modelDynamicBatching = new MessageType("ModelDynamicBatching", [
  [1, "preferred_batch_size", "int32", "repeated"],
]);
const modelConfig = new MessageType("ModelConfig", [
  [1, "name", "string"],
  [2, "platform", "string"],
  [3, "version_policy", modelVersionPolicy],
  [4, "max_batch_size", "int32"],
  [5, "input", modelInput, "repeated"],
  [6, "output", modelOutput, "repeated"],
  [11, "dynamic_batching", modelDynamicBatching, { oneof: "scheduling_choice" }],
  [17, "backend", "string"],
]);
export const modelConfigRequest = namedModel("ModelConfigRequest");
export const modelConfigResponse = new MessageType("ModelConfigResponse", [[1, "config", modelConfig]]);

const duration = new MessageType("StatisticDuration", [
  [1, "count", "uint64"],
  [2, "ns", "uint64"],
]);
const inferStatistics = new MessageType("InferStatistics", [
  [1, "success", duration],
  [2, "fail", duration],
  [3, "queue", duration],
  [4, "compute_input", duration],
  [5, "compute_infer", duration],
  [6, "compute_output", duration],
  [7, "cache_hit", duration],
  [8, "cache_miss", duration],
]);
const inferBatchStatistics = new MessageType("InferBatchStatistics", [
  [1, "batch_size", "uint64"],
  [2, "compute_input", duration],
  [3, "compute_infer", duration],
  [4, "compute_output", duration],
]);
const modelStatistics = new MessageType("ModelStatistics", [
  [1, "name", "string"],
  [2, "version", "string"],
  [3, "last_inference", "uint64"],
  [4, "inference_count", "uint64"],
  [5, "execution_count", "uint64"],
  [6, "inference_stats", inferStatistics],
  [7, "batch_stats", inferBatchStatistics, "repeated"],
]);
export const modelStatisticsRequest = namedModel("ModelStatisticsRequest");
export const modelStatisticsResponse = new MessageType("ModelStatisticsResponse", [
  [1, "model_stats", modelStatistics, "repeated"],
]);

const modelIndex = new MessageType("ModelIndex", [
  [1, "name", "string"],
  [2, "version", "string"],
  [3, "state", "string"],
  [4, "reason", "string"],
]);
export const repositoryIndexRequest = new MessageType<{ ready?: boolean }>("RepositoryIndexRequest", [
  [1, "repository_name", "string"],
  [2, "ready", "bool"],
]);
export const repositoryIndexResponse = new MessageType("RepositoryIndexResponse", [
  [1, "models", modelIndex, "repeated"],
]);

const modelRepositoryParameter = new MessageType("ModelRepositoryParameter", [
  [1, "bool_param", "bool", { oneof: "parameter_choice" }],
  [2, "int64_param", "int64", { oneof: "parameter_choice" }],
  [3, "string_param", "string", { oneof: "parameter_choice" }],
  [4, "bytes_param", "bytes", { oneof: "parameter_choice" }],
]);
interface ChangeRequest {
  readonly model_name?: string;
  readonly parameters?: Readonly<Record<string, object>>;
}
const changeRows: readonly FieldRow[] = [
  [1, "repository_name", "string"],
  [2, "model_name", "string"],
  [3, "parameters", modelRepositoryParameter, "map"],
];
export const repositoryModelLoadRequest = new MessageType<ChangeRequest>("RepositoryModelLoadRequest", changeRows);
export const repositoryModelLoadResponse = new MessageType("RepositoryModelLoadResponse", []);
export const repositoryModelUnloadRequest = new MessageType<ChangeRequest>("RepositoryModelUnloadRequest", changeRows);
export const repositoryModelUnloadResponse = new MessageType("RepositoryModelUnloadResponse", []);
