// Steps on a model's answers: graph on three runtimes against the evaluation, on generated batches with the hard numbers among them.
import { expect, test } from "vitest";
import type { Column } from "../../../src/pipeline/index.ts";
import { agreeOnGenerated, column, planStep, type Within } from "../step_harness.ts";

const near: Within = { relative: 1e-12, absolute: 1e-300 };
const scores = column("s", "float64", { shape: [3], classes: ["a", "b", "c"] });
const unnamed = column("s", "float32", { shape: [4] });
const one = column("p");
const narrow = column("p", "float32");
const label = column("label", "string", { categories: ["no", "yes"] });
const curve = { x: [-1, 0, 0.5, 2], y: [0.1, 0.2, 0.2, 0.9] };

type Case = [step: string, options: unknown, columns: readonly Column[], within?: Within];
const cases: Case[] = [
  ["softmax", { column: "s" }, [scores], near],
  ["softmax", { column: "s", temperature: 2.5, as: "p", classes: ["w", "x", "y", "z"] }, [unnamed], near],
  ["sigmoid", { column: "s" }, [scores], near],
  ["sigmoid", { column: "p", as: "q" }, [narrow], near],
  ["argmax", { column: "s" }, [scores]],
  ["argmax", { column: "s", as: "at" }, [unnamed]],
  ["argmax", { column: "n", as: "at" }, [column("n", "int64", { shape: [2] })]],
  ["argmax", { column: "t" }, [column("t", "float32", { shape: ["tokens", 3], classes: ["O", "B", "I"] })]],
  ["top_k", { column: "s", k: 2 }, [scores]],
  ["top_k", { column: "s", k: 4, labels: "l", scores: "v" }, [unnamed]],
  ["threshold", { column: "p", at: 0.42, above: ">50K", below: "<=50K" }, [one]],
  ["threshold", { column: "p", at: 0.42, above: 1, below: 0, as: "hit" }, [narrow]],
  ["threshold", { column: "p", at: 0.5 }, [one]],
  ["threshold", { column: "s", at: 0.5, above: "b", below: "not b" }, [scores]],
  ["threshold", { column: "s", at: 0.5, class: "c" }, [scores]],
  ["threshold", { column: "s", at: { a: 0.1, c: 0.9 } }, [scores]],
  ["threshold", { column: "s", at: { a: 0.1, b: 0.5, c: 0.9 }, below: "none" }, [scores]],
  ["calibrate", { column: "p", platt: { a: -1.7, b: 0.2 } }, [one], near],
  ["calibrate", { column: "s", platt: { a: [-1, -2, -0.5], b: [0, 0.1, -0.1] } }, [scores], near],
  ["calibrate", { column: "p", isotonic: curve, as: "q" }, [narrow], near],
  ["calibrate", { column: "p", isotonic: { x: [1], y: [0.3] } }, [one], near],
  ["calibrate", { column: "p", isotonic: { x: [0, 1], y: [0.25, 0.75] } }, [one], near],
  ["calibrate", { column: "s", isotonic: [curve, { x: [0], y: [0] }, curve] }, [scores], near],
  ["calibrate", { column: "s", temperature: 1.5, as: "q" }, [scores], near],
  ["label_map", { column: "label", map: { no: "nein", yes: "ja" } }, [label]],
  ["label_map", { column: "label", map: { no: 0, yes: 1 }, otherwise: -1 }, [label]],
  ["label_map", { column: "n", labels: ["zero", "one"], as: "name" }, [column("n", "int64", { categories: [0, 1] })]],
  ["label_map", { column: "n", map: { "-1": "x" }, otherwise: "y" }, [column("n", "int64", { shape: [2] })]],
  ["label_map", { column: "n", map: { "0": 5, "1": 7 } }, [column("n", "int64", { shape: [2], categories: [0, 1] })]],
  ["label_map", { column: "b", map: { true: "on", false: "off" } }, [column("b", "bool")]],
  ["inverse_standardize", { columns: ["p", "s"], mean: [3, 0.25], scale: 1.7 }, [one, scores]],
  ["inverse_min_max", { columns: ["p"], min: -3, max: 12.5, range: [-1, 1] }, [narrow]],
  ["inverse_min_max", { columns: ["p", "s"], min: [0, 2], max: [0, 3] }, [one, scores]],
  ["inverse_log", { columns: ["p"] }, [one], near],
  ["inverse_log", { columns: ["p"], of: "log" }, [narrow], near],
  ["inverse_log", { columns: ["p"], of: "log10" }, [one], near],
  ["inverse_log", { columns: ["p"], of: "log2" }, [one], near],
  ["round", { columns: ["p", "s"] }, [one, scores]],
  ["round", { columns: ["p"], digits: 2 }, [narrow]],
  ["round", { columns: ["p"], digits: -2 }, [one]],
  ["group", { fields: { low: "p", high: "q" }, as: "interval" }, [one, column("q", "float32")]],
  ["group", { fields: { low: "p" }, as: "p", keep: true }, [one]],
  ["pick", { column: "s", class: "b", as: "p" }, [scores]],
  ["confidence", { column: "s" }, [scores], near],
  ["confidence", { column: "s", measure: "margin" }, [unnamed], near],
  [
    "l2_normalize",
    { columns: ["t", "u"] },
    [column("t", "float32", { shape: [3] }), column("u", "float64", { shape: [2, 2] })],
    { relative: 1e-7, absolute: 1e-45 },
  ],
  ["abstain", { column: "label", confidence: "p", below: 0.5, answer: "unsure" }, [label, one]],
  ["abstain", { column: "n", confidence: "p", below: 0.5, answer: -1 }, [column("n", "int64"), narrow]],
  ...(["max", "first"] as const).map(
    (pooling): Case => [
      "mean_pool",
      { column: "t", mask: "m", pooling },
      [
        column("t", "float32", { shape: ["tokens", 3], missing: false }),
        column("m", "int64", { shape: ["tokens"], categories: [0, 1] }),
      ],
    ],
  ),
  [
    "mean_pool",
    { column: "t", mask: "m" },
    [column("t", "float32", { shape: ["tokens", 3] }), column("m", "int64", { shape: ["tokens"], categories: [0, 1] })],
    { relative: 1e-6, absolute: 1e-300 },
  ],
];

