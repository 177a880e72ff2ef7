// The OpenAPI 3.1 document of a server, from the schema of what it serves.
import { openApiSchemas } from "../runtime/index.ts";
import { exampleOf } from "./example_record.ts";
import type { Serving } from "./serving.ts";

type Json = Readonly<Record<string, unknown>>;

/** A complete document; `/predict` carries an example that the model answers. */
export function openApiDocument(serving: Serving): Json {
  const { name, version, description, schema, digest, example } = serving.first;
  const { input, output } = openApiSchemas(schema);
  return {
    openapi: "3.1.0",
    info: {
      title: name,
      version,
      summary: `Predictions of ${name}:${version}`,
      description: [description, `Package digest: \`${digest}\``].filter(Boolean).join("\n\n"),
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "predict", description: "Records by name" },
      { name: "tensors", description: "Open Inference Protocol v2" },
      { name: "health", description: "For supervisors and load balancers" },
    ],
    paths: {
      "/predict": { post: predictOperation(exampleOf(schema, example)) },
      ...oipPaths(serving),
      "/healthz": { get: healthOperation("healthz", "Whether the process runs") },
      "/readyz": { get: { ...healthOperation("readyz", "Whether the server takes requests"), ...orNotReady } },
    },
    components: {
      schemas: { InputRecord: input, OutputRecord: output, ...sharedSchemas },
      headers: sharedHeaders,
      responses: {
        Refused: { description: "The request is wrong; the message says where", content: json(ref("Error")) },
        Failed: { description: "The server could not answer", content: json(ref("Error")) },
        OipError: { description: "The request is wrong; the message says where", content: json(ref("OipError")) },
      },
    },
  };
}

function predictOperation(example: unknown): Json {
  const oneOrMany = (name: string) => ({ oneOf: [ref(name), { type: "array", items: ref(name) }] });
  return {
    operationId: "predict",
    tags: ["predict"],
    summary: "Predict one record or an array of records",
    description: "The answer has the shape of the question: a record for a record, an array for an array, in order.",
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: oneOrMany("InputRecord"),
          examples: {
            record: { summary: "One record", value: example },
            array: { summary: "Several", value: [example] },
          },
        },
      },
    },
    responses: {
      200: { description: "Predictions", headers: headerRefs, content: json(oneOrMany("OutputRecord")) },
      "4XX": { $ref: "#/components/responses/Refused" },
      "5XX": { $ref: "#/components/responses/Failed" },
    },
  };
}

function oipPaths(serving: Serving): Json {
  const get = (operationId: string, summary: string, more: Json = {}) => ({
    get: {
      operationId,
      tags: ["tensors"],
      summary,
      responses: { 200: { description: "OK", content: json({ type: "object" }) }, "4XX": oipError },
      ...more,
    },
  });
  const paths: Record<string, Json> = {
    "/v2": get("serverMetadata", "Server metadata"),
    "/v2/health/live": get("serverLive", "Whether the server runs"),
    "/v2/health/ready": get("serverReady", "Whether the server takes requests"),
  };
  for (const model of new Set(serving.models.map(({ name }) => name))) {
    const path = `/v2/models/${encodeURIComponent(model)}`;
    const suffix = model === serving.first.name ? "" : `:${model}`;
    paths[path] = get(`modelMetadata${suffix}`, `Inputs and outputs of ${model}`);
    paths[`${path}/ready`] = get(`modelReady${suffix}`, `Whether ${model} takes requests`);
    paths[`${path}/infer`] = {
      post: {
        operationId: `modelInfer${suffix}`,
        tags: ["tensors"],
        summary: `Inference on tensors with ${model}`,
        requestBody: { required: true, content: json(ref("OipRequest")) },
        responses: {
          200: { description: "Tensors", headers: headerRefs, content: json(ref("OipResponse")) },
          "4XX": oipError,
        },
      },
    };
  }
  return paths;
}

function healthOperation(operationId: string, summary: string): Json {
  const body = { type: "object", required: ["status"], properties: { status: { type: "string" } } };
  return { operationId, tags: ["health"], summary, responses: { 200: { description: "Yes", content: json(body) } } };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: unknown) => ({ "application/json": { schema } });
const oipError = { $ref: "#/components/responses/OipError" };
const orNotReady = {
  responses: { 200: { description: "Yes" }, 503: { description: "No: the server is about to stop" } },
};

const tensorSchema = {
  type: "object",
  required: ["name", "shape", "datatype", "data"],
  properties: {
    name: { type: "string" },
    shape: { type: "array", items: { type: "integer", minimum: 0 } },
    datatype: {
      type: "string",
      enum: [
        ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
        ...["FP16", "BF16", "FP32", "FP64", "BYTES"],
      ],
    },
    data: { type: "array", items: {}, description: "Row-major, nested or flat" },
  },
};

const sharedSchemas = {
  Error: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "what"],
        properties: {
          code: { type: "string", description: "Stable; programs may match on it" },
          what: { type: "string" },
          where: { type: "string" },
          fix: { type: "string" },
        },
      },
    },
  },
  OipError: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
  OipTensor: tensorSchema,
  OipRequest: {
    type: "object",
    required: ["inputs"],
    properties: {
      id: { type: "string" },
      inputs: { type: "array", items: ref("OipTensor") },
      outputs: {
        type: "array",
        items: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
      },
    },
  },
  OipResponse: {
    type: "object",
    required: ["model_name", "model_version", "outputs"],
    properties: {
      model_name: { type: "string" },
      model_version: { type: "string" },
      id: { type: "string" },
      outputs: { type: "array", items: ref("OipTensor") },
    },
  },
};

const sharedHeaders = {
  "Ingot-Package": { description: "Digest of the package that answered", schema: { type: "string" } },
  "Ingot-Variant": { description: "Variant of the deployment that answered", schema: { type: "string" } },
  "Ingot-Request-Id": { description: "The id sent with the request, or a new one", schema: { type: "string" } },
  "Server-Timing": { description: "Milliseconds for parse, queue, compute, encode", schema: { type: "string" } },
};
const headerRefs = Object.fromEntries(
  Object.keys(sharedHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);
