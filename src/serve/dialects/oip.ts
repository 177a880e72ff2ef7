// Open Inference Protocol v2 over REST, tensors in JSON.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_rest.md.
import { IngotError, nearest, quoted } from "../../core/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import { readJson, writeJson } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../router.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import type { Dialect } from "./dialect.ts";
import { readInferRequest } from "./oip_request.ts";
import { readTensor, tensorMetadata, writeTensor } from "./oip_tensors.ts";

export const oip: Dialect = {
  name: "Open Inference Protocol v2",
  prefix: "/v2",
  errorBody: (error, requestId) => {
    const where = error.where ? `${error.where}: ` : "";
    const fix = error.fix ? `; ${error.fix}` : "";
    const id = error.httpStatus === 500 ? ` (request ${requestId})` : "";
    return { error: `${where}${error.what}${fix}${id}` };
  },
  routes: (serving) => [
    fixed("/v2", "Server metadata", () => ({ name: "ingot", version: serving.options.version, extensions: [] })),
    fixed("/v2/health/live", "Whether the server runs", () => ({ live: true })),
    {
      method: "GET",
      path: "/v2/health/ready",
      about: "Whether the server takes requests",
      handle: (exchange) => readiness(serving, exchange, { ready: serving.isReady }),
    },
    ...["/v2/models/{model}", "/v2/models/{model}/versions/{version}"].flatMap((path) => modelRoutes(serving, path)),
  ],
};

function modelRoutes(serving: Serving, path: string): Route[] {
  const named = (exchange: Exchange, [name, version]: readonly string[]): ServedModel => {
    exchange.model = serving.find(name!, version);
    return exchange.model;
  };
  return [
    {
      method: "GET",
      path,
      about: "Inputs and outputs of a model",
      handle: (exchange, parameters) => {
        const { name, schema } = named(exchange, parameters);
        const versions = serving.models.filter((model) => model.name === name).map((model) => model.version);
        const inputs = schema.inputs.map(tensorMetadata);
        const outputs = schema.outputs.map(tensorMetadata);
        exchange.json(200, JSON.stringify({ name, versions, platform: "onnx_onnxv1", inputs, outputs }));
      },
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
  if (exchange.request.headers["inference-header-content-length"] !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: "binary tensors are not supported",
      where: "header Inference-Header-Content-Length",
      fix: "send tensors as JSON (tritonclient: set_data_from_numpy(…, binary_data=False))",
    });
  const body = await readBody(exchange.request, serving.options.bodyLimit);
  const received = performance.now();
  const request = readInferRequest(readJson(textOf(body), "request body"));
  const feeds = readFeeds(request.inputs, model);
  const wanted = wantedOutputs(request.outputs, model);

  const { call } = exchange;
  call.phases.parse = performance.now() - received;
  const results = await model.run(feeds, call);
  const computed = performance.now();
  const text = writeJson({
    model_name: model.name,
    model_version: model.version,
    ...(request.id === undefined ? {} : { id: request.id }),
    outputs: wanted.map((name) => writeTensor(name, results[name]!)),
  });
  call.phases.encode = performance.now() - computed;
  exchange.json(200, text);
}

function readFeeds(
  inputs: ReturnType<typeof readInferRequest>["inputs"],
  { schema }: ServedModel,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = Object.create(null);
  for (const input of inputs) {
    const spec = schema.inputs.find((candidate) => candidate.name === input.name);
    if (!spec) throw unknownName("input", input.name, schema.inputs);
    if (feeds[input.name])
      throw new IngotError("INPUT_INVALID", { what: "is given twice", where: `inputs.${input.name}` });
    feeds[input.name] = readTensor(input, spec);
  }
  let rows: { readonly of: string; readonly count: number } | null = null;
  for (const { name, layout } of schema.inputs) {
    const tensor = feeds[name];
    if (!tensor)
      throw new IngotError("INPUT_INVALID", {
        what: "is missing",
        where: `inputs.${name}`,
        fix: `send ${schema.inputs.map((input) => input.name).join(", ")}`,
      });
    if (layout === "whole") continue;
    const count = tensor.dims[0]!;
    rows ??= { of: name, count };
    if (rows.count !== count)
      throw new IngotError("INPUT_INVALID", {
        what: `has ${count} rows, inputs.${rows.of} has ${rows.count}`,
        where: `inputs.${name}`,
      });
  }
  return feeds;
}

/** The outputs to answer with: those asked for, else all. */
function wantedOutputs(asked: readonly { readonly name: string }[] | undefined, { schema }: ServedModel): string[] {
  if (!asked || asked.length === 0) return schema.outputs.map((output) => output.name);
  return asked.map(({ name }) => {
    if (!schema.outputs.some((output) => output.name === name)) throw unknownName("output", name, schema.outputs);
    return name;
  });
}

function unknownName(kind: "input" | "output", name: string, known: readonly { readonly name: string }[]): IngotError {
  const names = known.map((spec) => spec.name);
  const meant = nearest(name, names);
  return new IngotError("INPUT_INVALID", {
    what: `the model has no ${kind} ${quoted(name)}`,
    where: `${kind}s`,
    fix: meant ? `did you mean ${quoted(meant)}?` : `it has ${names.join(", ")}`,
  });
}

function readiness(serving: Serving, exchange: Exchange, body: unknown): void {
  exchange.json(serving.isReady ? 200 : 503, JSON.stringify(body));
}

function fixed(path: string, about: string, body: () => unknown): Route {
  return { method: "GET", path, about, handle: (exchange) => exchange.json(200, JSON.stringify(body())) };
}
