// Custom steps on the path a user takes: a TypeScript module with a dependency beside ingot.yaml, packed, opened, predicted with.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IngotError } from "../../src/core/index.ts";
import { Store } from "../../src/oci/index.ts";
import { openPackage, pack } from "../../src/package/index.ts";
import { customProject, flightStep } from "./custom_project.ts";

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-custom-"));
  store = await Store.open(path.join(root, "store"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const project = (name: string, ...given: [module?: string, lock?: string | null]) =>
  customProject(path.join(root, name), ...given);

test("one bundle from the same sources wherever they lie; the same answers on every runtime", async () => {
  const first = await pack(project("here"), store);
  const second = await pack(project(path.join("some", "where", "else")), store);
  expect(second.digest).toBe(first.digest);
  const opened = await openPackage("custom", store);
  expect(opened.files.map((file) => file.path)).toEqual(
    expect.arrayContaining(["steps/steps/flight.js", "steps/steps/flight.js.map"]),
  );
  const record = { origin: "JFK", dest: "DFW", carrier: "9E", weekday: "Tue", month: 3, hour: 15 };
  const answers = [];
  for (const runtime of ["native", "wasm", "micro"] as const) {
    const predictor = await opened.predictor({ runtime });
    const found = await predictor.predictEach([
      { ...record, km: 1000 },
      { ...record, km: null },
      { ...record, km: 20 },
    ]);
    expect(found[1]).toBeInstanceOf(IngotError);
    expect(String((found[1] as IngotError).message)).toMatch(
      /steps\/flight\.ts:6 .*RangeError: no distance|RangeError: no distance.*steps\/flight\.ts:6/,
    );
    answers.push([found[0], found[2]]);
    await predictor.close();
  }
  expect(answers[1]).toEqual(answers[0]);
});

test.each([
  [
    "a module of Node",
    `import fs from "node:fs";\n${flightStep}fs.statSync(".");`,
    "1.0.0",
    /imports "node:fs", which a sandbox does not have/,
  ],
  ["what is not there", `import x from "nowhere";\n${flightStep}x();`, "1.0.0", /nowhere/],
  ["what is outside", `import "../../secret.js";\n${flightStep}`, "1.0.0", /secret|outside of the project/],
  ["another version than is locked", flightStep, "1.0.1", /distances 1\.0\.0, and package-lock\.json says 1\.0\.1/],
  ["what is not locked", flightStep, null, /there is no package-lock\.json/],
  ["nothing it could parse", "export function (", "1.0.0", /cannot be bundled/],
  ["no such function", "export const other = 1;", "1.0.0", /exports no function `toMiles`/],
])("a module that imports %s is refused", async (_name, module, lock, message) => {
  writeFileSync(path.join(root, "secret.js"), "export {};");
  await expect(pack(project("refused", module, lock), store)).rejects.toThrow(message);
});
