import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { peopleModel, serve } from "./people_model.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The member at a path of keys. */
function at(json: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (inner as Record<string, Json> | undefined)?.[key], json);
}

// The parts of the OpenAPI 3.1 meta-schema that clients and generators depend on.
const essentials = {
  type: "object",
  required: ["openapi", "info", "paths"],
  properties: {
    openapi: { type: "string", pattern: "^3\\.1\\.\\d+$" },
    info: {
      type: "object",
      required: ["title", "version"],
      properties: { title: { type: "string" }, version: { type: "string" } },
    },
    servers: { type: "array", items: { type: "object", required: ["url"] } },
    paths: {
      type: "object",
      propertyNames: { pattern: "^/" },
      additionalProperties: {
        type: "object",
        propertyNames: { enum: ["get", "post"] },
        additionalProperties: {
          type: "object",
          required: ["operationId", "summary", "responses"],
          properties: {
            requestBody: { type: "object", required: ["content"] },
            responses: {
              type: "object",
              minProperties: 1,
              propertyNames: { pattern: "^([1-5](\\d\\d|XX)|default)$" },
              additionalProperties: { anyOf: [{ required: ["description"] }, { required: ["$ref"] }] },
            },
          },
        },
      },
    },
    components: { type: "object", required: ["schemas"] },
  },
};

async function documentOf(): Promise<{ document: Record<string, Json>; close: () => Promise<void>; url: string }> {
  const server = await serve([await peopleModel(), await peopleModel({ name: "a/b" })]);
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Record<string, Json>;
  return { document, close: server.close, url: server.url };
}

test("the document is OpenAPI 3.1, its references lead somewhere, its ids are unique", async () => {
  const { document, close } = await documentOf();
  await close();
  const validate = new Ajv2020({ strict: false }).compile(essentials);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  const text = JSON.stringify(document);
  for (const [, pointer] of text.matchAll(/"\$ref":"#([^"]+)"/g)) {
    const target = at(document, ...pointer!.split("/").slice(1));
    expect(target, pointer).toBeDefined();
  }
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(document["paths"]!)).toContain("/v2/models/a%2Fb/infer");
});

test("the example is a record of the schema, and the answer to it an answer of the schema", async () => {
  const { document, close, url } = await documentOf();
  const ajv = new Ajv2020({ strict: false }).addSchema({ $id: "api", ...document });
  const question = at(document, "paths", "/predict", "post", "requestBody", "content", "application/json");
  for (const { value } of Object.values(at(question, "examples") as Record<string, { value: Json }>)) {
    const validQuestion = ajv.compile({
      $ref: "api#/paths/~1predict/post/requestBody/content/application~1json/schema",
    });
    expect(validQuestion(value), JSON.stringify(validQuestion.errors)).toBe(true);
    const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(value) });
    const answer = await response.json();
    const validAnswer = ajv.compile({
      $ref: "api#/paths/~1predict/post/responses/200/content/application~1json/schema",
    });
    expect(validAnswer(answer), JSON.stringify(validAnswer.errors)).toBe(true);
  }
  const record = ajv.compile({ $ref: "api#/components/schemas/InputRecord" });
  expect(record({ age: "x", height: 1, colour: "red" })).toBe(false);
  expect(record({ age: 1, height: null, colour: "never seen" })).toBe(true);
  await close();
});

test("every GET of the document answers 200", async () => {
  const { document, close, url } = await documentOf();
  for (const [path, operations] of Object.entries(document["paths"]!))
    if (at(operations, "get")) expect((await fetch(url + path)).status, path).toBe(200);
  await close();
});
