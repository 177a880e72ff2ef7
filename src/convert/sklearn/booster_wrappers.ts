// XGBoost, LightGBM and CatBoost under the names of scikit-learn: xgboost/sklearn.py, lightgbm/sklearn.py, catboost/core.py, predict and
// predict_proba of each class.
import type { Fitted } from "../../formats/index.ts";
import { float64, GraphBuilder, int64, type Tensor, type Value } from "../../onnx/index.ts";
import type { Answer, Boosted } from "../answers.ts";
import type { Converted, ConvertOptions, Tolerance } from "../converter.ts";
import { type Booster, catboostBooster, lightgbmBooster, xgboostBooster } from "./boosters.ts";
import { denseRows, emitDense } from "./dense.ts";
import type { Classes, Classify, ClassValues, Estimator, Matrix, Regress, Step, Table } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

const xgboostNames = (names: readonly string[]) => names.map((name) => `xgboost.sklearn.${name}`);
const lightgbmNames = (names: readonly string[]) => names.map((name) => `lightgbm.sklearn.${name}`);
const catboostNames = (names: readonly string[]) => names.map((name) => `catboost.core.${name}`);

const fromXgboost = (self: Fitted) => xgboostBooster(self, self.child("_Booster"), false);
const fromLightgbm = (self: Fitted) => lightgbmBooster(self, self.child("_Booster"));

function classifier(names: readonly string[], read: (self: Fitted) => Booster): Estimator {
  return { classes: names, read: (self) => withSparse(self, read(self), classifierStep) };
}

/** @param answer what `predict` returns where the model's own answers are several */
function regressor(names: readonly string[], read: (self: Fitted) => Booster, answer?: string): Estimator {
  return {
    classes: names,
    read: (self) => withSparse(self, read(self), (holder, booster) => regressorStep(holder, booster, answer)),
  };
}

function withSparse(self: Fitted, booster: Booster, step: (self: Fitted, booster: Booster) => Step): Step {
  const dense = step(self, booster);
  if (!self.className.startsWith("xgboost.")) return dense;
  return { ...dense, whenSparse: () => step(self, { ...booster, boosted: () => withoutZeros(booster.boosted()) }) };
}

export const xgboostClassifier = classifier(xgboostNames(["XGBClassifier", "XGBRFClassifier"]), fromXgboost);
export const xgboostRegressor = regressor(
  xgboostNames(["XGBRegressor", "XGBRFRegressor", "XGBRanker", "XGBModel"]),
  fromXgboost,
);
export const lightgbmClassifier = classifier(lightgbmNames(["LGBMClassifier"]), fromLightgbm);
export const lightgbmRegressor = regressor(lightgbmNames(["LGBMRegressor", "LGBMRanker", "LGBMModel"]), fromLightgbm);
export const catboostClassifier = classifier(catboostNames(["CatBoostClassifier"]), catboostBooster);
export const catboostRegressor = regressor(catboostNames(["CatBoostRegressor"]), catboostBooster);
export const catboostRaw = regressor(catboostNames(["CatBoost", "CatBoostRanker"]), catboostBooster, "margin");

/** A few units in the last place of a float32. */
const single: Tolerance = { exact: false, absolute: 2 ** -23, relative: 2 ** -21 };

/** What the model answers, on one matrix of features. */
interface Answers {
  readonly columns: Step["columns"];
  readonly answers: readonly Answer[];
  emit(x: Parameters<Classify["emit"]>[0], g: GraphBuilder): Map<string, Value>;
  evaluate(x: Table): Record<string, Tensor>;
}

/** Entries that a sparse matrix does not store are missing to XGBoost (src/data/adapter.h, CSRArrayAdapter). */
function withoutZeros(boosted: Boosted): Boosted {
  return {
    features: boosted.features,
    emit(g, x) {
      const isZero = g.op("Equal", [x, g.constant(float64([0], []))]);
      return boosted.emit(g, g.op("Where", [isZero, g.constant(float64([Number.NaN], [])), x], {}, { name: "stored" }));
    },
    reference(schema) {
      const compute = boosted.reference(schema);
      return ({ features }) => {
        const { dims, data } = features!;
        const stored = Float64Array.from(data as Float64Array, (value) => (value === 0 ? Number.NaN : value));
        return compute({ features: float64(stored, dims) });
      };
    },
  };
}

function answersOf(boosted: Boosted): Answers {
  const input = {
    name: "features",
    type: "float",
    dtype: "float64",
    shape: [boosted.features],
    layout: "batch",
    missing: "allow",
  } as const;
  const g = new GraphBuilder("answers");
  // The answers and their types are known once they are emitted.
  const answers = boosted.emit(g, g.input(input.name, "float64", ["N", boosted.features]));
  const reference = boosted.reference({ inputs: [input], outputs: answers.map(({ spec }) => spec) });
  return {
    columns: numberColumns(boosted.features, true),
    answers,
    emit: (x, builder) =>
      new Map(boosted.emit(builder, emitDense(builder, x)).map(({ spec, value }) => [spec.name, value])),
    evaluate(x) {
      const { rows, columns, data } = denseRows(x);
      return reference({ features: float64(data, [rows, columns]) });
    },
  };
}

