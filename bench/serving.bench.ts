// Serving, compared: Ingot, the Python servers that people use, and the floor of bare node:http + session.run. The same graphs on the same
// runtime with one thread, on one machine that the load generator shares, in turn within one run.
// BENCH_MODELS=logistic,network and BENCH_PEERS=FastAPI,MLflow run a part; BENCH_SECONDS is the length of one measurement.
import { type ChildProcess, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { Store } from "../src/oci/index.ts";
import { openPackage, pack } from "../src/package/index.ts";
import { duration, markdown, median } from "./measure.ts";
import { type Load, load, openLoad, requestBytes } from "./serving/load.ts";
import { benchModels } from "./serving/models.ts";
import { environmentOf, oipBody, peerEnvironment, peers, type Served, startGroup } from "./serving/peers.ts";
import { family, type Memory, memoryOf } from "./serving/process_tree.ts";

const root = path.join(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-bench-serving-"));
const ms = 1000 * Number(process.env["BENCH_SECONDS"] ?? 1.5);
const rounds = 3;
/** Starts of a server by itself, whose median is its cold start. */
const starts = 3;
const idleMs = 2000;
/** Shares of the fastest Python server's throughput at which latency is measured. */
const offered = [0.5, 0.8];
const wanted = (variable: string, name: string) => {
  const list = process.env[variable];
  return !list || list.split(",").some((part) => part !== "" && name.includes(part));
};

interface Target {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
  readonly request: Buffer;
  readonly coldMs: number;
  readonly idle: Memory;
}

const running = new Set<ChildProcess>();
const endAll = () => {
  for (const child of running) end(child);
};
process.on("exit", endAll);
process.on("SIGINT", () => process.exit(130));

if (!existsSync(path.join(root, "dist", "cli", "main.cjs"))) {
  const built = spawnSync(process.execPath, [path.join(root, "scripts", "build.mjs")], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("the build failed");
}

try {
  const store = await Store.open(path.join(folder, "store"));
  console.log("## Serving, compared\n");
  console.log(
    `One record per request, JSON unless it says binary (Open Inference Protocol, tensors as bytes). ${rounds} rounds of ${ms / 1000} s in turn, medians. Server and load generator share ${os.availableParallelism()} cores. Every server runs the same ONNX graph on ONNX Runtime with one thread. \`n/s\`: requests are due at random times (Poisson), on average at half and at four fifths of what the fastest Python server managed at 32 connections, and time counts from when they were due. \`cold start\`: from the start of the process to its first answer, each server by itself on the machine, files in the page cache, median of ${starts}. \`idle MiB\`: what is resident ${idleMs / 1000} s after that answer, all processes of the server, a page that they share counted once, pages of files (programs, libraries) counted whole; in brackets what of it is in no file, so that the system cannot take it back. Then all are started together and loaded in turn.\n`,
  );
  for (const model of benchModels(folder)) {
    if (!wanted("BENCH_MODELS", model.name)) continue;
    process.stderr.write(`  ${model.name}\n`);
    const packed = await pack(model.project, store, { force: true });
    const pkg = await openPackage(`${packed.name}:${packed.version}`, store);
    const own = path.join(folder, `run-${packed.name}`);
    mkdirSync(own, { recursive: true });
    const graph = path.join(own, "model.onnx");
    copyFileSync(pkg.path("model.onnx"), graph);
    const schemaFile = path.join(own, "schema.json");
    const { schema } = pkg.description;
    writeFileSync(schemaFile, JSON.stringify(schema));
    const example = (await pkg.examples())[0]!.inputs;
    const served: Served = { name: packed.name, graph, schemaFile, schema, example, folder: own };
    const targets = await startAll(served);
    try {
      console.log(`### ${model.name}: ${model.about}\n`);
      console.log(markdown(await measured(targets)));
      console.log();
    } finally {
      endAll();
    }
  }
} finally {
  endAll();
  rmSync(folder, { recursive: true, force: true });
}

async function startAll(served: Served): Promise<Target[]> {
  const targets: Target[] = [];
  const json = JSON.stringify(served.example);
  const plans: [string, ...Parameters<typeof started>][] = [];
  const started = async (command: (port: number) => readonly string[], bytes: Buffer, env: NodeJS.ProcessEnv) => {
    const port = await freePort();
    const words = command(port);
    const began = performance.now();
    const child = startGroup(words, env, served.folder);
    running.add(child);
    const ms = await firstAnswer(child, port, bytes, began);
    if (ms !== null) return { child, port, ms };
    end(child);
    throw new Error("it gave no answer");
  };
  /** By itself first, then a last time to stay. */
  const start = (...how: [string, ...Parameters<typeof started>]) => plans.push(how);
  const floor = path.join(root, "bench", "serving", "floor.ts");
  const node = process.execPath;
  start(
    "floor: `node:http` + `session.run`",
    (port) => [node, floor, served.graph, served.schemaFile, String(port)],
    requestBytes("/predict", json),
    process.env,
  );
  const env = { ...process.env, INGOT_HOME: folder };
  const ingot = (port: number) => [
    node,
    path.join(root, "bin", "ingot.mjs"),
    "serve",
    served.name,
    "--port",
    String(port),
    "--grpc-port",
    "off",
    "--quiet",
  ];
  start("**Ingot**", ingot, requestBytes("/predict", json), env);
  for (const peer of peers) {
    if (!wanted("BENCH_PEERS", peer.name)) continue;
    const bin = environmentOf(peer);
    if (bin === null) continue;
    const bytes = requestBytes(peer.path(served), JSON.stringify(peer.body(served)));
    const command = (port: number) => {
      peer.prepare?.(served, port, bin);
      return peer.command(served, port, bin);
    };
    start(peer.name, command, bytes, peerEnvironment(served, bin));
  }
  const alone = new Map<string, Pick<Target, "coldMs" | "idle">>();
  const orLeftOut = (name: string, work: Promise<void>) =>
    work.catch((error) =>
      process.stderr.write(`  ${name} is left out: ${error instanceof Error ? error.message : error}\n`),
    );
  for (const [name, ...how] of plans)
    await orLeftOut(
      name,
      measuredAlone(() => started(...how)).then((found) => void alone.set(name, found)),
    );
  for (const [name, command, request, env] of plans) {
    const found = alone.get(name);
    if (!found) continue;
    await orLeftOut(
      name,
      started(command, request, env).then(({ child, port }) => {
        const target = { name, process: child, port, request, ...found };
        targets.push(target);
        if (name === "**Ingot**")
          targets.push({ ...target, name: "**Ingot**, binary", request: binaryRequest(served) });
      }),
    );
  }
  return targets;
}

/** Cold start and memory of a server while nothing else runs; it has ended when this returns. */
async function measuredAlone(
  started: () => Promise<{ child: ChildProcess; ms: number }>,
): Promise<Pick<Target, "coldMs" | "idle">> {
  const times: number[] = [];
  let idle: Memory = { resident: Number.NaN, anonymous: Number.NaN };
  for (let run = 0; run < starts; run++) {
    const { child, ms } = await started();
    times.push(ms);
    if (run === starts - 1) {
      await new Promise((resolve) => setTimeout(resolve, idleMs));
      idle = memoryOf(child.pid!);
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    end(child);
    await ended;
  }
  return { coldMs: median(times), idle };
}

async function measured(targets: readonly Target[]): Promise<(string | number)[][]> {
  const results = new Map<string, Load[]>();
  const run = async (key: string, target: Target, how: () => Promise<Load>) => {
    const list = results.get(`${target.name} ${key}`) ?? [];
    list.push(await how());
    results.set(`${target.name} ${key}`, list);
  };
  for (const connections of [1, 32, 256])
    for (let round = -1; round < rounds; round++)
      for (const target of targets) {
        // The round before the first warms up; Ingot also finds out where a model runs best when requests first meet.
        if (round === -1) await load(target.port, target.request, connections, Math.max(ms / 3, 1000));
        else await run(`${connections}`, target, () => load(target.port, target.request, connections, ms));
      }
  const middle = (target: Target, key: string, value: (result: Load) => number) =>
    median((results.get(`${target.name} ${key}`) ?? []).map(value));
  const python = targets.filter(({ name }) => peers.some((peer) => peer.name === name));
  const capacity = Math.max(...python.map((target) => middle(target, "32", (result) => result.requestsPerSecond)), 0);
  const rates = offered.map((share) => Math.max(20, Math.floor(share * capacity)));
  for (const rate of rates)
    for (let round = 0; round < rounds; round++)
      for (const target of targets)
        await run(`at ${rate}/s`, target, () => openLoad(target.port, target.request, 32, 2 * ms, rate));
  const rows: (string | number)[][] = [
    [
      "",
      "1 conn: req/s",
      "p50",
      "p99",
      "32 conn: req/s",
      "p50",
      "p99",
      "256 conn: req/s",
      "p99",
      ...rates.flatMap((rate) => [`${rate}/s: p50`, "p99"]),
      "idle MiB",
      "cold start",
      "failed",
    ],
  ];
  for (const target of targets) {
    const cell = (key: string) => [
      Math.round(middle(target, key, (result) => result.requestsPerSecond)),
      duration(middle(target, key, (result) => result.p50)),
      duration(middle(target, key, (result) => result.p99)),
    ];
    const [rate256, , p99at256] = cell("256");
    const failed = ["1", "32", "256", ...rates.map((rate) => `at ${rate}/s`)].reduce(
      (sum, key) =>
        sum + (results.get(`${target.name} ${key}`) ?? []).reduce((count, result) => count + result.failed, 0),
      0,
    );
    rows.push([
      target.name,
      ...cell("1"),
      ...cell("32"),
      rate256!,
      p99at256!,
      ...rates.flatMap((rate) => cell(`at ${rate}/s`).slice(1)),
      `${Math.round(target.idle.resident)} (${Math.round(target.idle.anonymous)})`,
      duration(target.coldMs),
      failed,
    ]);
  }
  return rows;
}

/** The same record as tensors in bytes. */
function binaryRequest(served: Served): Buffer {
  const { inputs } = oipBody(served) as {
    inputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[];
  };
  const raw = inputs.map(({ datatype, data }) => {
    if (datatype === "BYTES") {
      const text = Buffer.from(String(data[0] ?? ""));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return Buffer.concat([length, text]);
    }
    if (datatype === "INT64")
      return Buffer.from(BigInt64Array.from(data.map((value) => BigInt(value as number))).buffer);
    const numbers = data.map((value) => (value === null || value === undefined ? Number.NaN : Number(value)));
    return Buffer.from(datatype === "FP32" ? Float32Array.from(numbers).buffer : Float64Array.from(numbers).buffer);
  });
  const head = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, datatype, shape }, i) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: raw[i]!.length },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  return requestBytes(`/v2/models/${served.name}/infer`, Buffer.concat([head, ...raw]), {
    "Content-Type": "application/octet-stream",
    "Inference-Header-Content-Length": String(head.length),
  });
}

/** Milliseconds from `began` to the first answer with status 200; null after two minutes, or when the process ends. */
async function firstAnswer(child: ChildProcess, port: number, bytes: Buffer, began: number): Promise<number | null> {
  while (performance.now() - began < 120_000 && child.exitCode === null) {
    const { requestsPerSecond } = await load(port, bytes, 1, 0);
    if (requestsPerSecond > 0) return performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return null;
}

/** Ends a server with all that it started. */
function end(child: ChildProcess): void {
  running.delete(child);
  if (child.pid === undefined || child.exitCode !== null) return;
  // Some start their workers in groups of their own, so all are looked for.
  for (const id of family(child.pid)) {
    try {
      process.kill(id, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
