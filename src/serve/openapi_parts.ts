// Pieces that the OpenAPI document is made of, for dialects to describe their routes with.
import { openApiSchemas } from "../runtime/index.ts";
import { exampleOf } from "./example_record.ts";
import type { ServedModel } from "./served_model.ts";
import type { Serving } from "./serving.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What a dialect adds to the document. */
export interface Described {
  readonly tag: { readonly name: string; readonly description: string };
  /** Path items; a path with parameters in braces describes them. */
  readonly paths: Readonly<Record<string, Json>>;
  readonly schemas?: Json;
}

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
export const arrayOf = (items: Json) => ({ type: "array", items });
export const jsonContent = (schema: unknown, more: Json = {}) => ({ "application/json": { schema, ...more } });

/** Values by name, as OpenAPI wants examples. */
export function examplesOf(values: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(Object.entries(values).map(([summary, value]) => [summary, { summary, value }]));
}

interface OperationParts {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  /** Content of the request by type; absent: no body. */
  readonly body?: Json;
  readonly isBodyOptional?: boolean;
  /** Content of the answer by type. */
  readonly answer: Json;
  /** Schema of errors. */
  readonly error: string;
  /** Whether the answer is a prediction's, with the headers of one. */
  readonly isPrediction?: boolean;
}

export function operation(parts: OperationParts): Json {
  const { id, tag, summary, description, parameters, body, answer, error } = parts;
  const problem = (what: string) => ({ description: what, content: jsonContent(ref(error)) });
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    ...(parameters && parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: parts.isBodyOptional !== true, content: body } } : {}),
    responses: {
      200: { description: "Answered", ...(parts.isPrediction ? { headers: predictionHeaders } : {}), content: answer },
      "4XX": problem("The request is wrong; the message says where"),
      "5XX": problem("The server could not answer, or not now"),
    },
  };
}

/** A parameter of a path that is one of these; the first is the example. */
export function oneOf(name: string, values: readonly string[]): Json {
  return { name, in: "path", required: true, schema: { type: "string", enum: values }, example: values[0] };
}

/** One name that is served: its first model, what stands behind its ids, its names in paths and in components. */
export interface DescribedModel {
  readonly model: ServedModel;
  readonly suffix: string;
  readonly encoded: string;
  readonly input: Json;
  readonly output: Json;
  readonly example: Readonly<Record<string, unknown>>;
  readonly versions: readonly string[];
}

/** Every name that is served, once; the first one's components are called InputRecord and OutputRecord. */
export function describedModels(shown: Pick<Serving, "models">): DescribedModel[] {
  const names = [...new Set(shown.models.map(({ name }) => name))];
  return names.map((name, index) => {
    const models = shown.models.filter((model) => model.name === name);
    const model = models[0]!;
    const suffix = index === 0 ? "" : `.${index + 1}-${name.replace(/[^A-Za-z0-9._-]/g, "-")}`;
    return {
      model,
      suffix,
      encoded: encodeURIComponent(name),
      input: ref(`InputRecord${suffix}`),
      output: ref(`OutputRecord${suffix}`),
      example: exampleOf(model.schema, model.example),
      versions: [...new Set(models.map(({ version }) => version))],
    };
  });
}

export function recordSchemas(models: readonly DescribedModel[]): Json {
  return Object.fromEntries(
    models.flatMap(({ model, suffix }) => {
      const { input, output } = openApiSchemas(model.schema);
      return [
        [`InputRecord${suffix}`, input],
        [`OutputRecord${suffix}`, output],
      ];
    }),
  );
}

export const predictionHeaderParts = {
  "Ingot-Package": { description: "Digest of the package that answered", schema: { type: "string" } },
  "Ingot-Failed": {
    description: "Of an array: how many records have an error in their place",
    schema: { type: "integer" },
  },
  "Ingot-Variant": { description: "Variant of the deployment that answered", schema: { type: "string" } },
  "Ingot-Request-Id": { description: "The id sent with the request, or a new one", schema: { type: "string" } },
  "Server-Timing": { description: "Milliseconds for parse, queue, compute, encode", schema: { type: "string" } },
};
const predictionHeaders = Object.fromEntries(
  Object.keys(predictionHeaderParts).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);
