import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DeployedServer, startDeployed } from "../../../src/serve/index.ts";
import { logFiles } from "../../../src/serve/log/log_folder.ts";
import { NumberedPackages, planOf } from "../deployment/numbered_models.ts";

let folder: string;
let server: DeployedServer | null = null;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ingot-log-"));
});
afterEach(async () => {
  await server?.close();
  server = null;
  await rm(folder, { recursive: true, force: true });
});

const log: Record<string, unknown>[] = [];
async function start(settings: string, more = ""): Promise<DeployedServer> {
  log.length = 0;
  const deployment = planOf(`
models: { m: { variants: { a: { package: 'numbered:1' }, b: { package: 'numbered:2', weight: 0 } }${more} } }
predictions: { folder: '${folder}/log', ${settings} }`);
  server = await startDeployed({
    deployment,
    find: new NumberedPackages().find,
    port: 0,
    webFolder: null,
    log: (entry) => log.push(entry),
  });
  return server;
}
const post = (target: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server!.url}${target}`, { method: "POST", body: JSON.stringify(body), headers });
const rowsOf = async (kind: "predictions" | "outcomes") => {
  const files = await logFiles(path.join(folder, "log"), kind);
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line));
};
const closed = async () => {
  await server!.close();
  server = null;
};

test("a row for every record, whatever protocol brought it, joined to its outcomes by the request's id", async () => {
  await start("format: jsonl", ", sticky: { header: X-User }");
  await post("/predict", [{ x: 1, who: "ada" }, { x: 2 }], { "Ingot-Request-Id": "first", "X-User": "ada" });
  const inputs = [
    { name: "x", datatype: "FP64", shape: [1, 1], data: [5] },
    { name: "who", datatype: "BYTES", shape: [1, 1], data: ["bob"] },
  ];
  await post("/v2/models/m/infer", { inputs }, { "Ingot-Request-Id": "second", "Ingot-Variant": "b" });
  await post("/predict", { x: "wrong" }, { "Ingot-Request-Id": "third" });
  expect((await post("/outcomes/first", true)).status).toBe(204);
  expect((await post("/outcomes/second", { revenue: 12.5, kept: false })).status).toBe(204);
  await closed();
  const rows = await rowsOf("predictions");
  expect(rows).toMatchObject([
    {
      id: "first",
      row: 0,
      model: "m",
      version: "1.0.0",
      variant: "a",
      assigned: "a",
      pinned: false,
      inputs: { x: 1, who: "ada" },
      outputs: { y: 2, by: "1" },
    },
    { id: "first", row: 1, inputs: { x: 2 }, outputs: { y: 3, by: "1" } },
    {
      id: "second",
      row: 0,
      version: "2.0.0",
      variant: "b",
      pinned: true,
      unit: null,
      inputs: { x: 5, who: "bob" },
      outputs: { y: 7, by: "2" },
    },
  ]);
  expect(rows[0].unit).toMatch(/^[0-9a-f]{16}$/);
  expect(JSON.stringify(rows)).not.toContain('"X-User"');
  expect(await rowsOf("outcomes")).toMatchObject([
    { id: "first", name: "outcome", value: true },
    { id: "second", name: "revenue", value: 12.5 },
    { id: "second", name: "kept", value: false },
  ]);
});

test("Parquet holds the same, and what is redacted is nowhere", async () => {
  await start("format: parquet, redact: [who]");
  await post(
    "/predict",
    [
      { x: 1, who: "a secret" },
      { x: 2.5, who: "a secret" },
    ],
    { "Ingot-Request-Id": "r" },
  );
  await closed();
  const [file] = await logFiles(path.join(folder, "log"), "predictions");
  const bytes = await readFile(file!);
  expect(bytes.includes("a secret")).toBe(false);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  });
  expect(rows).toMatchObject([
    { id: "r", row: 0, model: "m", variant: "a", "inputs.x": 1, "outputs.y": 2, "outputs.by": "1" },
    { id: "r", row: 1, "inputs.x": 2.5, "outputs.y": 3.5 },
  ]);
  expect(Object.keys(rows[0]!)).not.toContain("inputs.who");
});

test("a share of the requests is the same share by id, in every process", async () => {
  await start("sample: 0.3");
  for (let i = 0; i < 200; i++) await post("/predict", { x: i }, { "Ingot-Request-Id": `id-${i}` });
  await closed();
  const first = (await rowsOf("predictions")).map(({ id }) => id);
  expect(first.length).toBeGreaterThan(30);
  expect(first.length).toBeLessThan(90);
  await rm(path.join(folder, "log"), { recursive: true });
  await start("sample: 0.3");
  for (let i = 0; i < 200; i++) await post("/predict", { x: i }, { "Ingot-Request-Id": `id-${i}` });
  await closed();
  expect((await rowsOf("predictions")).map(({ id }) => id)).toEqual(first);
});

test("the disk it takes is bounded: files rotate, the oldest go, others' files stay", async () => {
  await mkdir(path.join(folder, "log"));
  await writeFile(path.join(folder, "log", "mine.txt"), "not a log");
  await start("rotate_mb: 0.01, keep_mb: 0.05");
  for (let i = 0; i < 12; i++) {
    await post(
      "/predict",
      Array.from({ length: 100 }, (_, x) => ({ x, who: "somebody with a long name" })),
    );
    await new Promise((resolve) => setTimeout(resolve, 220));
  }
  await closed();
  const files = await logFiles(path.join(folder, "log"));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  expect(files.length).toBeGreaterThan(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(0.05 * 2 ** 20 + Math.max(...sizes));
  expect(await readdir(path.join(folder, "log"))).toContain("mine.txt");
});

test("a disk that takes nothing fails no request and is told once", async () => {
  await writeFile(path.join(folder, "log"), "a file where the folder should be");
  await start("format: jsonl");
  for (let i = 0; i < 3; i++) {
    expect((await post("/predict", { x: i })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 220));
  }
  const outcome = await post("/outcomes/x", 1);
  expect([outcome.status, ((await outcome.json()) as { error: { code: string } }).error.code]).toEqual([
    400,
    "FILE_UNREADABLE",
  ]);
  expect(await (await fetch(`${server!.url}/metrics`)).text()).toMatch(/^ingot_dropped_predictions_total 3$/m);
  await closed();
  expect(log.filter(({ event }) => event === "prediction log fails")).toHaveLength(1);
});

describe("outcomes that are none", () => {
  test.each<[string, unknown, number]>([
    ["a list", [1], 400],
    ["nothing", {}, 400],
    ["a deep value", { a: { b: 1 } }, 400],
    ["null", null, 400],
    ["too many", Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, i])), 400],
    ["too large", { a: "x".repeat(70_000) }, 413],
  ])("%s", async (_name, body, status) => {
    await start("format: jsonl");
    expect((await post("/outcomes/r", body)).status).toBe(status);
  });
});

test("without a log there is nowhere to put an outcome; a changed log needs a restart", async () => {
  const find = new NumberedPackages().find;
  server = await startDeployed({
    deployment: planOf("models: { m: { package: 'numbered:1' } }"),
    find,
    port: 0,
    webFolder: null,
  });
  const refused = await post("/outcomes/r", 1);
  expect([refused.status, await refused.text()]).toEqual([404, expect.stringContaining("keeps no predictions")]);
  await expect(
    server.deployment.apply(planOf(`models: { m: { package: 'numbered:1' } }\npredictions: { folder: x }`), "test"),
  ).rejects.toThrow(/cannot change while/);
});
