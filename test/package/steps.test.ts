// Declared steps on the path a user takes: ingot.yaml, pack, open, predict, verify.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

test("a record that a step refuses has its error, the others their answers, on every runtime", async () => {
  const folder = demoProject(path.join(root, "checked"), (yaml) =>
    `${plain(yaml)}preprocess:
  - validate: { columns: [distance], max: 3000 }
  - compute: { seats: seats ?? 100 + number(carrier == "UA") }
`.replace("name: flight-delay", "name: checked"),
  );
  const packed = await pack(folder, store);
  expect(packed.description.pipeline?.problems).toEqual([
    { step: "validate", column: "distance", what: "is above 3000" },
  ]);
  const record = { origin: "JFK", dest: "DFW", carrier: "UA", weekday: "Tue", month: 3, hour: 15, distance: 100 };
  const records = [record, { ...record, distance: 3001 }, { ...record, hour: "x" }, { ...record, hous: 1 }, record];
  const opened = await openPackage("checked", store);
  for (const runtime of ["native", "wasm", "micro"] as const) {
    const predictor = await opened.predictor({ runtime });
    const [first, second, third, fourth, last] = await predictor.predictEach(records);
    expect(first).toEqual(last);
    expect(first).toHaveProperty("label");
    expect(second).toMatchObject({
      code: "RECORD_REFUSED",
      message: "inputs.distance: 3001 is above 3000 (validate) (row 1)",
    });
    expect(third).toMatchObject({ code: "INPUT_INVALID", message: 'inputs.hour: expected int, got "x" (row 2)' });
    expect(fourth).toMatchObject({ code: "INPUT_INVALID" });
    await expect(predictor.predict(records)).rejects.toThrow(/row 1/);
    await predictor.close();
  }
});

test("steps after the model make the answer", async () => {
  const folder = demoProject(path.join(root, "after"), (yaml) =>
    `${plain(yaml)}postprocess:
  - pick: { column: probabilities, class: late, as: chance }
  - compute: { verdict: "if(chance > 0.5, 'stay', 'go')" }
  - drop: { columns: [label, probabilities] }
`.replace("name: flight-delay", "name: after"),
  );
  await pack(folder, store);
  const opened = await openPackage("after", store);
  expect(opened.description.schema.outputs.map(({ name }) => name)).toEqual(["margin", "chance", "verdict"]);
  const record = { origin: "JFK", dest: "DFW", carrier: "UA", weekday: "Tue", month: 3, hour: 15, distance: 100 };
  const predictor = await opened.predictor();
  const [answer] = await predictor.predict([record]);
  expect(Object.keys(answer!)).toEqual(["margin", "chance", "verdict"]);
  expect(answer!["verdict"]).toBe((answer!["chance"] as number) > 0.5 ? "stay" : "go");
  await predictor.close();
});

test("a step that cannot be planned is refused at its line", async () => {
  const folder = demoProject(
    path.join(root, "wrong"),
    (yaml) => `${plain(yaml)}preprocess:\n  - log1p: { columns: [distanc] }\n`,
  );
  const line =
    plain(readFileSync(path.join(folder, "ingot.yaml"), "utf8"))
      .split("\n")
      .findIndex((text) => text.includes("log1p")) + 1;
  await expect(pack(folder, store)).rejects.toThrow(
    `ingot.yaml:${line}:12: \`log1p\`: there is no column "distanc", did you mean \`distance\`?`,
  );
});
