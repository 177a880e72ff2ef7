// Names, categories, classes and rounds: what the project file may add to a LightGBM model, and what is refused.
import { expect, test } from "vitest";
import type { ConvertOptions } from "../../../src/convert/index.ts";
import { convertLightgbm } from "../../../src/convert/lightgbm/index.ts";
import { IngotError } from "../../../src/core/index.ts";
import { lightgbmColumns, readLightgbm } from "../../../src/formats/index.ts";
import { modelText, type TreeParts } from "../../formats/lightgbm/text.ts";
import { readCase, readModelFile } from "../fixture.ts";

const leaf: TreeParts = { num_leaves: 1, num_cat: 0, leaf_value: "0.5" };
const model = (lines: Record<string, string | null>, trees = [leaf]) =>
  readLightgbm(new TextEncoder().encode(modelText(lines, trees)), "model.txt");
const fixture = (name: string) => readLightgbm(readModelFile(readCase("lightgbm", name)), name);
const unnamed = { feature_names: "Column_0 Column_1" };

test("an unnamed model takes one matrix; naming its columns makes them inputs", () => {
  expect(convertLightgbm(model(unnamed)).schema.inputs).toMatchObject([
    { name: "features", shape: [2], layout: "batch" },
  ]);
  expect(convertLightgbm(model(unnamed), { inputs: [{ name: "x" }] }).schema.inputs).toMatchObject([
    { name: "x", shape: [2] },
  ]);
  expect(
    convertLightgbm(model(unnamed), { inputs: [{ name: "age", type: "int" }, { name: "fare" }] }).schema.inputs,
  ).toMatchObject([
    { name: "age", type: "int", dtype: "float64", shape: [], layout: "column", missing: "allow" },
    { name: "fare", type: "float" },
  ]);
});

test("categories become inputs of their own kind", () => {
  const { inputs } = convertLightgbm(fixture("categories-kinds-4.7.0")).schema;
  expect(inputs.map(({ name, type, dtype, categories }) => [name, type, dtype, categories])).toEqual([
    ["island", "string", "string", ["Biscoe", "Dream", "Torgersen"]],
    ["year", "int", "float64", [2007, 2008, 2009]],
    ["bill_length_mm", "float", "float64", undefined],
    ["depth_class", "float", "float64", [3.5, 4, 4.5, 5, 5.5]],
    ["flipper_length_mm", "float", "float64", undefined],
    ["heavy", "bool", "float64", undefined],
    ["sex", "string", "string", ["female", "male"]],
  ]);
});

test("ordered categoricals are told from the others where only one way fits", () => {
  const { columns } = lightgbmColumns(fixture("categories-ordered-4.7.0"));
  expect(columns.map(({ name, isCategorical, categories }) => [name, isCategorical, categories?.length])).toEqual([
    ["island", true, 3],
    ["year", true, 3],
    ["bill_length_mm", false, undefined],
    ["depth_class", false, 5],
    ["flipper_length_mm", false, undefined],
    ["heavy", true, 2],
    ["sex", false, 2],
  ]);
});

test("a missing text is sent as something that is no category", () => {
  const { inputs } = convertLightgbm(model({ feature_infos: "0:1 0:1", pandas: '[["","?"],["a","b"]]' })).schema;
  expect(inputs.map((input) => input.missingValue)).toEqual(["??", ""]);
});

test("classes name the label and the probabilities", () => {
  const { outputs } = convertLightgbm(model({}), { classes: ["no", "yes"] }).schema;
  expect(outputs).toMatchObject([
    { name: "label", type: "string", dtype: "string", shape: [] },
    { name: "probabilities", dtype: "float64", shape: [2], classes: ["no", "yes"] },
    { name: "margin", dtype: "float64", shape: [] },
  ]);
  expect(convertLightgbm(model({}), { classes: [3, 7] }).schema.outputs[0]).toMatchObject({
    type: "int",
    dtype: "int64",
  });
});