test.each<Case>(cases)("%s %j", async (step, options, columns, within) => {
  await agreeOnGenerated({ step, options, columns, place: "after" }, within);
});

test.each([
  ["softmax", { column: "p" }, [one], /is one number per record/],
  ["softmax", { column: "label" }, [label], /is string, not numbers/],
  ["softmax", { column: "s", classes: ["a", "b"] }, [scores], /names 2 classes where column `s` has 3/],
  ["softmax", { column: "s", classes: ["a", "b", "a"] }, [scores], /names one class twice/],
  ["top_k", { column: "s", k: 4 }, [scores], /wants 4 of 3 classes/],
  ["threshold", { column: "s", at: 0.5, above: "d", below: "e" }, [scores], /it is not said which decides/],
  ["threshold", { column: "p", at: 0.5, above: "d", below: 0 }, [one], /both texts or both whole numbers/],
  ["threshold", { column: "s", at: { d: 1 } }, [scores], /has no class `d`: a, b, c/],
  ["threshold", { column: "s", at: { a: 1 } }, [unnamed], /no names of classes/],
  ["calibrate", { column: "p" }, [one], /needs one of `platt`, `isotonic`, `temperature`/],
  ["calibrate", { column: "p", isotonic: { x: [1, 1], y: [0, 1] } }, [one], /strictly ascending/],
  ["calibrate", { column: "s", platt: { a: [1, 2], b: [1, 2] } }, [scores], /has 2 curves for 3 classes/],
  ["label_map", { column: "label", map: { no: 0, yes: "1" } }, [label], /maps to texts and to numbers/],
  ["label_map", { column: "label", labels: ["a"] }, [label], /must hold whole numbers/],
  ["label_map", { column: "p", labels: ["a"] }, [one], /is float64: not texts/],
  ["inverse_standardize", { columns: ["p"], mean: [1, 2] }, [one], /`mean` has 2 numbers for 1 columns/],
  ["inverse_min_max", { columns: ["p"], min: 0, max: 1, range: [1, 0] }, [one], /`range` 1 to 0 is none/],
  ["group", { fields: { a: "s" }, as: "g" }, [scores], /more than one number per record/],
  ["pick", { column: "s", class: "d", as: "p" }, [scores], /has no class `d`: a, b, c/],
  ["confidence", { column: "p" }, [one], /is one number per record/],
  [
    "abstain",
    { column: "label", confidence: "p", below: 0.5, answer: 3 },
    [label, one],
    /its other answer must be too/,
  ],
  ["mean_pool", { column: "s" }, [scores], /is not \[tokens, width\]/],
  ["l2_normalize", { columns: ["p"] }, [one], /not a vector/],
] as const)("%s refuses %j", (step, options, columns, message) => {
  expect(() => planStep({ step, options, columns, place: "after" })).toThrow(message);
});
