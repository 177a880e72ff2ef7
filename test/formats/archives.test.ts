// Archives and what they hold: real files of other programs, and files that lie.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { containersOf, describeFile, detectFormat, memoryFile } from "../../src/formats/index.ts";
import { modelOf, sklearnCases } from "../convert/sklearn/fixture.ts";
import { tar, zip } from "../scan/corpus/zip_writer.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "ingot-archives-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fixtures = path.join(import.meta.dirname, "../../fixtures");

async function membersOf(bytes: Uint8Array): Promise<[string, string][]> {
  const file = memoryFile(bytes, "archive");
  const [container] = await containersOf(file, bytes.subarray(0, 65_536));
  await using tree = await container!.open(file);
  const members: [string, string][] = [];
  for (const { path: name, kind } of tree.entries) {
    if (kind !== "file") continue;
    await using member = await tree.open(name);
    members.push([name, Buffer.from(await member.readAll()).toString("latin1")]);
  }
  return members;
}

const name = fc
  .stringMatching(/^[a-z][a-z0-9_./-]{0,30}[a-z0-9]$/)
  .filter((text) => !text.includes("..") && !text.includes("//"));
const member = fc.record({ name, bytes: fc.uint8Array({ maxLength: 3000 }), deflate: fc.boolean() });
const members = fc.uniqueArray(member, { selector: (one) => one.name.toLowerCase(), minLength: 1, maxLength: 8 });

test("zip: what was written is listed and opened", async () => {
  await fc.assert(
    fc.asyncProperty(members, async (list) => {
      expect(await membersOf(zip(list))).toEqual(
        list.map((one) => [one.name, Buffer.from(one.bytes).toString("latin1")]),
      );
    }),
  );
});

test("tar: what was written is listed and opened", async () => {
  await fc.assert(
    fc.asyncProperty(members, async (list) => {
      expect(await membersOf(tar(list))).toEqual(
        list.map((one) => [one.name, Buffer.from(one.bytes).toString("latin1")]),
      );
    }),
  );
});

test("tar of the tar command, with names longer than its header", async () => {
  const long = `${"folder-".repeat(20)}/${"name".repeat(20)}.txt`;
  const folder = path.join(scratch, "tree", path.dirname(long));
  execFileSync("mkdir", ["-p", folder]);
  writeFileSync(path.join(scratch, "tree", long), "long");
  for (const form of ["gnu", "pax", "ustar"].slice(0, 2)) {
    const made = execFileSync("tar", ["-C", path.join(scratch, "tree"), `--format=${form}`, "-cf", "-", "."], {
      maxBuffer: 1 << 24,
    });
    expect(await membersOf(made), form).toEqual([[`./${long}`, "long"]]);
  }
});

describe("formats inside archives", () => {
  const files: [file: string, format: string, summary: RegExp][] = [
    ["pytorch/state_dict-1.12.1.pt", "pytorch", /state dict of 9 tensors/],
    ["tensorflow/saved_model_dense", "tensorflow-saved-model", /SavedModel, 1 meta graph/],
    ["coreml/dense.mlpackage", "coreml-package", /mlProgram/],
  ];
  test.each(files)("%s", async (file, format, summary) => {
    const description = await describeFile(path.join(fixtures, file));
    expect(description.format).toBe(format);
    expect(description.summary).toMatch(summary);
  });

  test("a fitted estimator that skops wrote", async () => {
    const one = [...sklearnCases().values()].flat().find(({ model }) => model.endsWith(".skops"))!;
    const file = path.join(scratch, "estimator.skops");
    writeFileSync(file, modelOf(one));
    expect(await describeFile(file)).toMatchObject({
      format: "skops",
      producer: { name: "scikit-learn", version: one.version },
    });
  });

  test("a folder or archive that is no model lists its members", async () => {
    const model = readFileSync(path.join(fixtures, "pmml/iris_tree.pmml"));
    const archive = gzipSync(tar([{ name: "models/tree.pmml", bytes: model }]));
    const file = memoryFile(archive, "models.tar.gz");
    const format = await detectFormat(file);
    const description = format.describe(await format.read(file));
    expect(description.summary).toBe("tar archive of 1 file");
    expect(description.facts).toEqual([["models/tree.pmml", 'PMML: TreeModel "DecisionTreeClassifier", 1 tree']]);
  });
});

const lies: [what: string, bytes: Uint8Array, message: RegExp][] = [
  [
    "a directory before the file",
    zip([{ name: "a", bytes: new Uint8Array(4) }]).subarray(20),
    /begins before the file|no signature/,
  ],
  [
    "a method that does not exist",
    zip([{ name: "a", bytes: new Uint8Array(4), central: { method: 97 } }]),
    /method 97/,
  ],
];
test.each(lies)("zip with %s is refused", async (_what, bytes, message) => {
  await expect(membersOf(bytes)).rejects.toThrow(message);
});
