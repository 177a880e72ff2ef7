// Weights that lie in files without a format of their own: understood through the file beside them that says what they are, byte for byte.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { atLeast, scanPath } from "../../src/scan/index.ts";

const fixtures = path.join(import.meta.dirname, "..", "..", "fixtures");
const temporary = mkdtempSync(path.join(tmpdir(), "ingot-beside-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const folders: [folder: string, weights: string, reader: string][] = [
  ["tensorflow/saved_model_dense", "variables/variables.data-00000-of-00001", "tensorflow-variables weights"],
  ["coreml/dense.mlpackage", "Data/com.apple.CoreML/weights/weight.bin", "coreml-weights"],
  ["tfjs/layers", "group1-shard1of1.bin", "tfjs weights"],
  ["tfjs/graph", "group1-shard1of1.bin", "tfjs weights"],
  ["openvino", "dense.bin", "openvino weights"],
  ["onnx", "external.data", "onnx weights"],
  ["joblib", "joblib-0.9.4.z.joblib_01.npy.z!/joblib-0.9.4.z.joblib_01.npy", "joblib weights"],
];

test.each(folders)("%s explains %s", async (folder, weights, reader) => {
  const report = await scanPath(path.join(fixtures, folder), "m");
  expect(report.files.find((file) => file.path === `m/${weights}`)?.readers).toContain(reader);
  expect(report.files.filter((file) => file.covered < file.size || file.unread.length > 0)).toEqual([]);
  expect(report.findings.filter((finding) => atLeast(finding.severity, "high"))).toEqual([]);
});

test.each(folders.slice(0, 6))("%s: bytes of %s that nothing explains stay unknown", async (folder, weights) => {
  const copy = path.join(temporary, path.basename(folder));
  cpSync(path.join(fixtures, folder), copy, { recursive: true });
  const file = path.join(copy, weights);
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([bytes, Buffer.from([200, 1, 2, 3])]));
  const report = await scanPath(copy, "m");
  expect(report.complete).toBe(false);
  const scanned = report.files.find(({ path: one }) => one === `m/${weights}`)!;
  expect(scanned.unexplained).toEqual([[bytes.length, bytes.length + 4]]);
});
