// `/openapi.json` for programs, `/playground.json` for the page: what is served, and an example that works.
import { writeJson } from "../../runtime/index.ts";
import { exampleOf } from "../example_record.ts";
import { openApiDocument } from "../openapi.ts";
import { type Dialect, plainErrorBody } from "./dialect.ts";

export const describe: Dialect = {
  name: "description",
  prefix: "/openapi.json",
  errorBody: plainErrorBody,
  routes: (serving) => [
    {
      method: "GET",
      path: "/openapi.json",
      about: "OpenAPI 3.1 description of this server",
      handle: (exchange) => exchange.json(200, writeJson(openApiDocument(serving, exchange.shown))),
    },
    {
      method: "GET",
      path: "/playground.json",
      about: "What the playground shows: package, schema, example",
      handle: (exchange) => {
        const { name, version, digest, description, schema, example, runtime } = exchange.shown.first;
        const page = { name, version, digest, description, runtime, schema, example: exampleOf(schema, example) };
        exchange.json(200, writeJson(page), { "Cache-Control": "no-store" });
      },
    },
  ],
};
