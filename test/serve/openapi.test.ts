import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { peopleModel, serve } from "./people_model.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The member at a path of keys. */
function at(json: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (inner as Record<string, Json> | undefined)?.[key], json);
}

async function documentOf(): Promise<{ document: Record<string, Json>; close: () => Promise<void>; url: string }> {
  const server = await serve([await peopleModel(), await peopleModel({ name: "a/b" })]);
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Record<string, Json>;
  return { document, close: server.close, url: server.url };
}

test("the document is OpenAPI 3.1, its references lead somewhere, its ids are unique", async () => {
  const { document, close } = await documentOf();
  await close();
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(valid, JSON.stringify(errors)).toBe(true);
  const text = JSON.stringify(document);
  for (const [, pointer] of text.matchAll(/"\$ref":"#([^"]+)"/g)) {
    const target = at(document, ...pointer!.split("/").slice(1));
    expect(target, pointer).toBeDefined();
  }
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(document["paths"]!)).toContain("/v2/models/a%2Fb/infer");
});

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly example?: string;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly examples?: Readonly<Record<string, { readonly value: Json }>> }>
    >;
  };
}

/** Every operation with its path, parameters filled in with their examples; null where a parameter has none. */
function operationsOf(document: Record<string, Json>) {
  return Object.entries(document["paths"] as unknown as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        let target: string | null = path;
        for (const parameter of operation.parameters ?? [])
          if (parameter.in === "path")
            target =
              parameter.example === undefined
                ? null
                : (target?.replace(`{${parameter.name}}`, parameter.example) ?? null);
        return { path, method, operation, target: target?.includes("{") ? null : target };
      }),
  );
}

test("every example of every route is valid and answered, and every answer is valid", async () => {
  const { document, close, url } = await documentOf();
  const ajv = new Ajv2020({ strict: false }).addSchema({ $id: "api", ...document });
  const escaped = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
  const at = (...parts: string[]) => ajv.compile({ $ref: `api#/${parts.map(escaped).join("/")}` });
  let asked = 0;
  for (const { path, method, operation, target } of operationsOf(document))
    for (const [type, { examples }] of Object.entries(operation.requestBody?.content ?? {}))
      for (const { value } of Object.values(examples ?? {})) {
        const where = `${method} ${path} ${type} ${JSON.stringify(value)}`;
        const question = at("paths", path, method, "requestBody", "content", type, "schema");
        expect(question(value), where + JSON.stringify(question.errors)).toBe(true);
        const body = type === "text/csv" ? String(value) : JSON.stringify(value);
        const response = await fetch(url + target, { method: "POST", body, headers: { "Content-Type": type } });
        const answer = (await response.json()) as Json;
        expect([response.status, where, answer]).toEqual([200, where, answer]);
        const valid = at("paths", path, method, "responses", "200", "content", "application/json", "schema");
        expect(valid(answer), where + JSON.stringify(valid.errors)).toBe(true);
        asked++;
      }
  expect(asked).toBeGreaterThan(40);
  const record = ajv.compile({ $ref: "api#/components/schemas/InputRecord" });
  expect(record({ age: "x", height: 1, colour: "red" })).toBe(false);
  expect(record({ age: 1, height: null, colour: "never seen" })).toBe(true);
  await close();
});

test("every GET of the document answers 200, in JSON that is valid where it says so", async () => {
  const { document, close, url } = await documentOf();
  for (const { path, method, target } of operationsOf(document))
    if (method === "get" && target !== null) expect((await fetch(url + target)).status, path).toBe(200);
  await close();
});

test("every route of the server is in the document", async () => {
  const server = await serve([await peopleModel()]);
  const { error } = (await (await fetch(`${server.url}/nothing`)).json()) as { error: { fix: string } };
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Record<string, Json>;
  await server.close();
  const described = operationsOf(document).map(
    ({ path, method }) => `${method.toUpperCase()} ${path.replaceAll("people", "{}").replace(/\{\w*\}/g, "{}")}`,
  );
  const routes = error.fix.replace("there are ", "").split(", ");
  expect(routes.length).toBeGreaterThan(30);
  for (const route of routes) expect(described).toContain(route.replace(/\{\w*\}/g, "{}"));
});
