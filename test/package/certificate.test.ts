import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Converted, convertModel } from "../../src/convert/index.ts";
import { IngotError } from "../../src/core/index.ts";
import { detectFormat, openFile } from "../../src/formats/index.ts";
import { Store } from "../../src/oci/index.ts";
import { float64, GraphBuilder, writeModel } from "../../src/onnx/index.ts";
import { parseCertificate, writeCertificate } from "../../src/package/certificate.ts";
import { certify } from "../../src/package/certify.ts";
import { openPackage, pack, verifyPackage } from "../../src/package/index.ts";
import { demoProject } from "./projects.ts";

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-certificate-"));
  store = await Store.open(path.join(root, "store"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const source = { format: "lightgbm-text", digest: `sha256:${"0".repeat(64)}` } as const;

async function delayModel(): Promise<Converted> {
  await using file = await openFile(path.join(import.meta.dirname, "../../demo/delay.txt"));
  const format = await detectFormat(file);
  return convertModel(format, await format.read(file));
}

function certified(converted: Converted) {
  const graph = writeModel(converted.model);
  return certify(converted, { graph, runnable: { bytes: graph } }, { source, runtimes: ["micro"] });
}

test("a package carries its edge rows, what they are, and how far the graph is from the model on them", async () => {
  await pack(demoProject(path.join(root, "p")), store);
  const opened = await openPackage("flight-delay", store);
  const { certificate } = opened;
  expect(certificate).toMatchObject({
    formatVersion: 2,
    dialect: "exact",
    edgeRows: { file: "edge-rows.jsonl", rows: 240, reference: "evaluation" },
    measuredEdgeRows: { label: { unequal: 0 }, margin: { unequal: 0, maxAbsolute: 0 } },
    runtimes: { native: "within tolerance", wasm: "within tolerance", micro: "within tolerance" },
  });
  expect(Object.keys(certificate.edgeRows!.kinds).sort()).toEqual([
    "category",
    "missing value",
    "special value",
    "threshold",
  ]);
  expect(certificate.summary.join("\n")).toMatch(
    /240 edge rows \(.*144 threshold.*\) against the model .*margin equal/,
  );
  const report = await verifyPackage("flight-delay", store, { runtimes: ["micro"] });
  expect(report.checks.find(({ name }) => name === "edge rows on micro")).toMatchObject({
    result: "pass",
    detail: expect.stringMatching(/^240 rows: label equal;.*margin equal$/),
  });
});

test("a graph that answers an edge row otherwise than the model is refused, with row, input and both values", async () => {
  const converted = await delayModel();
  const reference: Converted["reference"] = (feeds) => {
    const tensors = converted.reference!(feeds);
    const margin = tensors["margin"]!;
    const moved = Float64Array.from(margin.data as Float64Array, (value, row) => (row === 7 ? value + 1e-9 : value));
    return { ...tensors, margin: { ...margin, data: moved } };
  };
  await expect(certified({ ...converted, reference })).rejects.toMatchObject({
    code: "VERIFY_FAILED",
    what: expect.stringMatching(/^outputs\.margin: expected -?[\d.]+, got -?[\d.]+ \(micro; must be equal\)$/),
    where: expect.stringMatching(/^edge-rows\.jsonl:8 \(threshold of \w+: .+\)$/),
  });
});

test("rows that the model refuses are left out", async () => {
  const g = new GraphBuilder("identity");
  g.output(g.op("Identity", [g.input("x", "float64", ["N", 1])]), "y");
  const converted: Converted = {
    model: g.build(),
    schema: {
      inputs: [{ name: "x", type: "float", dtype: "float64", shape: [], layout: "column" }],
      outputs: [{ name: "y", type: "float", dtype: "float64", shape: [], layout: "batch" }],
    },
    promises: { y: { exact: true } },
    notes: [],
  };
  const reference: Converted["reference"] = (feeds) => {
    if ((feeds["x"]!.data as Float64Array).some((value) => value < 0))
      throw new IngotError("INPUT_INVALID", { what: "is negative" });
    return { y: feeds["x"]! };
  };
  const all = await certified({ ...converted, reference: (feeds) => ({ y: feeds["x"]! }) });
  const some = await certified({ ...converted, reference });
  expect(some.edges!.rows.length).toBeLessThan(all.edges!.rows.length);
  expect(some.edges!.rows.length).toBeGreaterThan(0);
});

test("certificates of the first format are still read; newer ones are named", async () => {
  const { certificate } = await certified(await delayModel());
  const first = {
    ...certificate,
    formatVersion: 1,
    edgeRows: undefined,
    measuredEdgeRows: undefined,
    summary: undefined,
  };
  const bytes = Buffer.from(JSON.stringify(first));
  expect(parseCertificate(bytes, "c")).toMatchObject({ formatVersion: 1, edgeRows: null, dialect: null, summary: [] });
  expect(parseCertificate(writeCertificate(certificate), "c")).toEqual(certificate);
  const newer = Buffer.from(JSON.stringify({ ...certificate, formatVersion: 3 }));
  expect(() => parseCertificate(newer, "c")).toThrow(/newer Ingot/);
});

test("a compact package says so, and how far it is from the library", async () => {
  const project = demoProject(path.join(root, "p"), (yaml) => `${yaml}dialect: compact\n`);
  const { certificate, description, files } = await pack(project, store);
  expect(description.graph.dialect).toBe("compact");
  expect(description.schema.inputs.some(({ dtype }) => dtype === "float64")).toBe(false);
  expect(files.find((file) => file.path === "model.onnx")!.size).toBeLessThan(130_000);
  expect(certificate).toMatchObject({ dialect: "compact", measuredEdgeRows: { label: { unequal: 0 } } });
  expect(certificate.measuredEdgeRows!["margin"]!.maxAbsolute).toBeGreaterThan(0);
  expect(certificate.measuredEdgeRows!["margin"]!.maxAbsolute).toBeLessThan(1e-5);
  expect((await verifyPackage("flight-delay", store)).ok).toBe(true);
});

test("a graph that arrived as ONNX has no other reference: runtimes are compared with micro, and nothing is written of it", async () => {
  const g = new GraphBuilder("arrived");
  const above = g.op("Greater", [g.input("x", "float64", ["N", 1]), g.constant(float64([0.5], []))]);
  g.output(g.op("Cast", [above], { to: 7 }), "y");
  const graph = writeModel(g.build());
  const converted: Converted = {
    model: g.build(),
    schema: {
      inputs: [{ name: "x", type: "float", dtype: "float64", shape: [], layout: "column", missing: "allow" }],
      outputs: [{ name: "y", type: "int", dtype: "int64", shape: [1], layout: "batch" }],
    },
    promises: {},
    notes: [],
  };
  const onnx = { ...source, format: "onnx" };
  const { certificate, edges, measurements } = await certify(
    converted,
    { graph, runnable: { bytes: graph } },
    { source: onnx },
  );
  expect(edges!.rows.map((row) => row.about)).toContain("threshold of x: 0.5");
  expect(edges!.rows.every((row) => row.outputs === undefined)).toBe(true);
  expect(certificate).toMatchObject({ dialect: "as given", measuredEdgeRows: null, runtimes: { native: "runs" } });
  expect(certificate.edgeRows).toMatchObject({ reference: "none" });
  const native = measurements.find(({ runtime, kind }) => runtime === "native" && kind === "edge rows");
  expect(native).toMatchObject({ crossChecked: true, result: "runs", differences: { y: { unequal: 0 } } });
});
