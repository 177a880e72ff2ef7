import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digest } from "../../src/core/index.ts";
import { Store } from "../../src/oci/index.ts";
import { float32, GraphBuilder, int64, writeExternal } from "../../src/onnx/index.ts";
import { listPackages, openPackage, pack, removePackage, verifyPackage } from "../../src/package/index.ts";
import { wholeStore } from "../oci/entries.ts";
import { demoProject, rewrite } from "./projects.ts";

const child = path.join(import.meta.dirname, "packing_child.ts");
let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-pack-"));
  store = await Store.open(path.join(root, "store"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a project becomes a package that is listed, opened, verified and gives the recorded numbers", async () => {
  const project = demoProject(path.join(root, "p"));
  const packed = await pack(project, store);
  expect(packed).toMatchObject({ name: "flight-delay", version: "1.0.0", compared: "new", written: true });
  expect(await listPackages(store)).toMatchObject([
    { name: "flight-delay", version: "1.0.0", digest: packed.digest, size: packed.size },
  ]);

  const opened = await openPackage("flight-delay", store);
  expect(opened.digest).toBe(packed.digest);
  expect(opened.fileSetDigest).toBe(packed.fileSetDigest);
  expect(opened.files.map((file) => file.path)).toEqual([
    "model.onnx",
    "ingot.json",
    "environment/requirements.txt",
    "train.py",
    "edge-rows.jsonl",
    "examples.jsonl",
    "README.md",
    "certificate.json",
  ]);
  expect(opened.description).toMatchObject({
    task: "binary classification",
    license: "CC0-1.0",
    metrics: { roc_auc: 0.711 },
    source: {
      file: "delay.txt",
      format: "lightgbm-text",
      digest: digest(readFileSync(path.join(project, "delay.txt"))),
    },
    examples: { rows: 10, rowsWithOutputs: 10 },
  });
  expect(opened.description.schema.inputs.find((input) => input.name === "month")).toMatchObject({
    type: "int",
    min: 1,
    max: 12,
  });
  expect(await opened.read("README.md")).toEqual(readFileSync(path.join(project, "README.md")));
  await expect(opened.read("absent")).rejects.toThrow(/no file "absent"/);

  const [first] = await opened.examples();
  const predictor = await opened.predictor();
  const [answer] = await predictor.predict([first!.inputs]);
  await predictor.close();
  expect(answer).toMatchObject({ label: first!.outputs!["label"], margin: first!.outputs!["margin"] });

  const report = await verifyPackage("flight-delay", store);
  expect(report.checks.filter((check) => check.result === "fail")).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.checks.find((check) => check.name === "examples on native")?.detail).toMatch(
    /10 rows: label equal; .*margin equal/,
  );
});

test("nothing of place, time, user or order is in the digest", async () => {
  const here = demoProject(path.join(root, "here"));
  const { digest: expected } = await pack(here, store);
  const there = path.join(root, "an other", "plâce");
  mkdirSync(there, { recursive: true });
  for (const name of readdirSync(here).reverse()) {
    cpSync(path.join(here, name), path.join(there, name), { mode: 0 });
    utimesSync(path.join(there, name), 1e9, 1e9);
  }
  const command = `umask 077; cd /; exec "$0" "$@"`;
  const run = spawnSync("sh", ["-c", command, process.execPath, child, path.join(root, "other store"), there], {
    encoding: "utf8",
    env: {
      ...process.env,
      TZ: "Pacific/Kiritimati",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "tr_TR.UTF-8",
      HOME: "/nowhere",
      USER: "somebody",
      SOURCE_DATE_EPOCH: "1",
    },
  });
  expect(run.stdout.trim(), run.stderr).toBe(expected);
});

