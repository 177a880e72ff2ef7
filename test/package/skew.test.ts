// The skew check: rows recorded by "training code" that does one thing differently, found by step and by input.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderSkew } from "../../src/cli/render_skew.ts";
import { Store } from "../../src/oci/index.ts";
import { openPackage, pack, skewCheck, skewOfProject } from "../../src/package/index.ts";
import { demoProject } from "./projects.ts";

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-skew-"));
  store = await Store.open(path.join(root, "store"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const withSteps = (name: string, fill: number) => (yaml: string) =>
  `${yaml.replace(/^examples: .*$/m, "").replace("name: flight-delay", `name: ${name}`)}preprocess:
  - impute: { columns: [distance, temp, humid], value: [${fill}, 55, 60] }
  - standardize: { columns: [distance, temp, humid], scale: 1 }
  - compute: { seats: seats ?? 150 }
`;

/** What code with another fill value would have recorded: outputs, and columns between the steps. */
async function recorded(fill: number) {
  await pack(demoProject(path.join(root, "training"), withSteps("training", fill)), store);
  const predictor = await (await openPackage("training", store)).predictor();
  const inputs = readFileSync(path.join(root, "training", "examples.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line, at) => ({ ...JSON.parse(line).inputs, ...(at % 3 === 0 ? { distance: null } : {}) }));
  const outputs = await predictor.predict(inputs);
  await predictor.close();
  return inputs.map((record, at) => ({
    inputs: record,
    outputs: outputs[at],
    intermediate: { "impute.temp": record.temp, distance: record.distance ?? fill, seats: record.seats ?? 150 },
  }));
}

test("another fill value is found at its step, and at the input that is missing", async () => {
  const rows = await recorded(30);
  const lines = (intermediate: boolean) => ({
    name: "rows.jsonl",
    bytes: Buffer.from(
      rows.map((row) => JSON.stringify(intermediate ? row : { inputs: row.inputs, outputs: row.outputs })).join("\n"),
    ),
  });
  const project = demoProject(path.join(root, "project"), withSteps("project", 2500));
  const report = await skewOfProject(project, store, lines(true), { intermediate: true });
  expect(report).toMatchObject({
    ok: false,
    rows: 10,
    compared: 10,
    differing: 4,
    step: { name: "standardize", column: "distance", rows: 4 },
    cause: { input: "distance", what: "is missing", among: { differing: 4, of: 4 }, others: { differing: 0, of: 6 } },
  });
  expect(report.shown[0]).toMatchObject({
    line: 1,
    firstStep: { what: "standardize.distance", recorded: "30", computed: "2500" },
    agreed: ["impute.temp"],
    intermediate: { impute: { distance: 2500 }, "compute.seats": rows[0]!.inputs.seats },
  });
  const shown = renderSkew(report, "rows.jsonl");
  expect(shown).toContain("project:1.0.0 differs from what was recorded in 4 of 10 rows (native)");
  expect(shown).toContain("first difference: step `standardize`, column `distance`, in 4 rows");
  expect(shown).toContain(
    "input to look at: `distance` is missing in 4 of the 4 rows that differ, and in 0 of the 6 others",
  );

  const byInput = await skewCheck("project", store, lines(false), { runtime: "micro" });
  expect(byInput).toMatchObject({ ok: false, runtime: "micro" });
  expect(byInput).not.toHaveProperty("step");
});

test("rows that agree are told so, and unknown names are refused with the nearest", async () => {
  const rows = await recorded(30);
  const given = (list: unknown[]) => ({
    name: "rows.jsonl",
    bytes: Buffer.from(list.map((row) => JSON.stringify(row)).join("\n")),
  });
  const report = await skewCheck("training", store, given(rows));
  expect(report).toMatchObject({ ok: true, differing: 0, compared: 10 });
  expect(renderSkew(report, "rows.jsonl")).toContain("training:1.0.0 gives what was recorded: 10 of 10 rows compared");
  const odd = [{ ...rows[0]!, intermediate: { "impute.tmp": 1 } }];
  await expect(skewCheck("training", store, given(odd))).rejects.toThrow(
    /no column between the steps `impute.tmp`, did you mean `impute.temp`/,
  );
  const refused = await skewCheck("training", store, given([{ inputs: { hour: "x" }, outputs: {} }]));
  expect(refused.shown[0]).toMatchObject({ refused: expect.stringContaining("inputs.") });
});
