// `npm run bench soak -- --minutes 30`: `ingot serve` under 70 % of the load it can take, while its models are swapped every minute, clients
// leave in the middle and send what is malformed. Every answer is checked against what the version named in it must answer.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Store } from "../src/oci/index.ts";
import { openPackage, pack } from "../src/package/index.ts";
import type { OutputRecord } from "../src/runtime/index.ts";
import { markdown } from "./measure.ts";
import { requestBytes } from "./serving/load.ts";
import { type BenchModel, benchModels } from "./serving/models.ts";
import { memoryOf } from "./serving/process_tree.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, "swap-seconds": { type: "string", default: "60" } },
});
/** Set when the load begins. */
let endAt = 0;
const swapMs = Number(values["swap-seconds"]) * 1000;
const root = path.join(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-soak-"));
const token = "soak-token-0123456789abcdef";
const port = 20_000 + Math.floor(Math.random() * 10_000);

interface Known {
  readonly name: string;
  readonly records: readonly string[];
  /** Answers by package digest, one for each record. */
  readonly answers: ReadonlyMap<string, readonly OutputRecord[]>;
  readonly versions: readonly string[];
}

const counts = {
  answered: 0,
  wrong: 0,
  dropped: 0,
  refused: 0,
  malformed: 0,
  malformedAccepted: 0,
  serverErrors: 0,
  left: 0,
  swaps: 0,
  swapsFailed: 0,
};
const problems: string[] = [];
const seenVersions = new Set<string>();

const store = await Store.open(path.join(folder, "store"));
// Two drawings of the network give two versions that answer differently; the pipeline is one version twice, described differently.
const [first, second] = [path.join(folder, "a"), path.join(folder, "b")].map((own) => {
  mkdirSync(own);
  return benchModels(own);
}) as [BenchModel[], BenchModel[]];
const projectOf = (list: BenchModel[], name: string) => list.find((model) => model.name === name)!.project;
const network = await known("network", [projectOf(first, "network"), projectOf(second, "network")]);
const images = await known("images", [projectOf(first, "images"), projectOf(second, "images")]);
const models = [network, images];

const file = path.join(folder, "deployment.yaml");
const deploy = (which: number) =>
  writeFileSync(
    file,
    `keep_previous: 20s\nmodels:\n${models.map(({ name, versions }) => `  ${name}: { package: '${name}:${versions[which]}' }\n`).join("")}`,
  );
deploy(0);
const server = spawn(
  process.execPath,
  [
    path.join(root, "bin", "ingot.mjs"),
    "serve",
    "-f",
    file,
    "--port",
    String(port),
    "--grpc-port",
    "off",
    "--admin-port",
    String(port + 1),
  ],
  { env: { ...process.env, INGOT_HOME: folder, INGOT_ADMIN_TOKEN: token }, stdio: ["ignore", "ignore", "inherit"] },
);
const ended = new Promise<number | null>((resolve) => server.once("exit", (code) => resolve(code)));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const memory: { minute: number; mib: number }[] = [];
const began = performance.now();

try {
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 50));
  const capacity = await mostPerSecond(8000);
  const rate = Math.max(10, Math.floor(0.7 * capacity));
  process.stderr.write(`soak: ${rate} requests a second, 70 % of ${Math.round(capacity)}\n`);
  endAt = performance.now() + Number(values.minutes) * 60_000;
  await Promise.all([steady(rate), swapping(), leaving(), malforming(), watching()]);
  report(rate);
} finally {
  agent.destroy();
  server.kill("SIGTERM");
  const code = await ended;
  if (code !== 0) process.exitCode = 1;
  rmSync(folder, { recursive: true, force: true });
}
if (counts.wrong + counts.dropped + counts.malformedAccepted + counts.serverErrors + counts.swapsFailed > 0)
  process.exitCode = 1;