test("pack --check says whether the digest would be the same, and writes nothing", async () => {
  const project = demoProject(path.join(root, "p"));
  const checked = await pack(project, store, { check: true });
  expect(checked).toMatchObject({ compared: "new", written: false });
  expect(await store.entries()).toEqual([]);
  const packed = await pack(project, store);
  expect(packed.digest).toBe(checked.digest);
  expect(await pack(project, store, { check: true })).toMatchObject({ compared: "same", written: false });
  rewrite(path.join(project, "README.md"), (text) => `${text}more\n`);
  expect(await pack(project, store, { check: true })).toMatchObject({ compared: "different", previous: packed.digest });
});

test("a version is not overwritten unless told so, and packing the same again changes nothing", async () => {
  const project = demoProject(path.join(root, "p"));
  const first = await pack(project, store);
  expect(await pack(project, store)).toMatchObject({ compared: "same", digest: first.digest });
  rewrite(path.join(project, "README.md"), (text) => `${text}more\n`);
  await expect(pack(project, store)).rejects.toMatchObject({ code: "PACKAGE_EXISTS" });
  expect((await openPackage("flight-delay", store)).digest).toBe(first.digest);
  const second = await pack(project, store, { force: true });
  expect((await listPackages(store)).map((entry) => entry.digest)).toEqual([second.digest]);
});

const refused: [name: string, prepare: (folder: string) => void, code: string, message: RegExp][] = [
  ["no ingot.yaml", (folder) => rmSync(path.join(folder, "ingot.yaml")), "FILE_NOT_FOUND", /no ingot\.yaml/],
  [
    "absent model",
    yaml("model: delay.txt", "model: dealy.txt"),
    "FILE_NOT_FOUND",
    /ingot\.yaml:4:8: there is no file "dealy\.txt"/,
  ],
  [
    "path escape",
    yaml("model: delay.txt", "model: ../delay.txt"),
    "PATH_UNSAFE",
    /ingot\.yaml:4:8: path "\.\.\/delay\.txt" leaves/,
  ],
  ["a link", linked, "PATH_UNSAFE", /"linked\.txt" is a link/],
  ["a folder", yaml("model: delay.txt", "model: ."), "PATH_UNSAFE", /empty part/],
  ["a secret", secret, "PROJECT_INVALID", /"\.env" usually holds a secret/],
  ["a file of Ingot's own", yaml("[README.md", "[ingot.json, README.md"), "FILE_NOT_FOUND", /ingot\.json/],
  ["a file twice", yaml("[README.md", "[./README.md, README.md"), "PATH_UNSAFE", /"README\.md" appears twice/],
  [
    "no model at all",
    (folder) => writeFileSync(path.join(folder, "delay.txt"), "hello"),
    "FORMAT_UNKNOWN",
    /delay\.txt: no known format/,
  ],
  [
    "truncated model",
    (folder) => rewrite(path.join(folder, "delay.txt"), (text) => text.slice(0, 100_000)),
    "",
    /delay\.txt/,
  ],
  [
    "unknown column",
    yaml("  month: ", "  mnoth: "),
    "PROJECT_INVALID",
    /the model has no column `mnoth`, did you mean `month`\?/,
  ],
  [
    "unknown output",
    yaml("  label: {", "  lable: {"),
    "PROJECT_INVALID",
    /the model has no output `lable`, did you mean `label`\?/,
  ],
  ["text for numbers", yaml("hour:       { type: int, min: 0, max: 23,", "hour:       { type: string,"), "", /hour/],
  [
    "bounds on text",
    yaml("weekday:    { type: string }", "weekday:    { type: string, min: 1 }"),
    "PROJECT_INVALID",
    /inputs\.weekday: text has no `min`/,
  ],
  [
    "other categories",
    yaml("weekday:    { type: string }", "weekday:    { categories: [Monday, Tuesday] }"),
    "",
    /weekday/,
  ],
  ["three classes for two", yaml("[on time, late]", "[on time, late, never]"), "", /class/],
  [
    "a wrong number",
    examples('"margin": -1.4', '"margin": -1.5'),
    "VERIFY_FAILED",
    /examples\.jsonl:1: outputs\.margin: expected -1\.52.*, got -1\.42.* \(.*must be equal\)/,
  ],
  [
    "a wrong label",
    examples('"label": "on time"', '"label": "late"'),
    "VERIFY_FAILED",
    /examples\.jsonl:1: outputs\.label: expected "late", got "on time"/,
  ],
  [
    "a wrong output name",
    examples('"margin"', '"margn"'),
    "JSON_MALFORMED",
    /examples\.jsonl:1: the model has no output `margn`, did you mean `margin`\?/,
  ],
  ["a wrong input name", examples('"carrier"', '"carier"'), "INPUT_INVALID", /examples\.jsonl:1: .*carier/],
  [
    "a wrong input type",
    examples('"month": 3', '"month": "March"'),
    "INPUT_INVALID",
    /examples\.jsonl:1: .*inputs\.month: expected int, got "March"$/,
  ],
  [
    "a row that is no JSON",
    (folder) => rewrite(path.join(folder, "examples.jsonl"), (text) => `\n${text}oops`),
    "JSON_MALFORMED",
    /examples\.jsonl:12: is not JSON/,
  ],
];
test.each(refused)("refused: %s", async (_name, prepare, code, message) => {
  const project = demoProject(path.join(root, "p"));
  prepare(project);
  const packing = pack(project, store);
  await expect(packing).rejects.toThrow(message);
  await expect(packing).rejects.toMatchObject(code ? { name: "IngotError", code } : { name: "IngotError" });
  expect(await store.entries()).toEqual([]);
});

