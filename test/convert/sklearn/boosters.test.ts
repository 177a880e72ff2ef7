// XGBoost, LightGBM and CatBoost under the names of scikit-learn, pickled: against what the library answered, in the graph and without it.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Converted, type ConvertOptions, convertModel } from "../../../src/convert/index.ts";
import { sklearnConverter } from "../../../src/convert/sklearn/index.ts";
import {
  detectFormat,
  memoryFile,
  PyDict,
  PyGlobal,
  PyObject,
  type PythonModel,
  type PyValue,
} from "../../../src/formats/index.ts";
import { type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { type Cell, numberOf } from "../fixture.ts";

interface BoosterCase {
  readonly case: string;
  readonly model: string;
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
  readonly answers: Readonly<Record<string, readonly Cell[]>>;
}

const folder = path.join(import.meta.dirname, "../../../fixtures/sklearn_boosters");
const files = readdirSync(folder).filter((name) => name.endsWith(".json.gz"));
const casesOf = (file: string) =>
  JSON.parse(gunzipSync(readFileSync(path.join(folder, file))).toString()) as BoosterCase[];
const methods: Readonly<Record<string, string>> = {
  label: "predict",
  prediction: "predict",
  probabilities: "predict_proba",
};

test.each(files)("%s", async (file) => {
  for (const one of casesOf(file)) await compare(one, file);
});

test("the rounds of a booster alone can be chosen, those of a pipeline cannot", async () => {
  const cases = casesOf(files.find((name) => name.startsWith("xgboost-3"))!);
  const alone = await converted(cases.find((one) => one.case === "regressor")!, { rounds: 3 });
  expect(alone.notes.join()).toContain("the first 3 of 12 rounds are used");
  const inside = cases.find((one) => one.case === "regressor in a pipeline")!;
  await expect(converted(inside, { rounds: 3 })).rejects.toThrow("`rounds` cannot be chosen");
});

const unreadable: [name: string, className: string, attributes: [string, PyValue][], message: RegExp][] = [
  [
    "a binary of XGBoost before 1.0 that is cut off",
    "xgboost.core.Booster",
    [["handle", Uint8Array.of(0, 0, 0, 63, 13)]],
    /needs 136 bytes, 5 left/,
  ],
  ["no booster", "xgboost.sklearn.XGBClassifier", [["n_estimators", 3]], /`_Booster`/],
  ["a booster without model", "lightgbm.basic.Booster", [["best_iteration", 0]], /holds no model/],
  ["CatBoost that was not fitted", "catboost.core.CatBoostRegressor", [["depth", 3]], /was not fitted/],
];

test.each(unreadable)("%s is refused", (_name, className, attributes, message) => {
  const at = className.lastIndexOf(".");
  const root = new PyObject(new PyGlobal(className.slice(0, at), className.slice(at + 1)), []);
  const state = new PyDict();
  state.entries.push(...attributes);
  root.state = state;
  expect(() => sklearnConverter.convert({ root, source: "model.pkl" } as PythonModel, {})).toThrow(message);
});

async function converted(one: BoosterCase, options?: ConvertOptions): Promise<Converted> {
  const source = memoryFile(Buffer.from(one.model, "base64"), "model.pkl");
  const format = await detectFormat(source);
  return convertModel(format, await format.read(source), options);
}

async function compare(one: BoosterCase, file: string): Promise<void> {
  const { model, schema, promises, reference } = await converted(one);
  const columns = Object.entries(one.columns);
  const rows = columns[0]![1].length;
  const feeds = Object.fromEntries(
    schema.inputs.map(({ name, dtype, shape, missingValue = "" }, position): [string, Tensor] => {
      if (dtype === "string") {
        const values = one.columns[name]!;
        return [
          name,
          { dtype, dims: [rows, 1], data: values.map((value) => (value === null ? missingValue : String(value))) },
        ];
      }
      const width = shape.length === 0 ? 1 : columns.length;
      const from = shape.length === 0 ? (one.columns[name] ?? columns[position]![1]) : null;
      const data = Float64Array.from({ length: rows * width }, (_, at) =>
        numberOf(from ? from[at]! : columns[at % width]![1][Math.floor(at / width)]!),
      );
      return [
        name,
        { dtype, dims: [rows, width], data: dtype === "float32" ? Float32Array.from(data) : data } as Tensor,
      ];
    }),
  );
  const results: [string, Record<string, Tensor>][] = [["evaluation", reference!(feeds)]];
  for (const runtime of ["native", "micro"] as const) {
    const predictor = await openPredictor({ bytes: writeModel(model) }, schema, { runtime });
    results.push([runtime, await predictor.run(feeds)]);
    await predictor.close();
  }
  expect(schema.outputs.length).toBeGreaterThan(0);
  for (const { name } of schema.outputs) {
    const expected = methods[name] && one.answers[methods[name]];
    if (!expected) continue;
    const promise = promises[name]!;
    for (const [by, outputs] of results) {
      const where = `${file}: ${one.case}, ${name} by ${by}`;
      expect(outputs[name]!.data.length, where).toBe(expected.length);
      expected.forEach((want, at) => {
        const got = outputs[name]!.data[at]!;
        const [number, goal] = [Number(got), numberOf(want)];
        const limit = promise.exact ? 0 : promise.absolute + promise.relative * Math.abs(goal);
        const agrees = typeof want === "string" && want !== "NaN" ? got === want : Math.abs(number - goal) <= limit;
        if (!agrees) expect.fail(`${where}: value ${at} is ${got}, not ${want}`);
      });
    }
  }
}