/** Packs the projects as versions 1.0.0, 2.0.0, … and computes what each must answer. */
async function known(name: string, projects: readonly string[]): Promise<Known> {
  const records: Record<string, unknown>[] = [];
  const answers = new Map<string, readonly OutputRecord[]>();
  const versions: string[] = [];
  for (const [index, project] of projects.entries()) {
    const version = `${index + 1}.0.0`;
    const yaml = path.join(project, "ingot.yaml");
    writeFileSync(yaml, `name: ${name}\nversion: ${version}\nmodel: model.onnx\nexamples: examples.jsonl\n`);
    const packed = await pack(project, store);
    const pkg = await openPackage(`${name}:${version}`, store);
    if (records.length === 0) {
      const example = (await pkg.examples())[0]!.inputs;
      for (let i = 0; i < 24; i++)
        records.push(
          Object.fromEntries(Object.entries(example).map(([key, value]) => [key, scaled(value, 1 + i / 10)])),
        );
    }
    const predictor = await pkg.predictor({ threads: 1 });
    answers.set(packed.digest, await predictor.predict(records));
    await predictor.close();
    versions.push(version);
  }
  return { name, records: records.map((record) => JSON.stringify(record)), answers, versions };
}

function scaled(value: unknown, factor: number): unknown {
  return Array.isArray(value)
    ? value.map((each) => scaled(each, factor))
    : Math.round((value as number) * factor * 1e4) / 1e4;
}

async function isReady(): Promise<boolean> {
  if (server.exitCode !== null) throw new Error(`ingot serve ended with ${server.exitCode}`);
  const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
  return response?.status === 200;
}

/**
 * What server and checking client, who share the machine, do together with 32 requests under way: a client that falls behind would measure its
 * own queue. The first half warms up and lets the server place its models.
 */
async function mostPerSecond(ms: number): Promise<number> {
  const [half, end] = [performance.now() + ms / 2, performance.now() + ms];
  let done = 0;
  const line = async (which: number) => {
    for (let made = which; performance.now() < end; made++) {
      const model = models[made % models.length]!;
      await ask(model, made % model.records.length);
      if (performance.now() > half) done++;
    }
  };
  await Promise.all(Array.from({ length: 32 }, (_, which) => line(which)));
  return (done * 2000) / ms;
}

