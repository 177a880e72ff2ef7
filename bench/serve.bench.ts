// Requests per second against the floor of bare node:http + session.run, and the time from process start to the first answer.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Store } from "../src/oci/index.ts";
import { openPackage, pack } from "../src/package/index.ts";
import { duration, markdown, median, sample } from "./measure.ts";
import { type Load, load, requestBytes } from "./serving/load.ts";

const root = path.join(import.meta.dirname, "..");
const rounds = 5;
const roundMs = 1500;
const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-bench-serve-"));
const children: ChildProcess[] = [];

try {
  const store = await Store.open(path.join(folder, "store"));
  const packed = await pack(path.join(root, "demo"), store);
  const reference = `${packed.name}:${packed.version}`;
  const pkg = await openPackage(reference, store);
  const example = JSON.stringify((await pkg.examples())[0]!.inputs);
  const schema = path.join(folder, "schema.json");
  writeFileSync(schema, JSON.stringify(pkg.description.schema));

  const floor = await started("floor.ts", pkg.path("model.onnx"), schema);
  const target = await started("target.ts", store.folder, reference);
  const rows: (string | number)[][] = [["", "connections", "requests/s", "p50", "p99", "of the floor"]];
  for (const connections of [1, 32]) {
    const measured: Record<"floor" | "ingot", Load[]> = { floor: [], ingot: [] };
    for (let round = -1; round < rounds; round++)
      for (const [name, port] of [["floor", floor] as const, ["ingot", target] as const]) {
        const result = await load(port, requestBytes("/predict", example), connections, roundMs);
        if (round >= 0) measured[name].push(result);
      }
    const rate = (name: "floor" | "ingot") => median(measured[name].map((result) => result.requestsPerSecond));
    for (const name of ["floor", "ingot"] as const)
      rows.push([
        name === "floor" ? "bare `node:http` + `session.run`" : "`ingot serve`, `POST /predict`",
        connections,
        Math.round(rate(name)),
        duration(median(measured[name].map((result) => result.p50))),
        duration(median(measured[name].map((result) => result.p99))),
        `${Math.round((100 * rate(name)) / rate("floor"))} %`,
      ]);
  }
  console.log(`## Serving\n`);
  console.log(
    `The demo model (${reference}, 15 inputs, 4 of them text), one record per request, load generator on the same machine.\n`,
  );
  console.log(markdown(rows));
  const bin = path.join(root, "bin", "ingot.mjs");
  if (existsSync(path.join(root, "dist", "cli"))) {
    const cold: number[] = [];
    for (let run = -1; run < 9; run++) {
      const ms = await coldStart(bin, reference, example);
      if (run >= 0) cold.push(ms);
    }
    const { ms, minMs, maxMs } = sample(cold);
    console.log(
      `\nCold start, process start of \`ingot serve\` to its first answer: **${duration(ms)}** (${duration(minMs)} to ${duration(maxMs)}, 9 runs), digests verified before the graph is loaded.`,
    );
  }
} finally {
  for (const child of children) child.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

/** Starts a server of bench/serving and waits for its port. */
function started(file: string, ...args: string[]): Promise<number> {
  const child = fork(path.join(root, "bench", "serving", file), args, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("message", (port) => resolve(port as number));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

/** Asks again and again until the process that was just started answers. */
async function coldStart(bin: string, reference: string, example: string): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const start = performance.now();
  const env = { ...process.env, INGOT_HOME: folder };
  const child = spawn(process.execPath, [bin, "serve", reference, "--port", String(port)], { stdio: "ignore", env });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`ingot serve ended with ${child.exitCode}`);
      const response = await fetch(`http://127.0.0.1:${port}/predict`, { method: "POST", body: example }).catch(
        () => null,
      );
      if (response?.ok) {
        await response.text();
        return performance.now() - start;
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  } finally {
    child.kill();
    await ended;
  }
}
