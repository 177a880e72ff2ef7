// The Open Inference Protocol's routes in the OpenAPI document.
import { encodeRecords } from "../../runtime/index.ts";
import {
  arrayOf,
  type Described,
  type DescribedModel,
  examplesOf,
  type Json,
  jsonContent,
  oneOf,
  operation,
  ref,
} from "../openapi_parts.ts";
import { datatypeNames } from "./oip_datatypes.ts";
import { writeTensor } from "./oip_tensors.ts";

const tag = "tensors";
const error = "OipError";

export function describeOip(models: readonly DescribedModel[]): Described {
  const get = (id: string, summary: string, answer: Json, parameters: readonly Json[] = []) => ({
    get: operation({ id, tag, summary, parameters, answer: jsonContent(answer), error }),
  });
  const paths: Record<string, Json> = {
    "/v2": get("serverMetadata", "Server metadata", {
      type: "object",
      required: ["name", "version", "extensions"],
      properties: { name: text, version: text, extensions: arrayOf(text) },
    }),
    "/v2/health/live": get("serverLive", "Whether the server runs", flag("live")),
    "/v2/health/ready": get("serverReady", "Whether the server takes requests", flag("ready")),
    "/v2/models/stats": get("statistics", "Counts and times of requests of every model", ref("OipStatistics")),
    "/v2/repository/index": {
      post: operation({
        id: "repositoryIndex",
        tag,
        summary: "Which models there are, and whether they answer",
        body: jsonContent(
          { type: "object", properties: { ready: { type: "boolean" } } },
          { examples: examplesOf({ "only those that answer": { ready: true } }) },
        ),
        isBodyOptional: true,
        answer: jsonContent(
          arrayOf({
            type: "object",
            required: ["name", "state"],
            properties: { name: text, version: text, state: text, reason: text },
          }),
        ),
        error,
      }),
    },
    ...Object.fromEntries(
      ["load", "unload"].map((verb) => [`/v2/repository/models/{model}/${verb}`, changeItem(verb)]),
    ),
  };
  for (const described of models) {
    const { encoded, suffix, model, versions } = described;
    for (const [path, which, parameters] of [
      [`/v2/models/${encoded}`, suffix, []],
      [`/v2/models/${encoded}/versions/{version}`, `OfVersion${suffix}`, [oneOf("version", versions)]],
    ] as const) {
      paths[path] = get(`modelMetadata${which}`, `Inputs and outputs of ${model.name}`, ref("OipMetadata"), parameters);
      paths[`${path}/ready`] = get(
        `modelReady${which}`,
        `Whether ${model.name} takes requests`,
        flag("ready"),
        parameters,
      );
      paths[`${path}/config`] = get(
        `modelConfig${which}`,
        `Configuration of ${model.name} as Triton tells it`,
        { type: "object" },
        parameters,
      );
      paths[`${path}/stats`] = get(
        `modelStatistics${which}`,
        `Counts and times of requests of ${model.name}`,
        ref("OipStatistics"),
        parameters,
      );
      paths[`${path}/infer`] = { post: inferOperation(described, which, parameters) };
    }
  }
  return { tag: { name: tag, description: "Open Inference Protocol v2" }, paths, schemas };
}

function inferOperation({ model, example }: DescribedModel, which: string, parameters: readonly Json[]): Json {
  const inputs = Object.entries(encodeRecords(model.schema, [example])).map(([name, tensor]) =>
    writeTensor(name, tensor),
  );
  const [output] = model.schema.outputs;
  return operation({
    id: `modelInfer${which}`,
    tag,
    summary: `Inference on tensors with ${model.name}`,
    description:
      "Tensors in JSON, or as bytes behind the JSON (extension binary_tensor_data): then the header Inference-Header-Content-Length says where the JSON ends.",
    parameters: [
      ...parameters,
      {
        name: "Inference-Header-Content-Length",
        in: "header",
        required: false,
        description: "Bytes of JSON in front of the tensors, before compression",
        schema: { type: "integer", minimum: 0 },
      },
    ],
    body: {
      ...jsonContent(ref("OipRequest"), {
        examples: examplesOf({
          "every output": { inputs },
          "one output": { id: "1", inputs, outputs: [{ name: output!.name }] },
        }),
      }),
      "application/octet-stream": { schema: { type: "string", format: "binary" } },
    },
    answer: {
      ...jsonContent(ref("OipResponse")),
      "application/octet-stream": { schema: { type: "string", format: "binary" } },
    },
    error,
    isPrediction: true,
  });
}

function changeItem(verb: string): Json {
  return {
    post: operation({
      id: `${verb}Model`,
      tag,
      summary: verb === "load" ? "Load the newest package of a name" : "Stop serving a model",
      description: "Refused (403) unless the server was started with --model-control.",
      parameters: [{ name: "model", in: "path", required: true, schema: text }],
      body: jsonContent({ type: "object" }),
      isBodyOptional: true,
      answer: jsonContent({ type: "object" }),
      error,
    }),
  };
}

const text = { type: "string" };
const flag = (name: string) => ({ type: "object", required: [name], properties: { [name]: { type: "boolean" } } });
const parameters = { type: "object", description: "Those that nobody knows are ignored" };
const head = {
  name: text,
  shape: arrayOf({ type: "integer", minimum: 0 }),
  datatype: { type: "string", enum: datatypeNames },
  parameters,
};
const tensorMetadata = {
  type: "object",
  required: ["name", "datatype", "shape"],
  properties: { ...head, shape: arrayOf({ type: "integer", minimum: -1 }) },
};

const schemas = {
  OipError: { type: "object", required: ["error"], properties: { error: text } },
  OipTensor: {
    type: "object",
    required: ["name", "shape", "datatype"],
    properties: {
      ...head,
      data: {
        type: "array",
        items: {},
        description: "Row-major, nested or flat; absent where the values follow as bytes",
      },
    },
  },
  OipRequest: {
    type: "object",
    required: ["inputs"],
    properties: {
      id: text,
      parameters,
      inputs: arrayOf(ref("OipTensor")),
      outputs: arrayOf({ type: "object", required: ["name"], properties: { name: text, parameters } }),
    },
  },
  OipResponse: {
    type: "object",
    required: ["model_name", "model_version", "outputs"],
    properties: { model_name: text, model_version: text, id: text, outputs: arrayOf(ref("OipTensor")) },
  },
  OipMetadata: {
    type: "object",
    required: ["name", "versions", "platform", "inputs", "outputs"],
    properties: {
      name: text,
      versions: arrayOf(text),
      platform: text,
      inputs: arrayOf(tensorMetadata),
      outputs: arrayOf(tensorMetadata),
    },
  },
  OipStatistics: {
    type: "object",
    required: ["model_stats"],
    properties: {
      model_stats: arrayOf({
        type: "object",
        required: ["name", "version", "inference_count", "execution_count", "inference_stats", "batch_stats"],
      }),
    },
  },
};
