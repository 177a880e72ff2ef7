// Open Inference Protocol v2 over REST: health, metadata, inference with tensors in JSON or as bytes.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_rest.md; its extensions are in oip_extensions.ts.
import { readBody } from "../body.ts";
import { compressed } from "../content_encoding.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../router.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import type { Dialect } from "./dialect.ts";
import { messageOf } from "./dialect.ts";
import { headerLength, readInferBody, writeInferBody } from "./oip_body.ts";
import { extensionRoutes, extensions } from "./oip_extensions.ts";
import { runInference } from "./oip_inference.ts";
import { modelMetadata } from "./oip_metadata.ts";
import { describeOip } from "./oip_openapi.ts";

export const oip: Dialect = {
  name: "Open Inference Protocol v2",
  prefix: "/v2",
  errorBody: (error, requestId) => ({ error: messageOf(error, requestId) }),
  describe: describeOip,
  routes: (serving) => [
    fixed("/v2", "Server metadata", () => ({ name: "ingot", version: serving.options.version, extensions })),
    fixed("/v2/health/live", "Whether the server runs", () => ({ live: true })),
    {
      method: "GET",
      path: "/v2/health/ready",
      about: "Whether the server takes requests",
      handle: (exchange) => readiness(serving, exchange, { ready: serving.isReady }),
    },
    ...["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap((path) => modelRoutes(serving, path)),
    ...extensionRoutes(serving),
  ],
};

function modelRoutes(serving: Serving, path: string): Route[] {
  const named = (exchange: Exchange, [name, version]: readonly string[]) => exchange.find(name!, version);
  return [
    {
      method: "GET",
      path,
      about: "Inputs and outputs of a model",
      handle: (exchange, parameters) =>
        exchange.json(200, JSON.stringify(modelMetadata(named(exchange, parameters), serving))),
    },
    {
      method: "GET",
      path: `${path}/ready`,
      about: "Whether a model takes requests",
      handle: (exchange, parameters) =>
        readiness(serving, exchange, { name: named(exchange, parameters).name, ready: serving.isReady }),
    },
    {
      method: "POST",
      path: `${path}/infer`,
      about: "Inference on tensors",
      handle: (exchange, [name, version]) => infer(serving, exchange, exchange.choose(name, version)),
    },
  ];
}

async function infer(serving: Serving, exchange: Exchange, model: ServedModel): Promise<void> {
  const { call } = exchange;
  const body = await readBody(exchange.request, serving.options.bodyLimit, exchange.memory);
  const received = performance.now();
  const request = readInferBody(body, exchange.header(headerLength), model);
  call.phases.parse = performance.now() - received;
  const results = await runInference(model, request, call);
  const computed = performance.now();
  const head = {
    model_name: model.name,
    model_version: model.version,
    ...(request.id === undefined ? {} : { id: request.id }),
  };
  const answer = writeInferBody(
    head,
    results.map(({ output, tensor }) => [output.name, tensor, output.binary ?? request.binaryOutput]),
  );
  const { body: sent, encoding } = await compressed(answer.body, exchange.header("accept-encoding"));
  call.phases.encode = performance.now() - computed;
  exchange.send(200, answer.jsonLength === null ? "application/json" : "application/octet-stream", sent, {
    ...(answer.jsonLength === null ? {} : { "Inference-Header-Content-Length": answer.jsonLength }),
    ...(encoding === null ? {} : { "Content-Encoding": encoding, Vary: "Accept-Encoding" }),
  });
}

function readiness(serving: Serving, exchange: Exchange, body: unknown): void {
  exchange.json(serving.isReady ? 200 : 503, JSON.stringify(body));
}

function fixed(path: string, about: string, body: () => unknown): Route {
  return { method: "GET", path, about, handle: (exchange) => exchange.json(200, JSON.stringify(body())) };
}
