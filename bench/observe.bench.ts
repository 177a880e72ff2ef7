// What counting costs a request: Ingot's own counters and prom-client's with the same labels and buckets; and assigning by a key.
import { Counter, Histogram, Registry } from "prom-client";
import { Assignment } from "../src/serve/deployment/assignment.ts";
import type { FinishedRequest, ServedModel } from "../src/serve/index.ts";
import { prometheusText } from "../src/serve/observe/prometheus.ts";
import { Traffic } from "../src/serve/observe/traffic.ts";
import { duration, functions, markdown } from "./measure.ts";

const many = 20_000;
const model = {
  name: "flights",
  version: "1.0.0",
  variant: "main",
  digest: `sha256:${"0".repeat(64)}`,
} as unknown as ServedModel;
const phases = { parse: 0.02, queue: 0.1, compute: 0.3, encode: 0.01 };
const request: FinishedRequest = {
  ...{ id: "x", dialect: "predict", route: "/predict", method: "POST", status: 200, errorCode: null },
  ...{ model, phases, rows: 1, batchSize: 4, ms: 0.6 },
};

const traffic = new Traffic();
const registry = new Registry();
const labelNames = ["model", "version", "variant", "package"];
const labels = { model: model.name, version: model.version, variant: model.variant, package: model.digest };
const buckets = Array.from({ length: 22 }, (_, i) => 2 ** i / 16_000);
const requests = new Counter({
  name: "requests",
  help: "x",
  labelNames: [...labelNames, "dialect", "status"],
  registers: [registry],
});
const rows = new Counter({ name: "rows", help: "x", labelNames, registers: [registry] });
const time = new Histogram({ name: "time", help: "x", labelNames, buckets, registers: [registry] });
const phase = new Histogram({
  name: "phase",
  help: "x",
  labelNames: [...labelNames, "phase"],
  buckets,
  registers: [registry],
});
const batch = new Histogram({
  name: "batch",
  help: "x",
  labelNames,
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  registers: [registry],
});
const assignment = new Assignment("flights", [
  { name: "main", weight: 90 },
  { name: "next", weight: 10 },
]);

const results = await functions({
  ingot: () => {
    for (let i = 0; i < many; i++) traffic.add(request, i);
  },
  "prom-client": () => {
    for (let i = 0; i < many; i++) {
      requests.inc({ ...labels, dialect: "predict", status: "200" });
      rows.inc(labels, 1);
      time.observe(labels, request.ms / 1000);
      for (const [name, ms] of Object.entries(phases)) phase.observe({ ...labels, phase: name }, ms / 1000);
      batch.observe(labels, request.batchSize);
    }
  },
  "by key": () => {
    for (let i = 0; i < many; i++) assignment.of(`user-${i}`);
  },
  "by chance": () => {
    for (let i = 0; i < many; i++) assignment.byChance();
  },
});
const pages = await functions({
  ingot: () => prometheusText({ version: "0", traffic: traffic.state(), processes: [], loads: [], gauges: [] }),
  "prom-client": () => registry.metrics(),
});

const each = (name: string) => duration(results[name]!.ms / many);
console.log("## Counting and assigning\n");
console.log("What one request costs, medians of 20 runs of 20,000; one scrape of one model.\n");
console.log(
  markdown([
    ["", "a request", "a scrape"],
    ["Ingot's counters", each("ingot"), duration(pages["ingot"]!.ms)],
    ["`prom-client`, the same series", each("prom-client"), duration(pages["prom-client"]!.ms)],
    ["assignment by a key, two variants", each("by key"), ""],
    ["assignment by chance", each("by chance"), ""],
  ]),
);
