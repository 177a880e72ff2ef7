// Model folders and archives of serving tools, as the tools wrote them: what is told of them, and what their own description makes run.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeFile } from "../../src/formats/index.ts";
import { scanBytes, scanPath } from "../../src/scan/index.ts";
import { tar } from "./corpus/zip_writer.ts";

const fixtures = path.join(import.meta.dirname, "..", "..", "fixtures");
const temporary = mkdtempSync(path.join(tmpdir(), "ingot-folders-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const rows: [target: string, format: string, summary: RegExp, verdict: string, rules: string[]][] = [
  ["mlflow/sklearn", "mlflow", /^sklearn 1\.5\.2 model$/, "clean", []],
  ["mlflow/python_code", "mlflow", /Python function/, "suspicious", ["model-program", "remote-code"]],
  ["mlflow/python_pickled", "mlflow", /Python function/, "malicious", ["pickle-dangerous-global", "python-code"]],
  ["bentoml/model", "bentoml", /^model iris:1$/, "clean", []],
  ["bentoml/bento", "bentoml", /^bento iris:1$/, "suspicious", ["embedded-script", "model-program"]],
  ["torchserve/net.mar", "torchserve", /^net 1\.0$/, "suspicious", ["model-program", "remote-code"]],
];

test.each(rows)("%s is %s", async (target, format, summary, verdict, rules) => {
  const place = path.join(fixtures, target);
  const description = await describeFile(place);
  expect(description).toMatchObject({ format, producer: { version: expect.any(String) } });
  expect(description.summary).toMatch(summary);
  const report = await scanPath(place, "m");
  expect(report).toMatchObject({ verdict, complete: true });
  const found = new Set(report.findings.map(({ rule }) => rule));
  for (const rule of rules) expect(found).toContain(rule);
  if (verdict === "clean") expect(found).toEqual(new Set());
});

test("an MLflow signature is the schema of inputs and outputs", async () => {
  const { inputs, outputs } = await describeFile(path.join(fixtures, "mlflow", "sklearn"));
  expect(inputs.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "sepal_length float",
    "sepal_width float",
    "petal_length float",
    "petal_width float",
  ]);
  expect(outputs).toHaveLength(1);
});

const edits: [name: string, find: RegExp, put: string, what: RegExp][] = [
  [
    "a loader of its own",
    /loader_module: mlflow\.sklearn/,
    "loader_module: shop.loader",
    /loader_module = "shop\.loader"/,
  ],
  [
    "a list of trusted types",
    /code: null/,
    "code: null\n    skops_trusted_types: [os.system]",
    /trusted_types = "os\.system"/,
  ],
  [
    "a list of trusted types, most of them harmless",
    /code: null/,
    "code: null\n    skops_trusted_types: [collections.OrderedDict, lightgbm.basic.Booster, shop.Model]",
    /trusted_types = ".*shop\.Model"/,
  ],
  ["a path outside", /model_path: model\.pkl/, "model_path: ../../secret.pkl", /\.\.\/\.\.\/secret\.pkl/],
];
test.each(edits)("MLmodel with %s is a finding", async (name, find, put, what) => {
  const copy = path.join(temporary, name.replaceAll(" ", "-"));
  cpSync(path.join(fixtures, "mlflow", "sklearn"), copy, { recursive: true });
  const file = path.join(copy, "MLmodel");
  writeFileSync(file, readFileSync(file, "utf8").replace(find, put));
  const { findings } = await scanPath(copy, "m");
  expect(findings.map((finding) => finding.what).join("\n")).toMatch(what);
});

test("types that every MLflow model of LightGBM trusts are none", async () => {
  const copy = path.join(temporary, "lightgbm");
  cpSync(path.join(fixtures, "mlflow", "sklearn"), copy, { recursive: true });
  const file = path.join(copy, "MLmodel");
  const types = "[collections.OrderedDict, lightgbm.basic.Booster, lightgbm.sklearn.LGBMClassifier]";
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("code: null", `code: null\n    skops_trusted_types: ${types}`),
  );
  expect(await scanPath(copy, "m")).toMatchObject({ verdict: "clean", findings: [] });
});

test("weights of TensorFlow.js alone, with a manifest that is a list, also inside of an archive", async () => {
  const manifest = [
    {
      weights: [{ name: "w", dtype: "float32", shape: [2, 2], quantization: { dtype: "uint8", scale: 1, min: 0 } }],
      paths: ["w.bin"],
    },
  ];
  const members = [
    { name: "model/w-weights_manifest.json", bytes: Buffer.from(JSON.stringify(manifest)) },
    { name: "model/w.bin", bytes: Buffer.from([200, 1, 2, 3]) },
  ];
  expect(await scanBytes(tar(members), "w.tar")).toMatchObject({ verdict: "clean", complete: true });
  const longer = [members[0]!, { name: "model/w.bin", bytes: Buffer.from([200, 1, 2, 3, 4]) }];
  expect(await scanBytes(tar(longer), "w.tar")).toMatchObject({ verdict: "unknown", complete: false });
});