function classifierStep(self: Fitted, booster: Booster): Step {
  const { columns, answers, emit, evaluate } = answersOf(booster.boosted());
  const [label, probabilities] = ["label", "probabilities"].map((name) =>
    answers.find(({ spec }) => spec.name === name),
  );
  if (!label)
    throw self.unsupported(
      "was trained on an objective that has no classes",
      "train it with an objective of the library",
    );
  const count = probabilities ? Number(probabilities.spec.shape[0]) : 2;
  const classes: Classes = booster.classes ?? Array.from({ length: count }, (_, k) => k);
  if (classes.length !== count) throw self.invalid(`has ${classes.length} classes, its model ${count}`);
  const classify: Classify = {
    targets: [classes],
    ...(probabilities ? { promise: probabilities.promise } : {}),
    emit(x, { g }) {
      const values = emit(x, g);
      const own: ClassValues = { index: values.get("label")! };
      return [probabilities ? { ...own, probabilities: emitDouble(g, values.get("probabilities")!) } : own];
    },
    evaluate(x) {
      const results = evaluate(x);
      const index = Int32Array.from(results["label"]!.data as ArrayLike<bigint>, Number);
      return [probabilities ? { index, probabilities: matrixOf(results["probabilities"]!) } : { index }];
    },
  };
  return { columns, classify };
}

function regressorStep(self: Fitted, booster: Booster, wanted: string | undefined): Step {
  const { columns, answers, emit, evaluate } = answersOf(booster.boosted());
  const order = [...(wanted ? [wanted] : []), "prediction", "probabilities", "margin", "label"];
  const answer = order.map((name) => answers.find(({ spec }) => spec.name === name)).find((one) => one !== undefined)!;
  const { name, shape } = answer.spec;
  // Of two classes the second one's probability is the prediction.
  const isSecond =
    name === "probabilities" && answers.some(({ spec }) => spec.name === "margin" && spec.shape.length === 0);
  const width = Number(shape[0] ?? 1);
  if (name === "probabilities" && self.className.startsWith("catboost."))
    throw self.unsupported("regresses on a loss that has classes", "use CatBoostClassifier");
  const regress: Regress = {
    targets: isSecond || shape.length === 0 ? null : width,
    ...(answer.promise.exact ? { isExact: true } : {}),
    ...(answer.spec.dtype === "float32"
      ? { promise: single }
      : answer.promise.exact
        ? {}
        : { promise: answer.promise }),
    emit(x, { g }) {
      const value = emitDouble(g, emit(x, g).get(name)!);
      return isSecond ? g.op("Gather", [value, g.constant(int64([1], []))], { axis: 1 }) : value;
    },
    evaluate(x) {
      const all = matrixOf(evaluate(x)[name]!);
      if (!isSecond) return all;
      return { rows: all.rows, columns: 1, data: all.data.filter((_, at) => at % 2 === 1) };
    },
  };
  return { columns, regress };
}

function emitDouble(g: GraphBuilder, value: Value): Value {
  return value.dtype === "float64" ? value : g.op("Cast", [value], { to: 11 });
}

function matrixOf({ dims, data }: Tensor): Matrix {
  return { rows: dims[0]!, columns: dims[1] ?? 1, data: Float64Array.from(data as ArrayLike<number | bigint>, Number) };
}

/**
 * A booster that is the whole file is converted like a file of its library: with named columns, categories and margins.
 * @returns null where it is none, or answers in a way of its own
 */
export function convertBooster(self: Fitted, options: ConvertOptions): Converted | null {
  if (self.className === "xgboost.core.Booster") return xgboostBooster(self, self, true).convert(options);
  if (self.className === "lightgbm.basic.Booster") return lightgbmBooster(self, self).convert(options);
  const isClassifier = [xgboostClassifier, lightgbmClassifier, catboostClassifier].some(({ classes }) =>
    classes.includes(self.className),
  );
  const read = readers.find(([classes]) => classes.includes(self.className))?.[1];
  if (!read) return null;
  const booster = read(self);
  const { classes } = booster;
  // Names of classes are texts or whole numbers there.
  const areNames =
    classes?.every((name) => typeof name === "string") || classes?.every((name) => Number.isSafeInteger(name));
  if (classes && !areNames) return null;
  const own = isClassifier && classes ? { classes: classes as readonly (string | number)[] } : {};
  const converted = booster.convert({ ...own, ...options });
  const answersClasses = converted.schema.outputs.some(({ role }) => role === "label");
  return answersClasses === isClassifier ? converted : null;
}

const readers: readonly [classes: readonly string[], read: (self: Fitted) => Booster][] = [
  [[...xgboostClassifier.classes, ...xgboostRegressor.classes], fromXgboost],
  [[...lightgbmClassifier.classes, ...lightgbmRegressor.classes], fromLightgbm],
  [[...catboostClassifier.classes, ...catboostRegressor.classes, ...catboostRaw.classes], catboostBooster],
];