/** Requests at a fixed rate, each answer checked. */
async function steady(rate: number): Promise<void> {
  const start = performance.now();
  const underway = new Set<Promise<void>>();
  for (let made = 0; performance.now() < endAt; ) {
    for (; start + (made * 1000) / rate <= performance.now(); made++) {
      const model = models[made % models.length]!;
      const asked = ask(model, made % model.records.length).finally(() => underway.delete(asked));
      underway.add(asked);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(underway);
}

function ask(model: Known, record: number): Promise<void> {
  return new Promise((resolve) => {
    const failed = (why: string) => {
      counts.dropped++;
      note(why);
      resolve();
    };
    const sent = request(
      { host: "127.0.0.1", port, agent, method: "POST", path: `/predict/${model.name}`, timeout: 30_000 },
      async (response) => {
        try {
          const text = Buffer.concat(await response.toArray()).toString();
          if (response.statusCode === 503) {
            counts.refused++;
            resolve();
            return;
          }
          if (response.statusCode !== 200) {
            failed(`status ${response.statusCode}: ${text.slice(0, 200)}`);
            return;
          }
          const digest = String(response.headers["ingot-package"]);
          const expected = model.answers.get(digest)?.[record];
          seenVersions.add(`${model.name} ${digest}`);
          counts.answered++;
          if (!expected || !agrees(JSON.parse(text), expected)) {
            counts.wrong++;
            note(`${model.name} record ${record} by ${digest}: ${text.slice(0, 200)}`);
          }
          resolve();
        } catch (error) {
          failed(String(error));
        }
      },
    );
    sent.on("error", (error: NodeJS.ErrnoException) => failed(String(error.code ?? error)));
    sent.on("timeout", () => sent.destroy(new Error("no answer within 30 s")));
    sent.end(model.records[record]);
  });
}

/** Equal up to the last bits of float32, in which kernels for many rows may differ from those for one. */
function agrees(given: unknown, expected: unknown): boolean {
  if (typeof expected === "number")
    return typeof given === "number" && Math.abs(given - expected) <= 1e-5 * Math.max(1, Math.abs(expected));
  if (Array.isArray(expected))
    return (
      Array.isArray(given) && given.length === expected.length && expected.every((each, i) => agrees(given[i], each))
    );
  if (typeof expected === "object" && expected !== null)
    return Object.entries(expected).every(([key, value]) => agrees((given as Record<string, unknown>)[key], value));
  return given === expected;
}

/** Another version every minute: by the file, by the admin API, and back. */
async function swapping(): Promise<void> {
  for (let turn = 1; ; turn++) {
    if (!(await pause(swapMs))) return;
    if (turn % 3 === 0) {
      const response = await fetch(`http://127.0.0.1:${port + 1}/deployment/rollback`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
      });
      if (response.ok) counts.swaps++;
      else counts.swapsFailed++;
      if (!response.ok) note(`rollback: ${await response.text()}`);
    } else {
      deploy(turn % 2);
      counts.swaps++;
    }
  }
}

/** Clients that leave: before the body is complete, and before the answer. */
async function leaving(): Promise<void> {
  for (let turn = 0; await pause(100); turn++) {
    const bytes = requestBytes(`/predict/${network.name}`, network.records[0]!);
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.write(turn % 2 === 0 ? bytes.subarray(0, bytes.length >> 1) : bytes);
    setTimeout(() => (turn % 3 === 0 ? socket.resetAndDestroy() : socket.destroy()), turn % 7);
    counts.left++;
  }
}

/** Bodies that must be refused, and must not be answered with a failure of the server. */
async function malforming(): Promise<void> {
  const bodies = [
    "",
    "{",
    "[[",
    '{"features":[1,2]}',
    '{"features":"x"}',
    "\u0000",
    `{"features":${"[".repeat(500)}`,
    '{"image":[[1]]}',
    `{"features":[${"1e999,".repeat(255)}null]}`,
  ];
  for (let turn = 0; await pause(50); turn++) {
    const body = bodies[turn % bodies.length]!;
    const response = await fetch(`http://127.0.0.1:${port}/predict/${network.name}`, { method: "POST", body }).catch(
      () => null,
    );
    const text = (await response?.text()) ?? "";
    counts.malformed++;
    if (response?.ok) counts.malformedAccepted++;
    else if (response === null || (response.status >= 500 && response.status !== 503)) {
      counts.serverErrors++;
      note(`${body.slice(0, 40)}: ${response?.status} ${text.slice(0, 200)}`);
    }
  }
}

async function watching(): Promise<void> {
  while (await pause(5000))
    memory.push({ minute: (performance.now() - began) / 60_000, mib: memoryOf(server.pid!).resident });
}

/** False when the time is over. */
async function pause(ms: number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(ms, Math.max(0, endAt - performance.now()))));
  return performance.now() < endAt;
}

function note(problem: string): void {
  if (problems.length < 20) problems.push(problem);
}

function report(rate: number): void {
  const mean = (list: typeof memory) => list.reduce((sum, { mib }) => sum + mib, 0) / Math.max(1, list.length);
  const fifth = Math.max(1, Math.floor(memory.length / 5));
  console.log("## Soak\n");
  console.log(
    `${values.minutes} minutes at ${rate} requests a second (70 % of what it took), two models, another version of each every ${swapMs / 1000} s, clients that leave, malformed bodies. Every answer is compared with what the version named in it must answer.\n`,
  );
  console.log(
    markdown([
      [
        "answered",
        "wrong",
        "dropped",
        "503",
        "swaps",
        "swaps failed",
        "versions that answered",
        "clients that left",
        "malformed",
        "of them accepted",
        "of them 5xx",
      ],
      [
        counts.answered,
        counts.wrong,
        counts.dropped,
        counts.refused,
        counts.swaps,
        counts.swapsFailed,
        seenVersions.size,
        counts.left,
        counts.malformed,
        counts.malformedAccepted,
        counts.serverErrors,
      ],
    ]),
  );
  const peak = Math.max(...memory.map(({ mib }) => mib));
  console.log(
    `\nMemory (resident, all processes): ${Math.round(mean(memory.slice(fifth, 2 * fifth)))} MiB in the second fifth of the time, ${Math.round(mean(memory.slice(-fifth)))} MiB in the last, ${Math.round(peak)} MiB at most.`,
  );
  for (const problem of problems) console.log(`\n- ${problem}`);
}
