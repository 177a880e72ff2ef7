// inference.GRPCInferenceService: Open Inference Protocol v2 over gRPC, with Triton's streaming, configuration, statistics and repository.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_grpc.md; triton-inference-server/server, docs/protocol/.
import { IngotError } from "../../core/index.ts";
import { messageOf } from "../dialects/dialect.ts";
import { extensions, refuseOverrides } from "../dialects/oip_extensions.ts";
import { runInference } from "../dialects/oip_inference.ts";
import { modelConfig, modelMetadata } from "../dialects/oip_metadata.ts";
import { statisticsOf } from "../observe/statistics.ts";
import { controlledRepository, repositoryIndex } from "../repository.ts";
import type { Serving } from "../serving.ts";
import type { GrpcExchange } from "./exchange.ts";
import { readInfer, writeInfer } from "./infer.ts";
import * as inference from "./inference_messages.ts";
import * as repository from "./repository_messages.ts";
import { open, type Service, stream, unary } from "./service.ts";

export function inferenceService(serving: Serving): Service {
  const infer = (request: inference.ModelInferRequest, exchange: GrpcExchange) => answerInfer(request, exchange);
  const find = ({ name = "", version = "" }: inference.NamedModel, exchange: GrpcExchange) =>
    serving.shownTo(exchange).find(name, version);
  return {
    name: "inference.GRPCInferenceService",
    file: "inference.proto",
    methods: [
      open(unary("ServerLive", inference.serverLiveRequest, inference.serverLiveResponse, () => ({ live: true }))),
      open(
        unary("ServerReady", inference.serverReadyRequest, inference.serverReadyResponse, () => ({
          ready: serving.isReady,
        })),
      ),
      // As Triton's: a model that is not there is not ready, which its clients' `is_model_ready` says without an exception.
      unary("ModelReady", inference.modelReadyRequest, inference.modelReadyResponse, (request, exchange) => ({
        ready: serving.isReady && serving.shownTo(exchange).has(request.name ?? "", request.version),
      })),
      unary("ServerMetadata", inference.serverMetadataRequest, inference.serverMetadataResponse, () => ({
        name: "ingot",
        version: serving.options.version,
        extensions,
      })),
      unary("ModelMetadata", inference.modelMetadataRequest, inference.modelMetadataResponse, (request, exchange) =>
        modelMetadata(find(request, exchange), serving),
      ),
      unary("ModelInfer", inference.modelInferRequest, inference.modelInferResponse, infer),
      stream(
        "ModelStreamInfer",
        inference.modelInferRequest,
        inference.modelStreamInferResponse,
        async (request, exchange) => {
          try {
            return { infer_response: await answerInfer(request, exchange) };
          } catch (error) {
            // A wrong request is answered by itself; the stream goes on.
            if (!(error instanceof IngotError) || error.httpStatus >= 500) throw error;
            exchange.errorCode = error.code;
            return { error_message: messageOf(error, exchange.id), infer_response: nothing(request) };
          }
        },
      ),
      unary("ModelConfig", repository.modelConfigRequest, repository.modelConfigResponse, (request, exchange) => ({
        config: modelConfig(find(request, exchange)),
      })),
      unary(
        "ModelStatistics",
        repository.modelStatisticsRequest,
        repository.modelStatisticsResponse,
        async (request, exchange) => {
          const models = request.name ? [find(request, exchange)] : serving.shownTo(exchange).models;
          const { statistics } = await serving.watch.total();
          return { model_stats: models.map((model) => statisticsOf(model, statistics)) };
        },
      ),
      unary(
        "RepositoryIndex",
        repository.repositoryIndexRequest,
        repository.repositoryIndexResponse,
        async ({ ready }, exchange) => ({
          models: await repositoryIndex(serving, exchange, ready === true),
        }),
      ),
      unary(
        "RepositoryModelLoad",
        repository.repositoryModelLoadRequest,
        repository.repositoryModelLoadResponse,
        async (request, exchange) => {
          refuseOverrides(request.parameters);
          await controlledRepository(serving, exchange, request.model_name ?? "").load(request.model_name ?? "");
          return {};
        },
      ),
      unary(
        "RepositoryModelUnload",
        repository.repositoryModelUnloadRequest,
        repository.repositoryModelUnloadResponse,
        async (request, exchange) => {
          await controlledRepository(serving, exchange, request.model_name ?? "").unload(request.model_name ?? "");
          return {};
        },
      ),
    ],
  };
}

async function answerInfer(
  request: inference.ModelInferRequest,
  exchange: GrpcExchange,
): Promise<inference.ModelInferResponse> {
  const { call } = exchange;
  const received = performance.now();
  const model = exchange.choose(request.model_name ?? "", request.model_version ?? "");
  const infer = readInfer(request, model);
  call.phases.parse = performance.now() - received;
  const results = await runInference(model, infer, call);
  const computed = performance.now();
  const response = writeInfer(call.answeredBy ?? model, infer.id, results);
  call.phases.encode = performance.now() - computed;
  return response;
}

/** What an error in a stream belongs to. */
function nothing({
  id = "",
  model_name = "",
  model_version = "",
}: inference.ModelInferRequest): inference.ModelInferResponse {
  return { id, model_name, model_version, outputs: [], raw_output_contents: [] };
}
