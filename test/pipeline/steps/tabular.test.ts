// Every tabular step: its graph on native, wasm and micro, packed and apart, against its evaluation, on generated values.
import { expect, test } from "vitest";
import { steps } from "../../../src/pipeline/index.ts";
import { agreeOnGenerated, column, planStep, type StepCase, type Within } from "../step_harness.ts";

const number = column("a");
const single = column("b", "float32");
const whole = column("n", "int64", { missing: false });
const text = column("t", "string", { missing: true, categories: ["red", "grün", "", "🙂"] });
const other = column("u", "string", { missing: false, categories: ["x", "y"] });
const three = [column("a"), column("c"), column("d")];
const matrix = column("m", "float64", { shape: [3] });
const numbers = ["a", "c", "d"];
const near: Within = { relative: 1e-14, absolute: 1e-300 };
/** Powers of powers: the last place of a logarithm is multiplied by the exponent. */
const power: Within = { relative: 1e-11, absolute: 1e-12 };

const cases: [name: string, StepCase, Within?][] = [
  ["clip", { step: "clip", options: { columns: numbers, min: [-1, 0, 2], max: 100 }, columns: three }],
  ["clip of integers", { step: "clip", options: { columns: ["n"], max: 5 }, columns: [whole] }],
  [
    "standardize",
    {
      step: "standardize",
      options: { columns: numbers, mean: [1, 2, 3], scale: { a: 2, c: 0.3, d: 7 } },
      columns: three,
    },
  ],
  [
    "standardize of a matrix",
    { step: "standardize", options: { columns: ["m"], mean: [1, 2, 3], scale: [2, 3, 4] }, columns: [matrix] },
  ],
  [
    "standardize of float32",
    { step: "standardize", options: { columns: ["b"], mean: 0.1, scale: 3 }, columns: [single] },
  ],
  ["robust", { step: "robust", options: { columns: ["a"], center: 4, scale: 3 }, columns: [number] }],
  ["max_abs", { step: "max_abs", options: { columns: numbers, max_abs: 7 }, columns: three }],
  ["min_max", { step: "min_max", options: { columns: numbers, min: -3, max: [4, 5, 6] }, columns: three }],
  [
    "min_max clipped",
    { step: "min_max", options: { columns: numbers, min: 1, max: 1, range: [-1, 1], clip: true }, columns: three },
  ],
  ["normalize l2", { step: "normalize", options: { columns: numbers }, columns: three }, near],
  ["normalize l1 of a matrix", { step: "normalize", options: { columns: ["m"], norm: "l1" }, columns: [matrix] }, near],
  ["normalize max", { step: "normalize", options: { columns: numbers, norm: "max" }, columns: three }],
  ["log1p", { step: "log1p", options: { columns: numbers }, columns: three }, near],
  [
    "yeo-johnson",
    { step: "power", options: { columns: numbers, lambda: [0, 1.5, -0.4], mean: 1, scale: 2 }, columns: three },
    power,
  ],
  [
    "box-cox",
    { step: "power", options: { columns: numbers, method: "box-cox", lambda: [0, 0.5, -0.4] }, columns: three },
    power,
  ],
  [
    "bucketize",
    { step: "bucketize", options: { columns: ["a", "n"], edges: [-1, 0, 0.5, 1000] }, columns: [number, whole] },
  ],
  [
    "bucketize with labels",
    {
      step: "bucketize",
      options: { columns: ["a"], edges: [0, 1], right: true, labels: ["low", "mid", "high"] },
      columns: [number],
    },
  ],
  ["polynomial", { step: "polynomial", options: { columns: numbers, degree: 3 }, columns: three }],
  [
    "polynomial of different columns",
    { step: "polynomial", options: { columns: numbers, interaction_only: true }, columns: three },
  ],
  [
    "one_hot",
    {
      step: "one_hot",
      options: { columns: ["t", "u"], categories: { t: ["red", "grün", "", null], u: ["x", "y"] } },
      columns: [text, other],
    },
  ],
  [
    "one_hot of declared categories",
    { step: "one_hot", options: { columns: ["t"], unknown: "reject", drop: "first" }, columns: [text] },
  ],
  [
    "one_hot of columns with one list",
    {
      step: "one_hot",
      options: { columns: ["t", "u"], categories: ["x", "red", null], unknown: "reject", drop: "first" },
      columns: [text, other],
    },
  ],
  [
    "one_hot of numbers",
    { step: "one_hot", options: { columns: ["n", "a"], categories: [0, 1, -1] }, columns: [whole, number] },
  ],
  ["ordinal", { step: "ordinal", options: { columns: ["t"], unknown: -1 }, columns: [text] }],
  [
    "ordinal refusing",
    { step: "ordinal", options: { columns: ["t", "u"], unknown: "reject" }, columns: [text, other] },
  ],
  [
    "ordinal with a missing category",
    { step: "ordinal", options: { columns: ["t"], categories: ["red", null], unknown: "missing" }, columns: [text] },
  ],
  [
    "ordinal of numbers",
    { step: "ordinal", options: { columns: ["a"], categories: [0, 0.5, 1], unknown: "missing" }, columns: [number] },
  ],
  [
    "target_encode",
    {
      step: "target_encode",
      options: { columns: ["t"], table: { red: 0.1, grün: 0.7 }, default: 0.4 },
      columns: [text],
    },
  ],
  [
    "target_encode of numbers",
    {
      step: "target_encode",
      options: { columns: ["n"], table: { "0": 0.1, "-1": 0.7 }, default: 0.4 },
      columns: [whole],
    },
  ],
  [
    "frequency_encode",
    {
      step: "frequency_encode",
      options: { columns: ["t", "u"], table: { t: { red: 3 }, u: { x: 1, y: 2 } }, missing: 9 },
      columns: [text, other],
    },
  ],
  ["hash", { step: "hash", options: { columns: ["u"], buckets: 7, seed: 3 }, columns: [other] }],
  ["cross", { step: "cross", options: { columns: ["t", "u"], into: "both", separator: "·" }, columns: [text, other] }],
  ["cast to int", { step: "cast", options: { columns: ["a"], to: "int" }, columns: [number] }],
  [
    "cast text to float",
    {
      step: "cast",
      options: { columns: ["t"], to: "float" },
      columns: [column("t", "string", { missing: true, categories: ["1", "-2.5", "1e3", "1e", ".", "0x1"] })],
    },
  ],
  [
    "cast text to float, missing",
    {
      step: "cast",
      options: { columns: ["t"], to: "float", invalid: "missing" },
      columns: [column("t", "string", { categories: ["1", "+7.", ".5e-3"] })],
    },
  ],
  [
    "cast text to int",
    {
      step: "cast",
      options: { columns: ["t"], to: "int" },
      columns: [column("t", "string", { categories: ["12", "-3", "1.5", "1234567890123456"] })],
    },
  ],
  ["cast int to text", { step: "cast", options: { columns: ["n"], to: "string" }, columns: [whole] }],
  [
    "cast bool to text and float",
    { step: "cast", options: { columns: ["f"], to: "string" }, columns: [column("f", "bool", { missing: false })] },
  ],
  ["cast to bool", { step: "cast", options: { columns: ["a", "n"], to: "bool" }, columns: [number, whole] }],
  ["cast to float32", { step: "cast", options: { columns: ["a"], to: "float32" }, columns: [number] }],
  ["impute", { step: "impute", options: { columns: numbers, value: [1, 2.5, -3] }, columns: three }],
  [
    "impute text",
    {
      step: "impute",
      options: { columns: ["t", "a"], value: { t: "none", a: 0 }, indicator: true },
      columns: [text, number],
    },
  ],
  ["stack", { step: "stack", options: { columns: ["a", "m", "n"], into: "x" }, columns: [number, matrix, whole] }],
  ["stack as float32", { step: "stack", options: { columns: numbers, into: "x", dtype: "float32" }, columns: three }],
  [
    "validate",
    {
      step: "validate",
      options: { columns: ["a", "n"], min: 0, max: 100, missing: "reject" },
      columns: [number, whole],
    },
  ],
  ["validate a set", { step: "validate", options: { columns: ["t"], allowed: ["red", "🙂"] }, columns: [text] }],
  [
    "validate and clip",
    { step: "validate", options: { columns: ["a"], min: -1, max: 1, policy: "clip" }, columns: [number] },
  ],
  [
    "validate to null",
    { step: "validate", options: { columns: ["t"], allowed: ["red"], policy: "null" }, columns: [text] },
  ],
  [
    "validate numbers to null",
    { step: "validate", options: { columns: ["a", "n"], min: 0, policy: "null" }, columns: [number, whole] },
  ],
  [
    "date_parts",
    {
      step: "date_parts",
      options: {
        column: "a",
        parts: ["year", "month", "day", "hour", "minute", "second", "weekday", "day_of_year", "is_weekend"],
        time_zone: "Europe/Berlin",
      },
      columns: [column("a", "float64", { categories: [1e9, 1.7e9, 4e9, -1e9, 1e12, 8e12, 1711846800] })],
    },
  ],
  [
    "date_parts of milliseconds",
    { step: "date_parts", options: { column: "n", parts: ["hour"], unit: "ms" }, columns: [whole] },
  ],
];
test.each(cases)("%s: graph and evaluation are equal", async (_name, given, within) => {
  await agreeOnGenerated(given, within, 12);
});

