// The built command line as a user runs it: from a model file to served predictions, and every way to be refused.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const bin = path.join(root, "bin", "ingot.mjs");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-cli-"));
const home = path.join(scratch, "home");
const env = { ...process.env, INGOT_HOME: home, INGOT_ADMIN_TOKEN: "token-of-this-test" };
const flight = '{"origin":"JFK","dest":"BOS","carrier":"DL","weekday":"Fri","month":7,"hour":17,"distance":187}';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function ingot(args: readonly string[], options: { input?: string; cwd?: string } = {}) {
  const run = spawnSync(process.execPath, [bin, ...args], { env, encoding: "utf8", cwd: scratch, ...options });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

/** Runs and must succeed; the result as JSON. */
function json(...args: string[]) {
  const run = ingot([...args, "--json"]);
  expect(run.err).toBe("");
  expect(run.status).toBe(0);
  return JSON.parse(run.out);
}

describe("the demo package", () => {
  beforeAll(() => {
    const packed = ingot(["pack", path.join(root, "demo")]);
    expect(packed.err).toContain("next: ingot predict flight-delay");
    expect(packed.status).toBe(0);
    expect(packed.out).toMatch(
      /promised +equal +≤ 4\.4e-16 \+ 8\.9e-16·\|x\| +equal\nnative +equal +≤ 1\.1e-16 +equal/,
    );
  });

  test("is listed, shown and verified", () => {
    expect(json("ls")).toMatchObject([{ name: "flight-delay", version: "1.0.0" }]);
    expect(JSON.parse(ingot(["--json", "ls"]).out)).toEqual(json("ls"));
    expect(ingot(["ls"]).out).toMatch(/flight-delay +1\.0\.0 +sha256:/);
    expect(json("show", "flight-delay").schema.inputs).toHaveLength(15);
    expect(ingot(["show", "flight-delay:1.0.0"]).out).toMatch(/origin +string +may be missing +EWR, JFK, LGA/);
    const verified = json("verify", "flight-delay");
    expect(verified).toMatchObject({ ok: true });
    expect(verified.measurements.map((one: { runtime: string; rows: number }) => [one.runtime, one.rows])).toEqual([
      // Examples, then edge rows.
      ["native", 200],
      ["native", 240],
      ["wasm", 200],
      ["wasm", 240],
      ["micro", 200],
      ["micro", 240],
    ]);
  });

  test("packs to the same digest from another folder", () => {
    const copy = path.join(scratch, "elsewhere");
    cpSync(path.join(root, "demo"), copy, { recursive: true });
    expect(ingot(["pack", copy, "--check"]).status).toBe(0);
  });

  test("predicts a record, an array, files and stdin alike", () => {
    const one = json("predict", "flight-delay", flight);
    expect(one.label).toBe("on time");
    expect(json("predict", "flight-delay", `[${flight},${flight}]`)).toEqual([one, one]);
    for (const runtime of ["wasm", "micro"])
      expect(json("predict", "flight-delay", flight, "--runtime", runtime).margin).toBe(one.margin);
    const jsonl = path.join(scratch, "flights.jsonl");
    writeFileSync(jsonl, `${flight}\n${flight}\n`);
    const csv = path.join(scratch, "flights.csv");
    writeFileSync(csv, "origin,dest,carrier,weekday,month,hour,distance,tail\nJFK,BOS,DL,Fri,7,17,187,N1\n");
    const lines = (text: string) =>
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    expect(lines(ingot(["predict", "flight-delay", jsonl]).out)).toEqual([one, one]);
    const fromCsv = ingot(["predict", "flight-delay", csv]);
    expect(lines(fromCsv.out)).toEqual([one]);
    expect(fromCsv.err).toContain("left out, no inputs of this model: tail");
    expect(lines(ingot(["predict", "flight-delay"], { input: `${flight}\n` }).out)).toEqual([one]);
    expect(json("predict", "flight-delay", jsonl)).toEqual([one, one]);
  });

  test("answers LightGBM's own predictions for its examples", () => {
    const examples = readFileSync(path.join(root, "demo", "examples.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const answers = ingot(["predict", "flight-delay", path.join(root, "demo", "examples.jsonl")])
      .out.trimEnd()
      .split("\n");
    expect(answers).toHaveLength(examples.length);
    answers.forEach((line, i) => {
      const { label, margin } = JSON.parse(line);
      expect({ label, margin }).toEqual({ label: examples[i].outputs.label, margin: examples[i].outputs.margin });
    });
  });

  test("serves over HTTP and stops when asked", async () => {
    const { child, url } = await serve("flight-delay", "--port", "0");
    const response = await fetch(`${url}/predict`, { method: "POST", body: flight });
    expect(await response.json()).toEqual(json("predict", "flight-delay", flight));
    expect(response.headers.get("ingot-package")).toBe(json("show", "flight-delay").digest);
    expect((await fetch(`${url}/`)).headers.get("content-type")).toContain("text/html");
    const port = new URL(url).port;
    const second = ingot(["serve", "flight-delay", "--port", port]);
    expect(second.status).toBe(5);
    expect(second.err).toContain("[ADDRESS_IN_USE]");
    child.kill("SIGTERM");
    expect(await exit(child)).toBe(0);
  });

  test("serves a deployment: variants, the admin API, SIGHUP", async () => {
    const file = path.join(scratch, "deployment.yaml");
    const variants = (weight: number) =>
      `models: { late: { variants: { a: { package: flight-delay, weight: 1 }, b: { package: flight-delay, weight: ${weight} } } } }`;
    writeFileSync(file, variants(0));
    const { child, url, text } = await serve("-f", file, "--port", "0", "--admin-port", "0");
    const admin = /admin +(\S+)/.exec(text)![1]!;
    const response = await fetch(`${url}/predict`, { method: "POST", body: flight });
    expect(await response.json()).toEqual(json("predict", "flight-delay", flight));
    expect(response.headers.get("ingot-variant")).toBe("a");
    const status = await fetch(`${url}/status.json`);
    expect(await status.json()).toMatchObject({
      isReady: true,
      deployment: { revision: 1, models: [{ name: "late" }] },
    });
    expect((await fetch(admin)).status).toBe(401);
    const ask = () => fetch(admin, { headers: { Authorization: "Bearer token-of-this-test" } });
    child.kill("SIGHUP");
    while (((await (await ask()).json()) as { revision: number }).revision === 1);
    expect(await (await ask()).json()).toMatchObject({ revision: 2, why: "SIGHUP" });
    child.kill("SIGTERM");
    expect(await exit(child)).toBe(0);
  });

  test("logs predictions, takes outcomes, and compares the variants", async () => {
    const file = path.join(scratch, "ab.yaml");
    const log = path.join(scratch, "ab-log");
    writeFileSync(
      file,
      `models: { late: { variants: { a: { package: flight-delay }, b: { package: flight-delay } } } }\npredictions: { folder: ${log} }`,
    );
    const { child, url } = await serve("-f", file, "--port", "0", "--grpc-port", "off");
    for (let i = 0; i < 120; i++) {
      const answer = await fetch(`${url}/predict`, { method: "POST", body: flight });
      const id = answer.headers.get("ingot-request-id");
      await answer.text();
      const isRight = answer.headers.get("ingot-variant") === "a";
      const told = await fetch(`${url}/outcomes/${id}`, { method: "POST", body: `{"right":${isRight}}` });
      expect(told.status).toBe(204);
    }
    child.kill("SIGTERM");
    expect(await exit(child)).toBe(0);
    const picture = path.join(scratch, "effect.svg");
    const report = json("ab", "report", "--log", log, "--baseline", "a", "--svg", picture);
    // Chance assigns them: who asks for a variant by name is not compared.
    expect(report.arms).toMatchObject([
      { variant: "a", mean: 1 },
      { variant: "b", mean: 0 },
    ]);
    expect(report.arms[0].count + report.arms[1].count).toBe(120);
    expect(report.effects).toMatchObject([{ variant: "b", difference: -1, verdict: "worse" }]);
    expect(readFileSync(picture, "utf8")).toContain("b against a: worse");
    expect(ingot(["ab", "report", "--log", log]).out).toMatch(/verdict: \w is (better|worse)/);
    expect(ingot(["ab", "report"]).err).toMatch(/`--log` is missing/);
    expect(ingot(["ab", "report", "--log", log, "--baseline", "c"]).err).toMatch(/no variant `c`: there is/);
  });

  test("finishes what is in flight though the signal comes twice", async () => {
    const { child, url } = await serve("flight-delay", "--port", "0");
    const ended = exit(child);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(`POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: ${flight.length}\r\n\r\n${flight.slice(0, 9)}`);
    // The server has the beginning of that request when it answers one that came later.
    await fetch(`${url}/healthz`);
    // A terminal signals the whole group, and what started us passes its own signal on.
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    socket.write(flight.slice(9));
    const [answer] = await once(socket, "data");
    expect(String(answer)).toContain("200 OK");
    socket.destroy();
    expect(await ended).toBe(0);
  });

  test("survives a reader that leaves early", () => {
    const piped = spawnSync(
      "sh",
      ["-c", `"${process.execPath}" "${bin}" predict flight-delay "${root}/demo/examples.jsonl" | head -n 1`],
      { env, encoding: "utf8" },
    );
    expect(piped.stderr).toBe("");
    expect(piped.stdout.trimEnd().split("\n")).toHaveLength(1);
  });

  const refused: [name: string, args: string[], status: number, message: RegExp][] = [
    ["no command", [], 2, /^$/],
    ["an unknown command", ["pak"], 2, /there is no command `pak`, did you mean `pack`\?/],
    ["an unknown option", ["ls", "--jsn"], 2, /unknown option `--jsn`, did you mean `--json`\?/],
    ["a missing argument", ["show"], 2, /<ref> is missing/],
    ["an unknown package", ["show", "flight-dely"], 4, /PACKAGE_NOT_FOUND.*flight-delay/s],
    ["a bad reference", ["show", "Flight Delay"], 2, /REFERENCE_INVALID/],
    ["a missing file", ["inspect", "nowhere.json"], 4, /FILE_NOT_FOUND/],
    ["a file of no known format", ["inspect", bin], 3, /FORMAT_UNKNOWN/],
    [
      "an input of the wrong type",
      ["predict", "flight-delay", '{"hour":"x"}'],
      3,
      /expected int, got "x".*at: inputs\.hour/s,
    ],
    ["an unknown input", ["predict", "flight-delay", '{"our":3}'], 3, /did you mean "hour"\?/],
    ["broken JSON", ["predict", "flight-delay", '{"hour":'], 3, /JSON_MALFORMED/],
    ["a file that is not there", ["predict", "flight-delay", "rows.jsonl"], 4, /FILE_NOT_FOUND/],
    ["a bad port", ["serve", "flight-delay", "--port", "99999"], 2, /`99999` is no port/],
    ["a port of no digits", ["serve", "flight-delay", "--port", ""], 2, /is no port/],
    ["a host of another machine", ["serve", "flight-delay", "--host", "192.0.2.1"], 5, /EADDRNOTAVAIL.*--host/s],
    ["an unknown runtime", ["predict", "flight-delay", "{}", "--runtime", "cuda"], 2, /one of native, wasm, micro/],
  ];
  test.each(refused)("%s", (_name, args, status, message) => {
    const run = ingot(args);
    expect(run.status).toBe(status);
    expect(run.err).toMatch(message);
    expect(run.err).not.toMatch(/^\s+at .*\.m?[jt]s:\d+/m);
    if (status !== 2 || args.length > 0) {
      const asJson = ingot([...args, "--json"]);
      expect(JSON.parse(asJson.out).error.code).toMatch(/^[A-Z_]+$/);
    }
  });

  test("a wrong row in a file is named", () => {
    const file = path.join(scratch, "wrong.jsonl");
    writeFileSync(file, `${`${flight}\n`.repeat(300)}{"hour":"x"}\n`);
    const run = ingot(["predict", "flight-delay", file]);
    expect(run.status).toBe(1);
    expect(run.err).toContain(`INPUT_INVALID ${file}, line 301, inputs.hour: expected int, got "x"`);
    expect(run.err).toContain("1 of 301 records were refused");
    expect(run.out.trimEnd().split("\n")).toHaveLength(300);
    const rows: [text: string, place: string][] = [
      ['{"hour":1}\n\n{"hour":"x"}', "stdin, line 3, inputs.hour"],
      ["hour,month\n3,1\nx,2", "stdin, line 3, inputs.hour"],
      ['[{"hour":1},{"hour":"x"}]', "stdin, record 2, inputs.hour"],
      ['[{"hour":1},3]', "stdin, record 2"],
    ];
    for (const [input, place] of rows) expect(ingot(["predict", "flight-delay", "-"], { input }).err).toContain(place);
  });

  test("a flipped byte is found by verify and refused by predict", () => {
    const blobs = path.join(home, "store", "blobs", "sha256");
    const graph = json("show", "flight-delay")
      .files.find((file: { path: string }) => file.path === "model.onnx")
      .digest.slice(7);
    const before = readFileSync(path.join(blobs, graph));
    const after = Buffer.from(before);
    after[after.length >> 1]! ^= 1;
    writeFileSync(path.join(blobs, graph), after);
    const verified = ingot(["verify", "flight-delay"]);
    expect(verified.status).toBe(1);
    expect(verified.out).toContain("✗ model.onnx");
    expect(ingot(["predict", "flight-delay", flight])).toMatchObject({ status: 1, out: "" });
    expect(ingot(["pack", path.join(root, "demo")]).status).toBe(0);
    expect(ingot(["verify", "flight-delay"]).status).toBe(0);
  });

  test("is removed, with its files", () => {
    expect(json("rm", "flight-delay:1.0.0")).toMatchObject({ removed: { name: "flight-delay" } });
    expect(json("ls")).toEqual([]);
    expect(readdirSync(path.join(home, "store", "blobs", "sha256"))).toEqual([]);
  });
});

test("a model nobody prepared goes from file to prediction: init, pack, predict", () => {
  const project = path.join(scratch, "fresh");
  mkdirSync(project);
  const model = path.join(project, "penguins.json");
  writeFileSync(
    model,
    gunzipSync(readFileSync(path.join(root, "fixtures/xgboost/categories-kinds-3.2.0.model.json.gz"))),
  );
  expect(ingot(["inspect", model]).out).toMatch(/made by +XGBoost 3\.2\.0/);
  expect(ingot(["init", model]).out).toContain("wrote fresh/ingot.yaml");
  expect(ingot(["init", model]).err).toContain("[PROJECT_EXISTS]");
  expect(ingot(["pack", project]).status).toBe(0);
  const answer = json(
    "predict",
    "penguins",
    '{"island":"Biscoe","year":2008,"bill_length_mm":46.1,"flipper_length_mm":211,"sex":"female"}',
  );
  expect(Object.keys(answer)).toEqual(["label", "probabilities", "margin"]);
  const graph = path.join(scratch, "penguins.onnx");
  expect(json("convert", model, "-o", graph)).toMatchObject({ file: graph, promises: { margin: { exact: true } } });
  expect(ingot(["inspect", graph]).out).toMatch(/TreeEnsemble/);
});

test("help and version", () => {
  expect(ingot(["--version"]).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = ingot(["--help"]).out;
  for (const name of [
    "init",
    "pack",
    "ls",
    "show",
    "verify",
    "predict",
    "serve",
    "convert",
    "rm",
    "inspect",
    "formats",
  ])
    expect(help).toMatch(new RegExp(`^ {2}${name} `, "m"));
  expect(ingot(["predict", "--help"]).out).toContain("ingot predict flight-delay flights.csv");
  expect(ingot(["formats"]).out).toMatch(/xgboost-ubj +yes/);
  expect(ingot(["formats", "--estimators"]).out).toMatch(/^LogisticRegression +sklearn\.linear_model\._logistic/m);
});

async function serve(...args: string[]): Promise<{ child: ChildProcess; url: string; text: string }> {
  const child = spawn(process.execPath, [bin, "serve", ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      text += chunk;
      const found = /serving .* at (http:\S+)/.exec(text);
      if (found) resolve(found[1]!);
    });
    child.once("exit", () => reject(new Error(`the server ended: ${text}`)));
  });
  return { child, url, text };
}

function exit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
