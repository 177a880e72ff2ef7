import { expect, test } from "vitest";
import type { Tolerance } from "../../src/convert/index.ts";
import type { OutputSpec } from "../../src/core/index.ts";
import { compareOutput, noDifference } from "../../src/package/compare.ts";

const margin: OutputSpec = { name: "margin", type: "float", dtype: "float64", shape: [], layout: "batch" };
const single: OutputSpec = { ...margin, dtype: "float32" };
const label: OutputSpec = { name: "label", type: "string", dtype: "string", shape: [], layout: "batch" };
const count: OutputSpec = { name: "count", type: "int", dtype: "int64", shape: [], layout: "batch" };
const classes: OutputSpec = { ...margin, name: "probabilities", shape: [2], classes: ["no", "yes"] };
const exact: Tolerance = { exact: true };
const loose: Tolerance = { exact: false, absolute: 0.1, relative: 0 };
const relative: Tolerance = { exact: false, absolute: 0, relative: 0.01 };

const rows: [
  name: string,
  spec: OutputSpec,
  expected: unknown,
  actual: unknown,
  tolerance: Tolerance,
  mismatch: string | null,
  unequal: number,
][] = [
  ["equal doubles", margin, 0.1, 0.1, exact, null, 0],
  ["one place off", margin, 0.1, 0.1 + 2 ** -56, exact, "margin", 1],
  ["one place off, allowed", margin, 0.1, 0.1 + 2 ** -56, loose, null, 1],
  ["a double for a float", single, 0.1, Math.fround(0.1), exact, null, 0],
  ["relative", margin, 100, 100.9, relative, null, 1],
  ["relative, too far", margin, 100, 101.1, relative, "margin", 1],
  ["NaN", margin, "NaN", Number.NaN, exact, null, 0],
  ["null is NaN", margin, null, Number.NaN, exact, null, 0],
  ["infinity", margin, "-Infinity", Number.NEGATIVE_INFINITY, exact, null, 0],
  ["NaN instead of a number", margin, 1, Number.NaN, loose, "margin", 1],
  ["infinity instead of a number", margin, 1, Number.POSITIVE_INFINITY, relative, "margin", 1],
  ["zeros of both signs", margin, 0, -0, exact, null, 0],
  ["text", label, "late", "late", exact, null, 0],
  ["other text", label, "late", "on time", exact, "label", 1],
  ["text for a number", margin, "0.1", 0.1, loose, "margin", 1],
  ["number for text", label, 1, "1", exact, "label", 1],
  ["integers", count, 7, 7n, exact, null, 0],
  ["integers beyond doubles", count, 9007199254740993n, 9007199254740992n, exact, "count", 1],
  ["classes by name", classes, { yes: 0.25, no: 0.75 }, { no: 0.75, yes: 0.25 }, exact, null, 0],
  ["classes as a list", classes, [0.75, 0.25], { no: 0.75, yes: 0.25 }, exact, null, 0],
  ["one class off", classes, { yes: 0.25, no: 0.75 }, { no: 0.75, yes: 0.5 }, exact, "probabilities.yes", 1],
  ["a class that is not there", classes, { maybe: 1, no: 0 }, { no: 0.75, yes: 0.5 }, loose, "probabilities", 1],
  ["lists of other lengths", { ...margin, shape: [3] }, [1, 2], [1, 2, 3], loose, "margin", 1],
  ["a list item", { ...margin, shape: [3] }, [1, 2, 4], [1, 2, 3], exact, "margin[2]", 1],
];
test.each(rows)("%s", (_name, spec, expected, actual, tolerance, mismatch, unequal) => {
  const seen = noDifference();
  expect(compareOutput(spec, expected, actual, tolerance, seen)?.output ?? null).toBe(mismatch);
  expect(seen.unequal).toBe(unequal);
});