test("rounds are counted in iterations, and told", () => {
  const { notes } = convertLightgbm(fixture("multiclass-4.7.0"), { rounds: 4 });
  expect(notes).toEqual(["the first 4 of 6 iterations are used"]);
});

const refused: [name: string, lines: Record<string, string | null>, options: ConvertOptions, message: RegExp][] = [
  ["too few inputs", {}, { inputs: [{ name: "a" }] }, /1 inputs are named, the model has 2 features/],
  ["an input twice", {}, { inputs: [{ name: "a" }, { name: "a" }] }, /two inputs are called "a"/],
  ["an input like an output", { feature_names: "a margin" }, {}, /an input cannot be called "margin"/],
  ["three classes for two", {}, { classes: [1, 2, 3] }, /3 classes are named, the model has 2/],
  ["classes for a regression", { objective: "regression" }, { classes: [1, 2] }, /does not classify/],
  ["rounds beyond the file", {}, { rounds: 2 }, /rounds 2 is not between 1 and 1/],
  ["no rounds", {}, { rounds: 0 }, /rounds 0 is not between 1 and 1/],
  ["a missing value", {}, { missing: -999 }, /no value besides NaN that stands for a missing one/],
  [
    "categories of nobody",
    { feature_infos: "[0:1] [0:1]", pandas: '[["x","y"]]' },
    {},
    /lists the categories of 1 columns, but not of which/,
  ],
];
test.each(refused)("%s is refused", (_name, lines, options, message) => {
  const convert = () => convertLightgbm(model(lines), options);
  expect(convert).toThrow(message);
  expect(convert).toThrow(IngotError);
});

test("categories of nobody are accepted once the project says whose they are", () => {
  const lines = { feature_infos: "[0:1] [0:1]", pandas: '[["x","y"]]' };
  const { inputs } = convertLightgbm(model(lines), {
    inputs: [{ name: "a" }, { name: "b", categories: ["x", "y"] }],
  }).schema;
  expect(inputs.map((input) => input.type)).toEqual(["float", "string"]);
});

test("a project may repeat the categories of the file in another order, which keep their codes", () => {
  const lines = { feature_infos: "0:1 0:1", pandas: '[["x","y"],["a","b"]]' };
  const inputs = [{ name: "a", categories: ["y", "x"] }, { name: "b" }];
  expect(convertLightgbm(model(lines), { inputs }).schema.inputs[0]!.categories).toEqual(["x", "y"]);
  const other = [{ name: "a", categories: ["y", "z"] }, { name: "b" }];
  expect(() => convertLightgbm(model(lines), { inputs: other })).toThrow(/"z" is not among the categories/);
});

test("numbers that a project lists for a number are not codes", () => {
  const inputs = [{ name: "a", categories: [1, 2, 3] }, { name: "b" }];
  const { model: graph, schema } = convertLightgbm(model({}), { inputs });
  expect(schema.inputs[0]).toMatchObject({ type: "float", dtype: "float64" });
  expect(graph.graph.nodes.map((node) => node.opType)).not.toContain("ReduceMax");
});

test("leaves with more terms than a tree has levels are refused", () => {
  const count = 1025;
  const linear: TreeParts = {
    ...leaf,
    is_linear: 1,
    leaf_const: "1",
    num_features: count,
    leaf_features: "0 ".repeat(count),
    leaf_coeff: "1 ".repeat(count),
  };
  expect(() => convertLightgbm(model({}, [linear]))).toThrow(/tree 0 has 1 linear leaves of up to 1025 terms/);
});

test("category sets beyond all bounds are refused", () => {
  const words = 200_000;
  const tree: TreeParts = {
    num_leaves: 2,
    num_cat: 1,
    split_feature: "0",
    threshold: "0",
    decision_type: "1",
    left_child: "-1",
    right_child: "-2",
    leaf_value: "1 2",
    cat_boundaries: `0 ${words}`,
    cat_threshold: "4294967295 ".repeat(words),
  };
  expect(() => convertLightgbm(model({}, Array(11).fill(tree)))).toThrow(
    /up to tree 10 hold more than 67108864 categories/,
  );
});
