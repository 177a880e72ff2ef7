// A deployment under load for as long as is asked (INGOT_SOAK_SECONDS, default 20): swaps, clients that leave, bodies that are none. Every
// answer is checked; nothing may be wrong or dropped, memory may not grow.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import os from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Store } from "../src/oci/index.ts";
import { pack } from "../src/package/index.ts";
import { markdown } from "./measure.ts";

const seconds = Number(process.env["INGOT_SOAK_SECONDS"] ?? 20);
/** A swap a minute, or ten of them where there is less time. */
const swapMs = Number(process.env["INGOT_SOAK_SWAP_MS"] ?? Math.min(60_000, (seconds * 1000) / 10));
const root = path.join(import.meta.dirname, "..");
const bin = path.join(root, "bin", "ingot.mjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-soak-"));
const file = path.join(folder, "deployment.yaml");
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const counts = { asked: 0, answered: 0, wrong: 0, dropped: 0, left: 0, malformed: 0, overloaded: 0, swaps: 0 };

interface Example {
  readonly inputs: unknown;
  readonly outputs: Readonly<Record<string, unknown>>;
}

if (!existsSync(path.join(root, "dist", "cli"))) throw new Error("not built: run `npm run build` first");
const children: ChildProcess[] = [];
try {
  const versions = ["1.0.0", "1.1.0", "1.2.0"];
  const digests = new Map<string, string>();
  const store = await Store.open(path.join(folder, "home", "store"));
  for (const version of versions) {
    const project = path.join(folder, version);
    cpSync(path.join(root, "demo"), project, { recursive: true });
    const yaml = path.join(project, "ingot.yaml");
    writeFileSync(yaml, readFileSync(yaml, "utf8").replace(/^version: .*/m, `version: ${version}`));
    digests.set((await pack(project, store)).digest, version);
  }
  const examples = readFileSync(path.join(root, "demo", "examples.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Example);
  deploy(versions[0]!, versions[1]!);
  const url = await started();

  const rate = 0.7 * (await capacity(url, examples));
  const before = await resident(url);
  let halfway = before;
  const end = Date.now() + seconds * 1000;
  const half = setTimeout(async () => {
    halfway = await resident(url);
  }, seconds * 500);
  const swapping = setInterval(() => {
    counts.swaps++;
    deploy(versions[counts.swaps % 3]!, versions[(counts.swaps + 1) % 3]!);
  }, swapMs);
  const waiting: Promise<void>[] = [];
  for (let sent = 0, start = Date.now(); Date.now() < end; ) {
    const due = ((Date.now() - start) / 1000) * rate;
    for (; sent < due; sent++) waiting.push(one(url, sent, examples, digests));
    if (waiting.length > 20_000) await Promise.all(waiting.splice(0, 10_000));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  clearTimeout(half);
  clearInterval(swapping);
  await Promise.all(waiting);
  const after = await resident(url);

  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log("## Soak\n");
  console.log(
    `${seconds} s at 70 % of what the server did before (${Math.round(rate)} requests/s, open loop), two variants of the demo model, a swap every ${swapMs / 1000} s; 1 % of the clients leave, 1 % send no JSON.\n`,
  );
  console.log(
    markdown([
      [
        "asked",
        "answered and checked",
        "wrong",
        "dropped",
        "503",
        "clients that left",
        "bodies refused",
        "swaps",
        "memory before",
        "halfway",
        "after",
      ],
      [
        counts.asked,
        counts.answered,
        counts.wrong,
        counts.dropped,
        counts.overloaded,
        counts.left,
        counts.malformed,
        counts.swaps,
        mib(before),
        mib(halfway),
        mib(after),
      ],
    ]),
  );
  if (counts.wrong > 0 || counts.dropped > 0) process.exitCode = 1;
} finally {
  for (const child of children) child.kill("SIGTERM");
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}

function deploy(main: string, next: string): void {
  writeFileSync(
    file,
    `models: { flights: { variants: { main: { package: 'flight-delay:${main}', weight: 4 }, next: { package: 'flight-delay:${next}', weight: 1 } } } }\nkeep_previous: 1s\n`,
  );
}

function started(): Promise<string> {
  const child = spawn(process.execPath, [bin, "serve", "-f", file, "--port", "0", "--grpc-port", "off"], {
    env: { ...process.env, INGOT_HOME: path.join(folder, "home") },
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const url = / at (http:\S+)/.exec(chunk.toString())?.[1];
      if (url) resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** Requests per second that 32 connections get, for two seconds. */
async function capacity(url: string, examples: readonly Example[]): Promise<number> {
  const end = Date.now() + 2000;
  let done = 0;
  const clients = Array.from({ length: 32 }, async () => {
    while (Date.now() < end) {
      await answer(url, JSON.stringify(examples[done++ % examples.length]!.inputs));
    }
  });
  await Promise.all(clients);
  return done / 2;
}

async function one(
  url: string,
  number: number,
  examples: readonly Example[],
  digests: ReadonlyMap<string, string>,
): Promise<void> {
  const example = examples[number % examples.length]!;
  const kind = number % 100;
  counts.asked++;
  try {
    if (kind === 98) {
      await leave(url, JSON.stringify(example.inputs));
      counts.left++;
      return;
    }
    const { status, text, digest } = await answer(url, kind === 99 ? '{"month": ' : JSON.stringify(example.inputs));
    if (kind === 99) {
      if (status === 400) counts.malformed++;
      else counts.wrong++;
    } else if (status === 503) counts.overloaded++;
    else {
      const given = JSON.parse(text) as Record<string, unknown>;
      const isRight = Object.entries(example.outputs).every(
        ([name, value]) => name === "probabilities" || isDeepStrictEqual(given[name], value),
      );
      if (status === 200 && isRight && digests.has(digest)) counts.answered++;
      else counts.wrong++;
    }
  } catch {
    counts.dropped++;
  }
}

function answer(url: string, body: string): Promise<{ status: number; text: string; digest: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/predict`, { method: "POST", agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.once("end", () =>
        resolve({ status: response.statusCode!, text, digest: String(response.headers["ingot-package"]) }),
      );
      response.once("error", reject);
    });
    asking.once("error", reject);
    asking.end(body);
  });
}

/** Asks and is gone before the answer. */
function leave(url: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    const asking = request(`${url}/predict`, { method: "POST" });
    asking.once("error", () => resolve());
    asking.once("close", () => resolve());
    asking.end(body, () => setImmediate(() => asking.destroy()));
  });
}

async function resident(url: string): Promise<number> {
  const { processes } = (await (await fetch(`${url}/status.json`)).json()) as {
    processes: { residentBytes: number }[];
  };
  return processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
}
