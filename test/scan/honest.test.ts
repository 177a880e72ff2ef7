// Models that real libraries wrote, of every release we keep: understood to the last byte, and nothing critical or high in them.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { atLeast, scanBytes } from "../../src/scan/index.ts";
import { modelOf, sklearnCases } from "../convert/sklearn/fixture.ts";
import { callPickle } from "./corpus/pickle_writer.ts";
import { zip } from "./corpus/zip_writer.ts";

const fixtures = path.join(import.meta.dirname, "..", "..", "fixtures");
/** Folders whose files are models and texts, and which every n-th of them stands for. */
const folders: [folder: string, step: number][] = [
  ["catboost", 3],
  ["lightgbm", 5],
  ["xgboost", 5],
  ["onnx", 1],
];

test.each(folders)("%s", async (folder, step) => {
  const files = readdirSync(path.join(fixtures, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((_entry, index) => index % step === 0);
  expect(files.length).toBeGreaterThan(5);
  for (const { name } of files) {
    const bytes = readFileSync(path.join(fixtures, folder, name));
    const content = name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
    // What lies beside a graph is its own only where both are scanned.
    if (name === "external.data") continue;
    const report = await scanBytes(content, name.replace(/\.gz$/, ""));
    expect(
      report.findings.filter((finding) => atLeast(finding.severity, "high")),
      name,
    ).toEqual([]);
    expect(report.complete, `${name} ${JSON.stringify(report.files)}`).toBe(true);
  }
});

test("every kind of object that scikit-learn fits, by its oldest and its newest release", async () => {
  const cases = sklearnCases();
  const releases = ["0.24.2", "1.9.1"];
  for (const one of releases.flatMap((release) => cases.get(release)!)) {
    const { verdict, findings } = await scanBytes(modelOf(one), one.model);
    expect(verdict, `${one.model}: ${findings.map(({ what }) => what)}`).toBe("clean");
  }
});

test("an .npz of objects that is stored is a zip and no pickle, although `PK` is an opcode", async () => {
  const array = readFileSync(path.join(fixtures, "numpy", "objects.npy"));
  const report = await scanBytes(zip([{ name: "x.npy", bytes: array }]), "x.npz");
  expect(report.verdict).toBe("clean");
  const hidden = zip([
    { name: `x\n${Buffer.from(callPickle("os", "system")).toString("latin1")}`, bytes: Buffer.from("abc") },
  ]);
  const { findings } = await scanBytes(hidden, "x.npz");
  expect(findings.map(({ rule }) => rule)).toContain("pickle-dangerous-global");
});

test("a zip with a password is unknown, and no attack: flag, sizes and CRC tell of the same secret", async () => {
  // The old encryption puts twelve bytes before the content (APPNOTE 6.1.3), and the CRC is of what was encrypted.
  const headers = { flags: 1, size: 15, crc: 0x1234 };
  const cipher = Buffer.from(Array.from({ length: 27 }, (_, i) => (i * 151 + 200) & 255));
  const report = await scanBytes(zip([{ name: "x.txt", bytes: cipher, local: headers, central: headers }]), "x.zip");
  expect(report).toMatchObject({ verdict: "unknown", findings: [] });
  expect(JSON.stringify(report.files)).toContain("x.txt is encrypted: unpack it with its password and scan that");
});
