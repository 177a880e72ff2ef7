// Extensions of the Open Inference Protocol that are routes of their own: model repository, statistics, configuration.
// Rule: triton-inference-server/server, docs/protocol/extension_{model_repository,statistics,model_configuration}.md.
import { IngotError } from "../../core/index.ts";
import { readJson, writeJson } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import { statisticsOf } from "../observe/statistics.ts";
import { controlledRepository, repositoryIndex } from "../repository.ts";
import type { Route } from "../router.ts";
import type { Serving } from "../serving.ts";
import { modelConfig } from "./oip_metadata.ts";
import { isObject } from "./record_forms.ts";

/** As server metadata lists them. */
export const extensions: readonly string[] = [
  "binary_tensor_data",
  "classification",
  "model_configuration",
  "model_repository",
  "model_repository(unload_dependents)",
  "parameters",
  "schedule_policy",
  "statistics",
];

export function extensionRoutes(serving: Serving): Route[] {
  const models = ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"];
  return [
    ...models.map((path) => configRoute(path)),
    ...["/v2/models", ...models].map((path) => statisticsRoute(serving, path)),
    {
      method: "POST",
      path: "/v2/repository/index",
      about: "Which models there are, and whether they answer",
      handle: async (exchange) => {
        const { ready } = await parametersOf(exchange, serving);
        exchange.json(200, writeJson(await repositoryIndex(serving, exchange, ready === true)));
      },
    },
    {
      method: "POST",
      path: "/v2/repository/models/{model}/load",
      about: "Load the newest package of a name",
      handle: async (exchange, [name]) => {
        refuseOverrides((await parametersOf(exchange, serving))["parameters"]);
        await controlledRepository(serving, exchange, name!).load(name!);
        exchange.json(200, "{}");
      },
    },
    {
      method: "POST",
      path: "/v2/repository/models/{model}/unload",
      about: "Stop serving a model",
      handle: async (exchange, [name]) => {
        await parametersOf(exchange, serving);
        await controlledRepository(serving, exchange, name!).unload(name!);
        exchange.json(200, "{}");
      },
    },
  ];
}

function configRoute(path: string): Route {
  return {
    method: "GET",
    path: `${path}/config`,
    about: "Configuration of a model, as Triton's clients ask for it",
    handle: (exchange, [name, version]) => {
      exchange.json(200, writeJson(modelConfig(exchange.find(name!, version))));
    },
  };
}

function statisticsRoute(serving: Serving, path: string): Route {
  return {
    method: "GET",
    path: `${path}/stats`,
    about: "Counts and times of requests",
    handle: async (exchange, [name, version]) => {
      const models = name === undefined ? exchange.shown.models : [exchange.find(name, version)];
      const { statistics } = await serving.watch.total();
      exchange.json(200, writeJson({ model_stats: models.map((model) => statisticsOf(model, statistics)) }));
    },
  };
}

/** Clients send no body, or an object. */
async function parametersOf(exchange: Exchange, serving: Serving): Promise<Readonly<Record<string, unknown>>> {
  const text = textOf(await readBody(exchange.request, serving.options.bodyLimit, exchange.memory));
  if (text.trim() === "") return {};
  const value = readJson(text, "request body");
  if (isObject(value)) return value;
  throw new IngotError("INPUT_INVALID", { what: "expected an object or nothing", where: "request body" });
}

/** @throws IngotError INPUT_INVALID: a package is what it is */
export function refuseOverrides(parameters: unknown): void {
  const [name] = isObject(parameters) ? Object.keys(parameters) : [];
  if (name === undefined) return;
  throw new IngotError("INPUT_INVALID", {
    what: "packages are immutable: their configuration and files cannot be given with a request",
    where: `parameters.${name}`,
    fix: "pack another version and load it",
  });
}
