// What REST and gRPC tell about a model: metadata, and the configuration that perf_analyzer and Triton's clients ask for.
// Rule: triton-inference-server/server, docs/protocol/extension_model_configuration.md; the fields are those of model_config.proto.
import type { InputSpec, OutputSpec } from "../../core/index.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import { datatypeOf } from "./oip_datatypes.ts";
import { tensorMetadata, tensorShape } from "./oip_tensors.ts";

export const platform = "onnx_onnxv1";

export function modelMetadata({ name, schema }: ServedModel, serving: Serving) {
  return {
    name,
    versions: [...new Set(serving.models.filter((model) => model.name === name).map((model) => model.version))],
    platform,
    inputs: schema.inputs.map(tensorMetadata),
    outputs: schema.outputs.map(tensorMetadata),
  };
}

/**
 * Rows that a client may plan with for one request. There is no limit but that of the body; clients want a number, and one above 0 tells them
 * that the first dimension is the batch.
 */
const batchSize = 4096;

/** The model's configuration in the words of model_config.proto, JSON names. */
export function modelConfig({ name, schema }: ServedModel) {
  const isBatched = [...schema.inputs, ...schema.outputs].every((spec) => spec.layout !== "whole");
  const tensor = (spec: InputSpec | OutputSpec) => ({
    name: spec.name,
    data_type: `TYPE_${datatypeOf(spec.dtype, spec.name).configName}`,
    dims: isBatched ? tensorShape(spec).slice(1) : tensorShape(spec),
  });
  return {
    name,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    version_policy: { latest: { num_versions: 1 } },
    max_batch_size: isBatched ? batchSize : 0,
    input: schema.inputs.map(tensor),
    output: schema.outputs.map(tensor),
    ...(isBatched ? { dynamic_batching: {} } : {}),
  };
}
