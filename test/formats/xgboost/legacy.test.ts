// Models in XGBoost's old binary format, by old and new writers: read to the last byte; lies are told.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { describeFile } from "../../../src/formats/index.ts";
import { scanBytes, scanPath } from "../../../src/scan/index.ts";

const folder = path.join(import.meta.dirname, "..", "..", "..", "fixtures", "xgboost_legacy");
const files = readdirSync(folder).filter((name) => name.endsWith(".deprecated"));

test.each(files)("%s", async (name) => {
  expect(await scanPath(path.join(folder, name), name)).toMatchObject({
    verdict: "clean",
    complete: true,
    findings: [],
  });
  const { producer, inputs } = await describeFile(path.join(folder, name));
  expect(inputs).toEqual([{ name: "features", type: "float", shape: [5] }]);
  const [, major, minor] = /-(\d+)\.(\d+)/.exec(name)!;
  expect(producer).toEqual({ name: "XGBoost", ...(major === "0" ? {} : { version: `${major}.${minor}` }) });
});

const binary = readFileSync(path.join(folder, "binary-2.1.4.deprecated"));
/** Behind the names of objective and booster. */
const model = 4 + 136 + 8 + "binary:logistic".length + 8 + "gbtree".length;
const wrote = (value: number, at: number) => (bytes: Buffer) => {
  bytes.writeInt32LE(value, at);
  return bytes;
};
const lies: [name: string, edit: (bytes: Buffer) => Buffer, what: RegExp][] = [
  ["more trees than there are", wrote(2_000_000, model), /needs|node|tree/],
  ["a negative number of trees", wrote(-1, model), /-1 trees/],
  ["a child that is not there", wrote(99, model + 160 + 148 + 4), /left child of node 0 is 99/],
  ["a tree of 2^31 nodes", wrote(0x7fff_ffff, model + 160 + 4), /needs/],
  ["bytes behind it", (bytes) => Buffer.concat([bytes, Buffer.from("x")]), /1 byte follows the model/],
  ["an end that is missing", (bytes) => bytes.subarray(0, -3), /needs|left/],
];
test.each(lies)("%s", async (_name, edit, what) => {
  const report = await scanBytes(edit(Buffer.from(binary)), "model.bin");
  expect(report.verdict).not.toBe("clean");
  expect(report.findings.map((finding) => finding.what).join("\n")).toMatch(what);
});
