// What `npm start` runs: the whole way of one real model, from the file its library wrote to an answer over HTTP.
import path from "node:path";
import "./quiet_sqlite.ts";
import { IngotError } from "../core/index.ts";
import { describeFile } from "../formats/index.ts";
import { openPackage, pack, verifyPackage } from "../package/index.ts";
import { type RunningServer, type ServedModel, servedPackage, startServer } from "../serve/index.ts";
import { type CommandIo, terminalIo } from "./io.ts";
import { size } from "./render.ts";
import { renderMeasurements } from "./render_package.ts";
import { exitStatusOf, report } from "./report.ts";
import { exampleCurl } from "./serving_hint.ts";
import { stopRequest } from "./stop_request.ts";
import { version } from "./version.ts";

const project = path.join(import.meta.dirname, "..", "..", "demo");
const firstPort = 8080;
/** After these the operating system chooses. */
const portsTried = 20;

async function demo(io: CommandIo, once: boolean): Promise<void> {
  const began = performance.now();
  const store = await io.openStore();

  const model = await describeFile(path.join(project, "delay.txt"));
  const maker = [model.producer?.name, model.producer?.version].filter(Boolean).join(" ");
  say(
    "1  inspect",
    `delay.txt: ${maker}, ${model.summary}, ${model.task}; ${model.inputs.length} inputs, read without Python`,
  );

  const packed = await timed(() => pack(project, store, { force: true }));
  const { digest, files, size: bytes, compared } = packed.value;
  say(
    "2  pack",
    `${packed.value.name}:${packed.value.version}, ${files.length} files, ${size(bytes)}, ${packed.ms} ms${compared === "same" ? ": the same digest as in the store" : ""}`,
  );
  say("", digest);

  const verified = await timed(() => verifyPackage(packed.value.name, store));
  if (!verified.value.ok) {
    const failed = verified.value.checks.filter((check) => check.result === "fail");
    throw new IngotError("VERIFY_FAILED", { what: failed.map((check) => `${check.name}: ${check.detail}`).join("; ") });
  }
  say("3  verify", `every digest, and LightGBM's own predictions on three runtimes, ${verified.ms} ms`);
  for (const line of renderMeasurements(verified.value.measurements).split("\n")) say("", line);

  const served = await servedPackage(await openPackage(packed.value.name, store));
  const server = await startOnFreePort(served);
  const taken = server.port === firstPort ? "" : ` (port ${firstPort} is taken)`;
  try {
    const answer = await timed(() => ask(server.url, served));
    say("4  serve", `${server.url}${taken} answers ${answer.value} in ${answer.ms} ms`);
    say("", `all of this took ${Math.round(performance.now() - began)} ms`);
    if (once) return;
    process.stdout.write(
      `\nopen  ${server.url}/\ntry   ${exampleCurl(server.url, served)}\nthen  npx ingot --help\n\nCtrl-C stops.\n`,
    );
    await stopRequest();
  } finally {
    await server.close();
  }
}

function say(step: string, text: string): void {
  process.stdout.write(`${step.padEnd(12)}${text}\n`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  const value = await work();
  return { value, ms: Math.round(performance.now() - began) };
}

async function startOnFreePort(model: ServedModel): Promise<RunningServer> {
  for (let port = firstPort; port < firstPort + portsTried; port++) {
    try {
      return await startServer({ models: [model], port, version });
    } catch (error) {
      if (!(error instanceof IngotError) || error.code !== "ADDRESS_IN_USE") throw error;
    }
  }
  return startServer({ models: [model], port: 0, version });
}

/** The first example, over real HTTP. */
async function ask(url: string, model: ServedModel): Promise<string> {
  const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(model.example) });
  const text = await response.text();
  if (!response.ok) throw new IngotError("RUNTIME_FAILED", { what: `/predict answered ${response.status}: ${text}` });
  return text;
}

try {
  await demo(terminalIo({ json: false, quiet: false }), process.argv.includes("--once"));
} catch (error) {
  report(error, false);
  process.exitCode = exitStatusOf(error);
}
