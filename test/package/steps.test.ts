// Declared steps on the path a user takes: ingot.yaml, pack, open, predict, verify.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "../../src/oci/index.ts";
import { openPackage, pack, verifyPackage } from "../../src/package/index.ts";
import { demoProject } from "./projects.ts";

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-steps-"));
  store = await Store.open(path.join(root, "store"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plain = (yaml: string) => yaml.replace(/^examples: .*$/m, "");

test("a step before the model changes what the model reads, on every runtime, certificate included", async () => {
  const declared = demoProject(path.join(root, "clipped"), (yaml) =>
    `${plain(yaml)}preprocess:\n  - clip: { columns: [distance], max: 1000 }\n`.replace(
      "name: flight-delay",
      "name: clipped",
    ),
  );
  await pack(demoProject(path.join(root, "plain"), plain), store);
  const packed = await pack(declared, store);
  expect(packed.certificate.edgeRows?.reference).toBe("evaluation");
  expect(packed.measurements.every(({ result }) => result === "within tolerance" || result === "runs")).toBe(true);
  expect((await verifyPackage("clipped", store)).checks.filter(({ result }) => result === "fail")).toEqual([]);

  const [before, after] = await Promise.all([openPackage("flight-delay", store), openPackage("clipped", store)]);
  expect(after.description.pipeline?.steps).toEqual({ before: ["clip"], after: [] });
  expect(after.description.schema.inputs.map(({ name }) => name)).toEqual(
    before.description.schema.inputs.map(({ name }) => name),
  );
  const record = { origin: "JFK", dest: "DFW", carrier: "9E", weekday: "Tue", month: 3, hour: 15 };
  const own = await before.predictor();
  for (const runtime of ["native", "wasm", "micro"] as const) {
    const stepped = await after.predictor({ runtime });
    const records = [1391, 1000, 20, null].map((distance) => ({ ...record, distance }));
    const asClipped = [1000, 1000, 20, null].map((distance) => ({ ...record, distance }));
    expect(await stepped.predict(records)).toEqual(await own.predict(asClipped));
    await stepped.close();
  }
  await own.close();
});