function yaml(from: string, to: string) {
  return (folder: string) => rewrite(path.join(folder, "ingot.yaml"), (text) => text.replace(from, to));
}
function examples(from: string, to: string) {
  return (folder: string) => rewrite(path.join(folder, "examples.jsonl"), (text) => text.replace(from, to));
}
function linked(folder: string): void {
  symlinkSync("delay.txt", path.join(folder, "linked.txt"));
  yaml("model: delay.txt", "model: linked.txt")(folder);
}
function secret(folder: string): void {
  writeFileSync(path.join(folder, ".env"), "TOKEN=x");
  yaml("[README.md", "[.env, README.md")(folder);
}

test("an ONNX graph with its weights beside it becomes one file, compared within the default of its type", async () => {
  const project = path.join(root, "p");
  mkdirSync(project);
  const g = new GraphBuilder("scale");
  const scaled = g.op("Mul", [
    g.input("x", "float32", ["N", 1]),
    g.constant(float32(new Float32Array(1000).fill(0.5), [1, 1000])),
  ]);
  g.output(g.op("ReduceMax", [scaled, g.constant(int64([1]))], { keepdims: 0 }), "y");
  expect(await writeExternal(g.build(), path.join(project, "m.onnx"))).toEqual(["m.onnx", "m.onnx.data"]);
  writeFileSync(path.join(project, "examples.jsonl"), '{"inputs": {"x": 3}, "outputs": {"y": 1.500001}}\n');
  writeFileSync(
    path.join(project, "ingot.yaml"),
    "name: scale\nversion: 1.0.0\nmodel: m.onnx\nexamples: examples.jsonl\n",
  );
  const { certificate, description, files } = await pack(project, store);
  expect(files.map((file) => file.path)).not.toContain("model.onnx.data");
  expect(description.graph).toMatchObject({ file: "model.onnx", dialect: "as given" });
  expect(certificate.tolerances).toEqual({ y: { exact: false, absolute: 1e-6, relative: 1e-5 } });
  expect(certificate.runtimes).toEqual({
    native: "within tolerance",
    wasm: "within tolerance",
    micro: "within tolerance",
  });
  expect((await verifyPackage("scale", store)).ok).toBe(true);
  rmSync(path.join(project, "m.onnx.data"));
  await expect(pack(project, store)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("`tolerance` accepts what it says, and is on the certificate", async () => {
  const project = demoProject(path.join(root, "p"), (text) => `${text}\ntolerance: { absolute: 0.2 }\n`);
  examples('"margin": -1.4', '"margin": -1.5')(project);
  const { certificate } = await pack(project, store);
  expect(certificate.tolerances["margin"]).toEqual({ exact: false, absolute: 0.2, relative: 0 });
  expect(certificate.runtimes.native).toBe("within tolerance");
});

test("inputs without outputs are examples too, and verify says that nothing was compared with them", async () => {
  const project = demoProject(path.join(root, "p"));
  rewrite(path.join(project, "examples.jsonl"), (text) => text.replace(/, "outputs": \{.*\}\}$/gm, "}"));
  const { certificate } = await pack(project, store);
  expect(certificate).toMatchObject({
    measured: null,
    measuredEdgeRows: { margin: { unequal: 0 }, label: { unequal: 0 } },
    examples: { rows: 10, rowsWithOutputs: 0 },
  });
  const report = await verifyPackage("flight-delay", store, { runtimes: ["native"] });
  expect(report.ok).toBe(true);
  expect(report.checks.find(({ name }) => name === "examples on native")).toMatchObject({
    result: "skip",
    detail: expect.stringMatching(/no outputs are recorded/),
  });
});

test("a name alone is the highest release; an unknown one names what is near", async () => {
  for (const version of ["1.2.0", "1.10.0", "2.0.0-rc.1"])
    await pack(
      demoProject(path.join(root, version), (text) => text.replace("version: 1.0.0", `version: ${version}`)),
      store,
    );
  expect((await openPackage("flight-delay", store)).version).toBe("1.10.0");
  expect((await openPackage("flight-delay:2.0.0-rc.1", store)).version).toBe("2.0.0-rc.1");
  await expect(openPackage("flight-delya", store)).rejects.toMatchObject({
    code: "PACKAGE_NOT_FOUND",
    fix: expect.stringContaining("`flight-delay`"),
  });
  await expect(openPackage("flight-delay:3.0.0", store)).rejects.toMatchObject({
    fix: expect.stringContaining("2.0.0-rc.1, 1.10.0, 1.2.0"),
  });
  await expect(openPackage(`flight-delay@${digest("other")}`, store)).rejects.toMatchObject({
    code: "PACKAGE_NOT_FOUND",
  });
  await expect(removePackage("flight-delay", store)).rejects.toMatchObject({ code: "REFERENCE_INVALID" });
  expect((await removePackage("flight-delay:1.2.0", store)).freedBytes).toBeGreaterThan(0);
  expect(await wholeStore(store.folder)).toEqual(["flight-delay:1.10.0", "flight-delay:2.0.0-rc.1"]);
});

test("a flipped byte anywhere is named by file and blob before anything is believed; packing again heals it", async () => {
  const project = demoProject(path.join(root, "p"));
  const packed = await pack(project, store);
  const manifest = await store.manifest((await store.entries())[0]!);
  const blobs = [
    ...packed.files.map((file) => [file.path, file.digest] as const),
    ["its config", manifest.config.digest] as const,
    ["its manifest", packed.digest] as const,
  ];
  for (const [name, blob] of blobs) {
    const file = store.blobPath(blob);
    const good = readFileSync(file);
    for (const at of [0, good.length >> 1, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x20;
      writeFileSync(file, bad);
      const opening = openPackage("flight-delay", store);
      await expect(opening).rejects.toMatchObject({
        code: "PACKAGE_CORRUPT",
        what: expect.stringContaining(name),
        where: expect.stringContaining(file),
      });
    }
    const report = await verifyPackage("flight-delay", store);
    expect(report.ok).toBe(false);
    writeFileSync(file, good);
  }
  writeFileSync(store.blobPath(manifest.layers[0]!.digest), "gone");
  expect(await pack(project, store)).toMatchObject({ compared: "same", written: true });
  await openPackage("flight-delay", store);
});

test("an entry that says another name than the package is refused", async () => {
  await pack(demoProject(path.join(root, "p")), store);
  rewrite(path.join(store.folder, "index.json"), (text) => text.replace("flight-delay:1.0.0", "other:1.0.0"));
  await expect(openPackage("other", store)).rejects.toThrow(
    /the store calls it other:1\.0\.0, the package itself flight-delay:1\.0\.0/,
  );
});

test("two packs at once both get in; of two contents for one version, one", async () => {
  const one = demoProject(path.join(root, "one"));
  const two = demoProject(path.join(root, "two"), (text) => text.replace("flight-delay", "flight-two"));
  const three = demoProject(path.join(root, "three"));
  writeFileSync(path.join(three, "README.md"), "other");
  const answers = await Promise.all(
    [one, two, three].map(async (project) => {
      const run = spawn(process.execPath, [child, store.folder, project]);
      let output = "";
      run.stdout.on("data", (text) => {
        output += text;
      });
      run.stderr.pipe(process.stderr);
      await once(run, "close");
      return output.trim();
    }),
  );
  expect(answers[1]).toMatch(/^sha256:/);
  expect([answers[0], answers[2]].sort()).toEqual(["PACKAGE_EXISTS", expect.stringMatching(/^sha256:/)]);
  expect((await wholeStore(store.folder)).sort()).toEqual(["flight-delay:1.0.0", "flight-two:1.0.0"]);
});

test("kill -9 during pack leaves the old or the new package, whole", async () => {
  const project = demoProject(path.join(root, "p"));
  const first = await pack(project, store);
  const changed = demoProject(path.join(root, "q"));
  writeFileSync(path.join(changed, "README.md"), "x".repeat(1 << 20));
  const { digest: second } = await pack(changed, store, { check: true });
  for (let round = 0; round < 8; round++) {
    const run = spawn(process.execPath, [child, store.folder, round % 2 ? project : changed, "100"]);
    await once(run.stdout, "data");
    await pause(Math.random() * 400);
    run.kill("SIGKILL");
    await once(run, "close");
    const opened = await openPackage("flight-delay", store);
    expect([first.digest, second]).toContain(opened.digest);
  }
  await pack(project, store, { force: true });
  expect(readdirSync(path.join(store.folder, ".ingot", "staging"))).toEqual([]);
});

test("skopeo copies a package to another layout and back with its digest, and ingot opens the copy", async (context) => {
  if (spawnSync("skopeo", ["--version"]).status !== 0) return context.skip("skopeo is not installed");
  const { digest: expected } = await pack(
    demoProject(path.join(root, "p"), (text) => text.replace("name: flight-delay", "name: air/flight.delay_ny-1")),
    store,
  );
  const copy = path.join(root, "copy");
  const unnamed = path.join(root, "unnamed");
  const back = path.join(root, "back");
  const name = "air/flight.delay_ny-1:1.0.0";
  for (const [from, to] of [
    [`oci:${store.folder}:${name}`, `oci:${copy}:${name}`],
    [`oci:${copy}:${name}`, `oci:${unnamed}`],
    [`oci:${unnamed}`, `oci:${back}:${name}`],
  ] as const) {
    const run = spawnSync("skopeo", ["--insecure-policy", "copy", from, to], { encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
  }
  for (const folder of [copy, unnamed, back]) {
    const opened = await openPackage("air/flight.delay_ny-1", await Store.open(folder));
    expect(opened.digest).toBe(expected);
  }
  const copied = await Store.open(unnamed);
  expect((await verifyPackage("air/flight.delay_ny-1", copied, { runtimes: ["native"] })).ok).toBe(true);
  await pack(demoProject(path.join(root, "another")), copied);
  expect((await listPackages(copied)).map((entry) => entry.name)).toEqual(["air/flight.delay_ny-1", "flight-delay"]);
});
