// Terms of texts: against scikit-learn and Python's unicodedata (fixtures/texts/make.py), and graph against evaluation.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TextForm } from "../../../src/core/index.ts";
import { float64, strings } from "../../../src/onnx/index.ts";
import { textInForm } from "../../../src/pipeline/index.ts";
import { batches, column, expectTensor, openStep, planStep } from "../step_harness.ts";

interface Case {
  readonly step: string;
  readonly options: object;
  readonly form: TextForm;
  readonly vocabulary: {
    readonly vocabulary: Readonly<Record<string, number>>;
    readonly idf: readonly number[] | null;
  };
  readonly rows: readonly (readonly number[])[];
}

const stored = (name: string) => JSON.parse(gunzipSync(readFileSync(`fixtures/texts/${name}.json.gz`)).toString());
const { texts, counts }: { texts: string[]; counts: number[][] } = stored("features");
const cases: Case[] = stored("terms");
const text = column("text", "string");
const near = { relative: 1e-12, absolute: 1e-300 };
const file = (value: unknown) =>
  new Map([["terms.json", Buffer.from(typeof value === "string" ? value : JSON.stringify(value))]]);

test.each(cases.map((one, i) => ({ ...one, i })))(
  "$i $step $options $form",
  async ({ step, options, form, vocabulary, rows }) => {
    const files = file(vocabulary);
    const given = { step, options: { column: "text", vocabulary: "terms.json", ...options }, columns: [text], files };
    await using opened = await openStep(given);
    const width = Object.keys(vocabulary.vocabulary).length;
    const expected = new Float64Array(rows.length * width);
    for (const [row, pairs] of rows.entries())
      for (let i = 0; i < pairs.length; i += 2) expected[row * width + pairs[i]!] = pairs[i + 1]!;
    const { columns } = await opened.agree([strings(texts.map((one) => textInForm(one, form)))], near);
    expectTensor(columns[0]!, float64(expected, [rows.length, width]), near, step);
  },
);

const count = [
  "characters",
  "words",
  "letters",
  "upper",
  "lower",
  "digits",
  "punctuation",
  "symbols",
  "spaces",
  "lines",
];

test("text_features: what unicodedata says", async () => {
  await using opened = await openStep({ step: "text_features", options: { column: "text", count }, columns: [text] });
  const { columns } = await opened.agree([strings(texts)]);
  count.forEach((what, k) => {
    expectTensor(columns[k]!, float64(counts.map((row) => row[k]!)), {}, what);
  });
});

const small = file({ vocabulary: ["a", "naïve", "ß", "中文", "b c"], idf: [1, 2, 1.5, 3, 0.5] });

test.each([
  ["text_features", { column: "text", count }],
  ["count_terms", { column: "text", vocabulary: "terms.json", token_pattern: "\\w+", ngram_range: [1, 2] }],
  ["tfidf", { column: "text", vocabulary: "terms.json", analyzer: "char", ngram_range: [1, 2], norm: "l1" }],
] as const)("%s: graph and evaluation are equal, missing texts are refused", async (step, options) => {
  const columns = [{ ...text, missing: true }];
  await using opened = await openStep({ step, options, columns, files: small });
  // ONNX Runtime's Tokenizer gives an empty batch another rank: no predictor runs a graph on one.
  const some = batches(columns).filter(([tensor]) => tensor!.dims[0]! > 0);
  await fc.assert(
    fc.asyncProperty(some, async (tensors) => void (await opened.agree(tensors, near))),
    { numRuns: 12 },
  );
});

test.each([
  ["no JSON", "{", {}, /is not JSON/],
  ["another shape", [], {}, /is not \{"vocabulary"/],
  ["columns twice", { vocabulary: { a: 0, b: 0 } }, {}, /a column of its own/],
  ["gaps", { vocabulary: { a: 0, b: 2 } }, {}, /a column of its own/],
  ["no idf", { vocabulary: ["a"] }, {}, /holds no `idf`/],
  ["short idf", { vocabulary: ["a", "b"], idf: [1] }, {}, /has 1 `idf` for 2 terms/],
  ["too many terms", { vocabulary: Array.from({ length: 70_000 }, (_, i) => `t${i}`) }, {}, /at most 65536/],
  ["a range backwards", { vocabulary: ["a"], idf: [1] }, { ngram_range: [2, 1] }, /runs backwards/],
  ["a pattern that is not compiled", { vocabulary: ["a"], idf: [1] }, { token_pattern: "(?<=a)b" }, /is not compiled/],
  ["numbers", { vocabulary: ["a"], idf: [1] }, { column: "age" }, /not one text per record/],
] as const)("tfidf refuses %s", (_name, vocabulary, options, message) => {
  const given = { column: "text", vocabulary: "terms.json", ...options };
  const plan = () =>
    planStep({ step: "tfidf", options: given, columns: [text, column("age")], files: file(vocabulary) });
  expect(plan).toThrow(message);
});
