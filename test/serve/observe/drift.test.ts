import { expect, test } from "vitest";
import type { Schema } from "../../../src/core/index.ts";
import { callWithoutClient, type ServedModel } from "../../../src/serve/index.ts";
import { Drift } from "../../../src/serve/observe/drift.ts";
import { driftGauges, mergeDrift } from "../../../src/serve/observe/drift_state.ts";

const schema: Schema = {
  inputs: [
    { name: "age", type: "int", dtype: "int64", shape: [], layout: "column", min: 0, max: 120, missing: "allow" },
    { name: "colour", type: "string", dtype: "string", shape: [], layout: "column", categories: ["red", "blue"] },
  ],
  outputs: [],
};
// What drift looks at of a model is its names and its schema.
const model = { name: "m", version: "1.0.0", variant: "main", digest: "sha256:1", schema } as unknown as ServedModel;

/** A golden-ratio sequence: evenly spread, the same everywhere. */
const spread = (i: number) => (i * 0.6180339887498949) % 1;
const examples = Array.from({ length: 200 }, (_, i) => ({
  age: Math.floor(20 + 40 * spread(i)),
  colour: i % 4 === 0 ? "red" : "blue",
}));

function observe(records: readonly Record<string, unknown>[], known = examples) {
  let now = 0;
  const drift = new Drift(() => now);
  drift.expect(model, known);
  for (const record of records) {
    now += 100;
    drift.note({
      model,
      assigned: "main",
      call: callWithoutClient(),
      key: null,
      question: { records: [record] },
      answer: [],
    });
  }
  const [counts, index] = driftGauges(drift.state());
  const value = (gauge: typeof counts, ...labels: string[]) =>
    gauge!.rows.find((row) => labels.every((label) => Object.values(row.labels).includes(label)))?.value;
  return {
    drift,
    kind: (input: string, kind: string) => value(counts, input, kind),
    index: (input: string) => value(index, input),
  };
}

test("requests like the examples have an index near 0", () => {
  const { index, kind } = observe(
    Array.from({ length: 400 }, (_, i) => ({
      age: Math.floor(20 + 40 * spread(i + 1000)),
      colour: i % 4 === 1 ? "red" : "blue",
    })),
  );
  expect(index("age")).toBeLessThan(0.02);
  expect(index("colour")).toBeLessThan(0.02);
  expect(kind("age", "seen")).toBe(400);
});

test("older people, missing ages, new colours and impossible ages are told apart", () => {
  const { index, kind } = observe(
    Array.from({ length: 300 }, (_, i) => ({ age: [70, null, 500][i % 3], colour: i % 2 === 0 ? "green" : "red" })),
  );
  expect(index("age")).toBeGreaterThan(0.25);
  expect(index("colour")).toBeGreaterThan(0.25);
  expect([kind("age", "seen"), kind("age", "missing"), kind("age", "outside"), kind("colour", "unseen")]).toEqual([
    100, 100, 100, 150,
  ]);
});

test("several processes together have the index of one that saw it all", () => {
  const seen = Array.from({ length: 400 }, (_, i) => ({ age: i < 200 ? 30 : 70, colour: i < 200 ? "red" : "blue" }));
  const all = observe(seen);
  const parts = [observe(seen.slice(0, 200)), observe(seen.slice(200)), observe([])];
  const together = mergeDrift(parts.flatMap(({ drift }) => drift.state()));
  expect(driftGauges(together)).toEqual(driftGauges(all.drift.state()));
  for (const part of parts) expect(part.index("age")).not.toBe(all.index("age"));
  // Whoever ended counts on, but has no index once nobody serves it.
  const ended = together.map((state) => ({ ...state, isServed: false }));
  expect(driftGauges(ended).map(({ rows }) => rows.length)).toEqual([8, 0]);
  expect(driftGauges(mergeDrift([...ended, ...observe([]).drift.state()]))).toEqual(driftGauges(all.drift.state()));
});

test("the index is the sum of the textbook", () => {
  // Half red instead of a quarter, 400 requests; half a record is added to each of the two places.
  const { index } = observe(Array.from({ length: 400 }, (_, i) => ({ age: 30, colour: i % 2 === 0 ? "red" : "blue" })));
  const [p, q] = [200.5 / 401, 100.5 / 401];
  expect(index("colour")).toBeCloseTo((p - q) * Math.log(p / q) + (1 - p - (1 - q)) * Math.log((1 - p) / (1 - q)), 12);
});

test("with few examples categories and bounds are still counted, and there is no index", () => {
  const { index, kind } = observe(
    Array.from({ length: 100 }, () => ({ age: -1, colour: "green" })),
    examples.slice(0, 5),
  );
  expect([index("age"), kind("age", "outside"), kind("colour", "unseen")]).toEqual([undefined, 100, 100]);
});

test("a hundred records a second are looked at, however many come", () => {
  let now = 0;
  const drift = new Drift(() => now);
  drift.expect(model, examples);
  for (let i = 0; i < 10_000; i++) {
    now += 0.1;
    drift.note({
      model,
      assigned: "main",
      call: callWithoutClient(),
      key: null,
      question: { records: [{ age: 30, colour: "red" }] },
      answer: [],
    });
  }
  const seen = driftGauges(drift.state())[0]!.rows.find(
    ({ labels }) => labels["input"] === "age" && labels["kind"] === "seen",
  )!.value;
  expect(seen).toBeGreaterThan(90);
  expect(seen).toBeLessThanOrEqual(101);
  drift.forget(model);
  expect(drift.state()).toEqual([]);
});