test("every step has an example that its options take", async () => {
  const { parse } = await import("yaml");
  for (const { name, example, options } of steps) {
    const parsed = parse(example) as Record<string, unknown> | string;
    const [key, given] = typeof parsed === "string" ? [parsed, {}] : Object.entries(parsed)[0]!;
    expect(key).toBe(name);
    expect(options.safeParse(given ?? {}).error, name).toBeUndefined();
  }
});

const refusals: [string, StepCase, RegExp][] = [
  [
    "a text among numbers",
    { step: "standardize", options: { columns: ["t"] }, columns: [text] },
    /column `t` is string, not a number/,
  ],
  [
    "too few parameters",
    { step: "standardize", options: { columns: numbers, mean: [1, 2] }, columns: three },
    /`mean` has 2 numbers for 3 columns/,
  ],
  [
    "a parameter by another name",
    { step: "standardize", options: { columns: ["a"], mean: { b: 1 } }, columns: three },
    /names `b`, which is not among/,
  ],
  [
    "division by zero",
    { step: "standardize", options: { columns: ["a"], scale: 0 }, columns: three },
    /must be finite and not 0/,
  ],
  [
    "falling edges",
    { step: "bucketize", options: { columns: ["a"], edges: [1, 0] }, columns: three },
    /edges:1: `bucketize`: `edges` must rise/,
  ],
  [
    "unknown categories",
    { step: "one_hot", options: { columns: ["u"] }, columns: [column("u", "string")] },
    /categories of `u` are not known/,
  ],
  [
    "categories of another type",
    { step: "ordinal", options: { columns: ["a"], categories: ["x"] }, columns: three },
    /must be numbers/,
  ],
  [
    "a category twice",
    { step: "ordinal", options: { columns: ["t"], categories: ["x", "x"] }, columns: [text] },
    /names a category twice/,
  ],
  [
    "nothing to impute",
    { step: "impute", options: { columns: ["n"], value: 1 }, columns: [whole] },
    /column `n` cannot be missing/,
  ],
  [
    "a value of another type",
    { step: "impute", options: { columns: ["a"], value: "x" }, columns: three },
    /must be a number, got "x"/,
  ],
  [
    "no examples",
    { step: "impute", options: { columns: ["a"], strategy: "mean" }, columns: three },
    /no example has a value for `a`/,
  ],
  [
    "floats as texts",
    { step: "cast", options: { columns: ["a"], to: "string" }, columns: three },
    /programs write floats as text in different ways/,
  ],
  [
    "texts side by side",
    { step: "stack", options: { columns: ["t"], into: "x" }, columns: [text] },
    /column `t` is text/,
  ],
  [
    "a set clipped",
    { step: "validate", options: { columns: ["a"], allowed: [1], policy: "clip" }, columns: three },
    /a set has no nearest bound/,
  ],
  [
    "hashing what may be missing",
    { step: "hash", options: { columns: ["t"], buckets: 4 }, columns: [text] },
    /column `t` may be missing/,
  ],
  [
    "too many products",
    {
      step: "polynomial",
      options: { columns: ["w*"], degree: 6 },
      columns: Array.from({ length: 40 }, (_, k) => column(`w${k}`)),
    },
    /would make more than 4096/,
  ],
];
test.each(refusals)("%s is refused", (_name, given, message) => {
  expect(() => planStep(given)).toThrow(message);
});
