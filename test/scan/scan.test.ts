// What a scan says: verdicts, coverage, limits, and the rules about names that pickles may use.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { memoryFile, type Observation } from "../../src/formats/index.ts";
import { Coverage } from "../../src/scan/coverage.ts";
import { judgeGlobal } from "../../src/scan/globals/judge.ts";
import { fails, referenceUrl, rules, scanBytes, scanPath, scanSources, scanStream } from "../../src/scan/index.ts";
import { kerasObject } from "../../src/scan/keras.ts";
import { pathKind } from "../../src/scan/paths.ts";
import { secretsIn } from "../../src/scan/secrets.ts";
import { judgeTemplate } from "../../src/scan/template.ts";
import { callPickle, joined, op } from "./corpus/pickle_writer.ts";

const temporary = mkdtempSync(path.join(tmpdir(), "ingot-scan-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const verdicts: [name: string, bytes: Uint8Array, verdict: string, complete: boolean][] = [
  ["an empty file", Buffer.alloc(0), "unknown", false],
  ["a text", Buffer.from("# Model card\n\nÜber alles gemessen.\n"), "clean", true],
  ["an honest pickle", joined(op.proto(2), op.emptyDict, op.stop), "clean", true],
  [
    "a class of a notebook",
    joined(op.proto(2), op.global("__main__", "Model"), op.emptyTuple, op.newobj, op.stop),
    "suspicious",
    true,
  ],
  ["a call of os.system", callPickle("os", "system"), "malicious", true],
  ["a list of words that looks like imports", Buffer.from("the\ncat\ndog\n"), "clean", true],
  ["a pickle in text behind prose", Buffer.from("hello\ncos\nsystem\n(S'echo'\ntR."), "unknown", false],
  ["bytes nobody knows", Buffer.from([200, 1, 2, 3]), "unknown", false],
];

test.each(verdicts)("%s", async (_name, bytes, verdict, complete) => {
  expect(await scanBytes(bytes, "file")).toMatchObject({ verdict, complete });
});

test("every finding says what, where and what to do", async () => {
  const { findings } = await scanBytes(callPickle("os", "system", "echo hello"), "model.pkl");
  const finding = findings.find(({ what }) => what.includes("calls"))!;
  expect(finding).toMatchObject({ rule: "pickle-dangerous-global", severity: "critical", file: "model.pkl" });
  expect(finding.what).toMatch(/loading calls (os|posix)\.system with .*echo hello/);
  expect(finding.at).toBeGreaterThan(0);
});

test("a folder is as good as its worst file; links are reported and not followed", async () => {
  mkdirSync(path.join(temporary, "model", "deep"), { recursive: true });
  writeFileSync(path.join(temporary, "model", "README.md"), "fine\n");
  writeFileSync(path.join(temporary, "model", "deep", "w.bin"), callPickle("posix", "system"));
  symlinkSync("/etc/hostname", path.join(temporary, "model", "link"));
  const report = await scanPath(path.join(temporary, "model"), "model");
  expect(report.verdict).toBe("malicious");
  expect(report.files.map((file) => file.path)).toEqual(["model/README.md", "model/deep/w.bin"]);
  expect(new Set(report.findings.map((finding) => finding.rule))).toEqual(
    new Set(["pickle-dangerous-global", "link-entry"]),
  );
  await expect(scanPath(path.join(temporary, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("files of one format are walked by one reader", async () => {
  const fixtures = path.join(import.meta.dirname, "../../fixtures");
  for (const folder of ["joblib", "numpy", "pickle", "skops"]) {
    const { files } = await scanPath(path.join(fixtures, folder), folder);
    const archives = new Set(["zip", "tar"]);
    const several = files.filter(({ readers }) => readers.filter((reader) => !archives.has(reader)).length > 1);
    expect(several.map((file) => `${file.path}: ${file.readers.join(", ")}`)).toEqual([]);
  }
});

test("limits end a scan as a finding that makes it incomplete", async () => {
  const limits = { depth: 2, files: 3, nestedBytes: 100, findings: 5 };
  const sources = ["a", "b", "c", "d"].map((name) => ({
    path: name,
    open: async () => memoryFile(Buffer.from("text"), name),
  }));
  const report = await scanSources("many", sources, limits);
  expect(report).toMatchObject({ verdict: "suspicious", complete: false });
  expect(report.findings[0]).toMatchObject({ rule: "limit-reached", file: "d" });
});

test("an endless stream ends as a finding, a short one is scanned as a file is", async () => {
  let closed = false;
  async function* zeros() {
    try {
      for (;;) yield Buffer.alloc(1 << 20);
    } finally {
      closed = true;
    }
  }
  const report = await scanStream(zeros(), "standard input", 8 << 20);
  expect(closed).toBe(true);
  expect(report).toMatchObject({ complete: false, verdict: "suspicious" });
  expect(report.findings.map(({ rule }) => rule)).toContain("limit-reached");
  async function* one() {
    yield callPickle("os", "system");
  }
  expect(await scanStream(one(), "standard input")).toMatchObject({ complete: true, verdict: "malicious" });
});

test("an empty folder, file or stream is not clean: nothing was scanned", async () => {
  mkdirSync(path.join(temporary, "empty"));
  const file = path.join(temporary, "empty.bin");
  writeFileSync(file, "");
  async function* none(): AsyncGenerator<Uint8Array> {}
  const folder = path.join(temporary, "empty");
  for (const report of [await scanPath(folder), await scanPath(file), await scanStream(none(), "standard input")]) {
    expect(report.verdict).toBe("unknown");
    expect(fails(report, "critical")).toBe(true);
  }
});

const globals: [module: string, name: string, kind: string, args?: string][] = [
  ["sklearn.linear_model._logistic", "LogisticRegression", "safe"],
  ["sklearn.linear_model.logistic", "LogisticRegression", "safe"],
  ["sklearn.tree._tree", "Tree", "safe"],
  ["sklearn._loss.loss", "HalfBinomialLoss", "safe"],
  ["numpy.core.multiarray", "_reconstruct", "safe"],
  ["numpy._core.multiarray", "scalar", "safe"],
  ["numpy", "dtype", "safe"],
  ["numpy.dtypes", "Float64DType", "safe"],
  ["numpy.random._pickle", "__randomstate_ctor", "safe"],
  ["collections", "OrderedDict", "safe"],
  ["torch._utils", "_rebuild_tensor_v2", "safe"],
  ["xgboost.sklearn", "XGBClassifier", "safe"],
  ["lightgbm.basic", "Booster", "safe"],
  ["builtins", "type", "safe", "(None,)"],
  ["builtins", "type", "dangerous", "('X', (), {})"],
  ["numpy.core", "_ufunc_reconstruct", "safe", "('numpy', 'log1p')"],
  ["numpy.core", "_ufunc_reconstruct", "unknown", "('os', 'system')"],
  ["scipy.special._special_ufuncs", "logit", "safe"],
  ["scipy.special._ufuncs", "seterr", "unknown"],
  ["pyarrow.lib", "_restore_array", "safe"],
  ["pyarrow.lib", "open_input", "unknown"],
  ["joblib.memory", "NotMemorizedFunc", "safe"],
  ["joblib.memory", "Memory", "dangerous"],
  ["numpy", "__builtins__", "dangerous"],
  // Its constructor creates or empties a file.
  ["numpy", "memmap", "unknown"],
  ["pandas", "HDFStore", "unknown"],
  ["catboost.core", "Pool", "unknown"],
  ["torch.nn.modules.linear", "Linear", "safe"],
  ["torch.hub", "load", "dangerous"],
  ["sklearn", "os.system", "dangerous"],
  ["sklearn.linear_model._logistic", "LogisticRegression.fit.__globals__", "dangerous"],
  ["os.path", "join", "dangerous"],
  ["asyncio.unix_events", "x", "dangerous"],
  ["_private_stdlib", "x", "dangerous"],
  ["csv", "reader", "standard"],
  ["__main__", "Model", "own"],
  ["__main__", "eval", "dangerous"],
  ["my_package.models", "Model", "unknown"],
  ["sklearn.brand_new", "Estimator", "unknown"],
  ["", "", "unknown"],
];
test.each(globals)("%s %s is %s", (module, name, kind, args) => {
  expect(judgeGlobal(module, name, args)).toBe(kind);
});

const objects: [module: string, name: string, kind: string][] = [
  ["keras.layers", "Dense", "safe"],
  ["keras.src.layers.core.dense", "Dense", "safe"],
  ["keras.src.models.functional", "Functional", "safe"],
  ["keras.initializers", "GlorotUniform", "safe"],
  ["", "Dense", "safe"],
  ["", "pkg>Dense", "registered"],
  ["keras.layers", "Lambda", "lambda"],
  ["keras.utils", "get_file", "dangerous"],
  ["keras.src.utils.file_utils", "get_file", "dangerous"],
  ["os", "system", "dangerous"],
  ["somewhere", "Layer", "custom"],
];
test.each(objects)("keras %s %s is %s", (module, name, kind) => {
  expect(kerasObject({ module, name })).toBe(kind);
});

const templates: [text: string, kind: string | undefined][] = [
  [
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' }}{{ message.content | trim }}{% endfor %}",
    undefined,
  ],
  ["{%- if messages[0]['role'] == 'system' -%}{% set ns = namespace(found=false) %}{%- endif -%}", undefined],
  ["{{ raise_exception('no') }}{{ strftime_now('%d') }}{{ bos_token }}", undefined],
  ["{{ tool | tojson(indent=4) }}{# a __comment__ #}", undefined],
  ["plain text with __init__ in it", undefined],
  ["{{ ''.__class__ }}", "dangerous"],
  ["{{ ''|attr('x') }}", "dangerous"],
  ["{{ x['__class__'] }}", "dangerous"],
  ["{{ self._TemplateReference }}", "dangerous"],
  ["{% import 'os' as os %}", "dangerous"],
  ["{% unheard of %}", "unusual"],
];
test.each(templates)("template %s", (text, kind) => {
  expect(judgeTemplate(text)?.kind).toBe(kind);
});

test.each([
  ["a/b.bin", "inside"],
  ["a..b", "inside"],
  ["../a", "escape"],
  ["a/../b", "escape"],
  ["a\\..\\b", "escape"],
  ["/etc/passwd", "absolute"],
  ["C:\\x", "absolute"],
  ["~/x", "absolute"],
  ["https://x.org/y", "url"],
])("path %s is %s", (text, kind) => expect(pathKind(text)).toBe(kind));

test.each([
  "AKIAIOSFODNN7EXAMPLE",
  "hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\n",
  "postgres://user:password@localhost/db",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
])("no secret: %s", (text) => expect([...secretsIn(text)]).toEqual([]));

test("coverage equals a bitmap, whatever the order of the ranges", () => {
  const range = fc.tuple(fc.nat(60), fc.nat(60));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const coverage = new Coverage();
      const bits = new Uint8Array(50);
      for (const [start, end] of ranges) {
        coverage.add(start, end);
        bits.fill(1, Math.min(start, 50), Math.max(Math.min(start, 50), Math.min(end, 50)));
      }
      const uncovered = new Uint8Array(50);
      for (const [start, end] of coverage.gaps(50)) uncovered.fill(1, start, end);
      expect(uncovered).toEqual(bits.map((bit) => 1 - bit));
    }),
  );
});

test.each([
  ["numpy", "dtype"],
  ["sklearn.linear_model._base", "LinearRegression"],
  ["torch._utils", "_rebuild_tensor_v2"],
  ["functools", "partial"],
])("no rule tells of %s.%s, which the collector therefore passes over", (module, name) => {
  const seen = { kind: "global", module, name, use: "import" } as const;
  expect(judgeGlobal(module, name)).toBe("safe");
  for (const rule of rules) expect(rule.judge(seen, { path: "model.pkl", reader: "pickle" })).toBeNull();
});

test("rules have unique ids, real references and never throw", () => {
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
  for (const rule of rules)
    for (const reference of rule.references) {
      expect(reference).toMatch(/^(CVE-\d{4}-\d{4,}|CWE-\d+|GHSA(-[a-z0-9]{4}){3})$/);
      expect(referenceUrl(reference)).toMatch(/^https:/);
    }
  const observations: Observation[] = [
    { kind: "global", module: "\0\n", name: "", use: "call", args: "x".repeat(10_000) },
    { kind: "template", text: "{{ '", name: "cut" },
    { kind: "keras-object", module: "", name: "", path: "" },
  ];
  for (const rule of rules) for (const seen of observations) rule.judge(seen, { path: "x", reader: "" });
});
