// The examples with images and audio, on the path of their READMEs: packed, verified, predicted from files; one bad file among good ones.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IngotError } from "../../src/core/index.ts";
import { Store } from "../../src/oci/index.ts";
import { openPackage, pack, verifyPackage } from "../../src/package/index.ts";
import type { OutputRecord } from "../../src/runtime/index.ts";

const examples = path.join(import.meta.dirname, "../../examples");
let root: string;
let store: Store;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-media-"));
  store = await Store.open(path.join(root, "store"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Row {
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, unknown>;
}

test.each([
  ["pytorch-image", "digits", "image", "digit"],
  ["audio", "sounds", "clip", "sound"],
  ["image-classification", "textures", "image", "label"],
])("examples/%s answers as the training code, bad files by themselves", async (folder, name, input, label) => {
  const packed = await pack(path.join(examples, folder), store);
  expect(packed.measurements.map(({ result }) => result)).toEqual([
    "within tolerance",
    "within tolerance",
    "within tolerance",
  ]);
  expect((await verifyPackage(name, store)).checks.filter(({ result }) => result === "fail")).toEqual([]);
  const pkg = await openPackage(name, store);
  const rows = readFileSync(path.join(examples, folder, "examples.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
  const whole = rows.map(({ inputs }) => inputs[input]!);
  const hostile = [whole[0]!.slice(0, 80), "not base64!", "", Buffer.from("PK\x03\x04").toString("base64")];
  const records = [...whole, ...hostile].map((value) => ({ [input]: value }));
  for (const runtime of ["native", "wasm", "micro"] as const) {
    const predictor = await pkg.predictor({ runtime });
    const answers = await predictor.predictEach(records);
    expect(answers.slice(0, rows.length).map((answer) => (answer as OutputRecord)[label])).toEqual(
      rows.map(({ outputs }) => outputs[label]),
    );
    for (const answer of answers.slice(rows.length)) expect(answer).toBeInstanceOf(IngotError);
    await predictor.close();
  }
});
