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
      about: "What the pages show of a model, by default of the first: package, schema, example, names of all models",
      handle: (exchange) => {
        const { shown } = exchange;
        const asked = new URL(exchange.request.url ?? "/", "http://any").searchParams.get("model");
        const model = asked === null ? shown.first : shown.find(asked);
        const { name, version, digest, description, schema, example, runtime } = model;
        const models = [...new Set(shown.models.map((one) => one.name))];
        const page = { name, version, digest, description, runtime, schema, models };
        exchange.json(200, writeJson({ ...page, example: exampleOf(schema, example) }), {
          "Cache-Control": "no-store",
        });
      },
    },
  ],
};
