// The OpenAPI 3.1 document of a server, from the schemas of what it serves. Every route is in it: dialects describe theirs, what they leave
// out is described by what the route says about itself.
import { dialects } from "./dialects/index.ts";
import { describedModels, type Json, jsonContent, predictionHeaderParts, recordSchemas } from "./openapi_parts.ts";
import type { Route } from "./router.ts";
import type { Serving } from "./serving.ts";

/** A complete document; whatever predicts carries examples that the model answers. @param shown models that it names */
export function openApiDocument(serving: Serving, shown: Pick<Serving, "models" | "first"> = serving): Json {
  const { name, version, description, digest } = shown.first;
  const models = describedModels(shown);
  const described = dialects.map((dialect) => ({ dialect, ...dialect.describe?.(models, serving) }));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const part of described)
    for (const [path, item] of Object.entries(part.paths ?? {})) paths[path] = { ...paths[path], ...item };
  for (const { dialect, tag } of described)
    for (const route of dialect.routes(serving)) {
      const method = route.method.toLowerCase();
      if (Object.entries(paths).some(([path, item]) => method in item && fits(route.path, path))) continue;
      paths[route.path] = { ...paths[route.path], [method]: plainOperation(route, tag?.name ?? "server") };
    }
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
      ...described.flatMap(({ tag }) => tag ?? []),
      { name: "server", description: "Health, metrics, descriptions, pages" },
    ],
    paths,
    components: {
      schemas: {
        ...recordSchemas(models),
        ...Object.assign({}, ...described.map(({ schemas }) => schemas ?? {})),
        Error: errorSchema,
      },
      headers: predictionHeaderParts,
    },
  };
}

/** Whether a path of the document is that of a route, its parameters filled in or not. */
function fits(pattern: string, path: string): boolean {
  const expected = pattern.split("/");
  const parts = path.split("/");
  return (
    expected.length === parts.length &&
    expected.every((part, i) =>
      part.startsWith("{") ? parts[i]!.endsWith(part.slice(part.indexOf("}") + 1)) : part === parts[i],
    )
  );
}

function plainOperation({ method, path, about }: Route, tag: string): Json {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const problem = { description: "It could not be answered", content: jsonContent({}) };
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, "_")}`,
    tags: [tag],
    summary: about,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(method === "POST" ? { requestBody: { content: jsonContent({}) } } : {}),
    responses: { "2XX": { description: about }, "4XX": problem, "5XX": problem },
  };
}

const errorSchema = {
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
};
