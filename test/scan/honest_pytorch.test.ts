// What PyTorch itself wrote, of every container it has had: understood to the last byte; only a package that runs Python is a finding.
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { describeFile } from "../../src/formats/index.ts";
import { atLeast, scanPath } from "../../src/scan/index.ts";

const folder = path.join(import.meta.dirname, "..", "..", "fixtures", "pytorch");
const files = readdirSync(folder).filter((name) => /\.(pt|pth|ptl|pt2)$/.test(name));

test.each(files)("%s", async (name) => {
  const report = await scanPath(path.join(folder, name), name);
  expect(report.files.filter((file) => file.covered < file.size || file.unread.length > 0)).toEqual([]);
  const found = report.findings.filter((finding) => atLeast(finding.severity, "medium"));
  expect(found.map(({ rule }) => rule)).toEqual(name.startsWith("package") ? ["python-code"] : []);
});

const described: [file: string, format: string, parameters: number][] = [
  ["state_dict-1.12.1.pt", "pytorch", 36],
  ["checkpoint-1.12.1.pt", "pytorch", 121],
  ["legacy-1.12.1.pth", "pytorch-stream", 36],
  ["legacy_checkpoint-1.12.1.pt", "pytorch-stream", 121],
  ["legacy.tar.pt", "pytorch-tar", 9],
  ["script-1.12.1.pt", "torchscript", 36],
  ["mobile-1.12.1.ptl", "torchscript", 36],
  ["package-1.12.1.pt", "torch-package", 6],
  ["module-1.12.1.pt", "pytorch", 6],
  ["state_dict-2.8.0.pt", "pytorch", 36],
  ["exported-2.8.0.pt2", "pt2", 29],
];
test.each(described)("%s is %s of %i parameters", async (name, format, parameters) => {
  expect(await describeFile(path.join(folder, name))).toMatchObject({ format, parameters });
});
