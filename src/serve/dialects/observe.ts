// `/metrics` for Prometheus, `/status.json` for the status page.
import { writeJson } from "../../runtime/index.ts";
import { prometheusType } from "../observe/prometheus.ts";
import { statusOf } from "../observe/status.ts";
import { type Dialect, plainErrorBody } from "./dialect.ts";

export const observe: Dialect = {
  name: "observation",
  prefix: "/metrics",
  errorBody: plainErrorBody,
  routes: (serving) => [
    {
      method: "GET",
      path: "/metrics",
      about: "Counters and histograms for Prometheus",
      handle: async (exchange) =>
        exchange.send(200, prometheusType, await serving.watch.metrics(serving.reachOf(exchange)), noStore),
    },
    {
      method: "GET",
      path: "/status.json",
      about: "What the status page shows: traffic, latencies, variants, errors",
      handle: async (exchange) => exchange.json(200, writeJson(await statusOf(serving, exchange)), noStore),
    },
  ],
};

const noStore = { "Cache-Control": "no-store" };
