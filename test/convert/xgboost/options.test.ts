// What a project may add to an XGBoost model, what is told, and what is refused by name.
import { expect, test } from "vitest";
import type { ConvertOptions } from "../../../src/convert/index.ts";
import { boostedXgboost, convertXgboost } from "../../../src/convert/xgboost/index.ts";
import { IngotError } from "../../../src/core/index.ts";
import { readXgboostJson } from "../../../src/formats/index.ts";
import { asJson, document } from "../../formats/xgboost/document.ts";
import { readCase, readModelFile } from "../fixture.ts";

const small = (change: (model: ReturnType<typeof document>) => void = () => {}) =>
  readXgboostJson(asJson(document(change)), "model.json");
const fixture = (name: string) => readXgboostJson(readModelFile(readCase("xgboost", name)), `${name}.json`);

test("named columns are inputs of their type, all may be missing", () => {
  expect(convertXgboost(small()).schema.inputs).toEqual([
    { name: "a", type: "float", dtype: "float32", shape: [], layout: "column", missing: "allow" },
    { name: "b", type: "int", dtype: "float32", shape: [], layout: "column", missing: "allow" },
  ]);
});

test("a model without names takes one matrix; a project may name it, or its columns", () => {
  const unnamed = small((model) => {
    model.learner.feature_names = [];
    model.learner.feature_types = [];
  });
  expect(convertXgboost(unnamed).schema.inputs).toMatchObject([{ name: "features", shape: [2], layout: "batch" }]);
  expect(convertXgboost(unnamed, { inputs: [{ name: "x" }] }).schema.inputs).toMatchObject([{ name: "x", shape: [2] }]);
  expect(
    convertXgboost(unnamed, { inputs: [{ name: "age", type: "int" }, { name: "fare" }] }).schema.inputs,
  ).toMatchObject([
    { name: "age", type: "int", layout: "column" },
    { name: "fare", type: "float", layout: "column" },
  ]);
});

test("categories that the file names are texts and numbers", () => {
  const { schema, notes } = convertXgboost(fixture("categories-kinds-3.2.0"));
  expect(schema.inputs.map(({ name, type, dtype, categories }) => [name, type, dtype, categories])).toEqual([
    ["island", "string", "string", ["Biscoe", "Dream", "Torgersen"]],
    ["year", "int", "float32", [2007, 2008, 2009]],
    ["bill_length_mm", "float", "float32", undefined],
    ["flipper_length_mm", "float", "float32", undefined],
    ["sex", "string", "string", ["female", "male"]],
  ]);
  expect(notes).toContain("categories that the model has not seen count as missing; XGBoost itself refuses them");
});

test("classes name the label and the probabilities", () => {
  expect(convertXgboost(fixture("binary-3.2.0"), { classes: ["no", "yes"] }).schema.outputs).toMatchObject([
    { name: "label", type: "string", dtype: "string" },
    { name: "probabilities", shape: [2], classes: ["no", "yes"] },
    { name: "margin", shape: [] },
  ]);
});

test("which rounds are used is told", () => {
  expect(convertXgboost(small()).notes).toEqual(["all 2 rounds are used"]);
  expect(convertXgboost(small(), { rounds: 1 }).notes).toEqual(["the first 1 of 2 rounds are used"]);
  expect(convertXgboost(fixture("early-stopping-3.2.0")).notes[0]).toMatch(
    /training stopped early: the first 4 of 7 rounds are used, as XGBClassifier and XGBRegressor do/,
  );
});

const refused: [
  name: string,
  change: (model: ReturnType<typeof document>) => void,
  options: ConvertOptions,
  message: RegExp,
][] = [
  ["an unknown objective", (m) => (m.learner.objective["name"] = "reg:mine"), {}, /objective "reg:mine" is not known/],
  [
    "several labels of a hinge",
    (m) => {
      m.learner.objective["name"] = "binary:hinge";
      m.learner.learner_model_param["num_target"] = "2";
    },
    {},
    /binary:hinge with 2 targets \(multi-label\) is not converted yet/,
  ],
  [
    "a base score beyond its link",
    (m) => {
      m.learner.objective["name"] = "count:poisson";
      m.learner.learner_model_param["base_score"] = "-1";
    },
    {},
    /base_score -1 is no positive number, which count:poisson asks for/,
  ],
  ["too few inputs", () => {}, { inputs: [{ name: "a" }] }, /1 inputs are named, the model has 2 features/],
  ["an input twice", () => {}, { inputs: [{ name: "a" }, { name: "a" }] }, /two inputs are called "a"/],
  [
    "an input like an output",
    (m) => (m.learner.feature_names = ["a", "margin"]),
    {},
    /an input cannot be called "margin"/,
  ],
  ["classes for a regression", () => {}, { classes: [1, 2] }, /does not classify/],
  ["rounds beyond the file", () => {}, { rounds: 3 }, /rounds 3 is not between 1 and 2/],
  [
    "texts for a number",
    () => {},
    { inputs: [{ name: "a", categories: ["x"] }, { name: "b" }] },
    /does not treat this column as a category/,
  ],
];
test.each(refused)("%s is refused", (_name, change, options, message) => {
  const convert = () => convertXgboost(small(change), options);
  expect(convert).toThrow(IngotError);
  expect(convert).toThrow(message);
});

test("other categories than the file's are refused", () => {
  const model = fixture("categories-kinds-3.2.0");
  const inputs = model.featureNames!.map((name) => (name === "sex" ? { name, categories: ["f", "m"] } : { name }));
  expect(() => convertXgboost(model, { inputs })).toThrow(/these are not the categories in the model file/);
});

test("several labels inside of a pipeline are refused, which has no place for their matrix", () => {
  expect(() => boostedXgboost(fixture("labels-3.2.0"), {})).toThrow(
    /multi-label\) is not converted inside of a pipeline/,
  );
});
