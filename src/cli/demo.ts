// What `npm start` runs: the whole way of two real models, from the files their libraries wrote to answers over HTTP.
import path from "node:path";
import "./quiet_sqlite.ts";
import { IngotError } from "../core/index.ts";
import { describeFile } from "../formats/index.ts";
import type { Store } from "../oci/index.ts";
import { openPackage, pack, verifyPackage } from "../package/index.ts";
import { type LoadedModel, type RunningServer, servedPackage, startServer } from "../serve/index.ts";
import { type CommandIo, terminalIo } from "./io.ts";
import { size } from "./render.ts";
import { renderMeasurements } from "./render_package.ts";
import { exitStatusOf, report } from "./report.ts";
import { exampleCurl } from "./serving_hint.ts";
import { stopRequest } from "./stop_request.ts";
import { version } from "./version.ts";

/** As built, this is a file of dist/cli/chunks. */
const root = path.join(import.meta.dirname, "..", "..", "..", "demo");
const firstPort = 8080;
/** After these the operating system chooses. */
const portsTried = 20;

/** The projects, each with the file that its library wrote and what its recorded predictions are. */
const projects = [
  { folder: "", model: "delay.txt", recorded: "LightGBM's own predictions" },
  { folder: "penguins", model: "species.pkl", recorded: "scikit-learn's own predictions" },
] as const;

async function demo(io: CommandIo, once: boolean): Promise<void> {
  const began = performance.now();
  const store = await io.openStore();
  const models: LoadedModel[] = [];
  for (const one of projects) models.push(await cast(one, store));
  const server = await startOnFreePort(models);
  const taken = server.port === firstPort ? "" : ` (port ${firstPort} is taken)`;
  try {
    for (const model of models) {
      const answer = await timed(() => ask(server.url, model));
      const where = model === models[0] ? `${server.url}${taken} answers` : `${server.url} answers`;
      say(model === models[0] ? "serve" : "", `${where} ${answer.value} in ${answer.ms} ms`);
    }
    say("", `all of this took ${Math.round(performance.now() - began)} ms`);
    if (once) return;
    process.stdout.write(
      `\nopen  ${server.url}/\ntry   ${exampleCurl(server.url, models[0]!)}\nthen  npx ingot --help\n\nCtrl-C stops.\n`,
    );
    await stopRequest();
  } finally {
    await server.close();
  }
}

/** From the trained file to a verified package, told step by step. */
async function cast({ folder, model, recorded }: (typeof projects)[number], store: Store): Promise<LoadedModel> {
  const project = path.join(root, folder);
  const description = await describeFile(path.join(project, model));
  const maker = [description.producer?.name, description.producer?.version].filter(Boolean).join(" ");
  say(
    "inspect",
    `${model}: ${maker}, ${description.task}, ${description.inputs.length} inputs; read without Python, nothing executed`,
  );
  say("", description.summary);

  const packed = await timed(() => pack(project, store, { force: true }));
  const { name, version: number, digest, files, size: bytes, compared } = packed.value;
  const same = compared === "same" ? ": the same digest as in the store" : "";
  say("pack", `${name}:${number}, ${files.length} files, ${size(bytes)}, ${packed.ms} ms${same}`);
  say("", digest);

  const verified = await timed(() => verifyPackage(name, store));
  if (!verified.value.ok) {
    const failed = verified.value.checks.filter((check) => check.result === "fail");
    throw new IngotError("VERIFY_FAILED", { what: failed.map((check) => `${check.name}: ${check.detail}`).join("; ") });
  }
  say("verify", `every digest, and ${recorded} on three runtimes, ${verified.ms} ms`);
  for (const line of renderMeasurements(verified.value.measurements).split("\n")) say("", line);
  process.stdout.write("\n");
  return servedPackage(await openPackage(name, store));
}

function say(step: string, text: string): void {
  process.stdout.write(`${`${step.padEnd(12)}${text}`.trimEnd()}\n`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - began) };
}

async function startOnFreePort(models: readonly LoadedModel[]): Promise<RunningServer> {
  for (let port = firstPort; port < firstPort + portsTried; port++) {
    try {
      return await startServer({ models, port, version });
    } catch (error) {
      if (!(error instanceof IngotError) || error.code !== "ADDRESS_IN_USE") throw error;
    }
  }
  return startServer({ models, port: 0, version });
}

/** The first example, over real HTTP. */
async function ask(url: string, model: LoadedModel): Promise<string> {
  const response = await fetch(`${url}/predict/${model.name}`, { method: "POST", body: JSON.stringify(model.example) });
  const text = await response.text();
  if (!response.ok) throw new IngotError("RUNTIME_FAILED", { what: `/predict answered ${response.status}: ${text}` });
  return text;
}

demo(terminalIo({ json: false, quiet: false }), process.argv.includes("--once")).catch((error) => {
  report(error, false);
  process.exitCode = exitStatusOf(error);
});
