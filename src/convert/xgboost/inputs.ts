// The inputs of the graph and the float32 matrix that the trees look at.
import { type ColumnType, IngotError, type InputSpec } from "../../core/index.ts";
import { tornNote, type XgboostModel, type XgboostTrees, xgboostColumnType } from "../../formats/index.ts";
import { Float, float32, float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { absentFrom, checkInputNames } from "../columns.ts";
import type { ConvertOptions } from "../converter.ts";

export interface Inputs {
  readonly inputs: InputSpec[];
  /** [N, features] float32; NaN is missing; categories are as `cutCategories` leaves them. */
  readonly matrix: Value;
}

/** @throws IngotError INPUT_INVALID for options that do not fit the model */
export function emitInputs(g: GraphBuilder, model: XgboostModel, options: ConvertOptions): Inputs {
  const { numFeature, featureNames } = model;
  const [only, ...others] = options.inputs ?? [];
  const renamesMatrix = !featureNames && only !== undefined && others.length === 0 && numFeature > 1;
  const named = renamesMatrix ? undefined : options.inputs;
  if (named && named.length !== numFeature)
    throw new IngotError("INPUT_INVALID", {
      what: `${named.length} inputs are named, the model has ${numFeature} features`,
      where: model.source,
      fix: "name all of them, in the model's order",
    });
  const nameless = [...model.tornCategories.keys()].some((feature) => !named?.[feature]?.categories?.length);
  if (nameless)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: tornNote(model),
      where: `${model.source}: learner.gradient_booster.model.cats`,
      fix: "name the categories of each such column under `inputs` of ingot.yaml, in the order of the data that it was trained on (`df[column].cat.categories`)",
    });
  const limits = categoryLimits(model.trees);
  if (!named && !featureNames) {
    const name = only?.name ?? "features";
    const raw = g.input(name, "float32", ["N", numFeature]);
    const spec: InputSpec = {
      name,
      type: "float",
      dtype: "float32",
      shape: [numFeature],
      layout: "batch",
      missing: "allow",
    };
    return { inputs: [spec], matrix: preparedMatrix(g, model, raw, options.missing) };
  }
  const names = named?.map((input) => input.name) ?? featureNames!;
  checkInputNames(names, model.source);
  const inputs: InputSpec[] = [];
  const values = names.map((name, feature) => {
    const { spec, value } = emitColumn(g, model, feature, name, named?.[feature], options.missing);
    inputs.push(spec);
    return value;
  });
  const raw = values.length === 1 ? values[0]! : g.op("Concat", values, { axis: 1 }, { name: "features" });
  return { inputs, matrix: cutCategories(g, raw, limits) };
}

/** A matrix of numbers, float32 `[N, features]`, as the trees look at it. */
export function preparedMatrix(g: GraphBuilder, model: XgboostModel, x: Value, missing: number | undefined): Value {
  return cutCategories(g, markMissing(g, x, missing), categoryLimits(model.trees));
}

type Given = NonNullable<ConvertOptions["inputs"]>[number];

function emitColumn(
  g: GraphBuilder,
  model: XgboostModel,
  feature: number,
  name: string,
  given: Given | undefined,
  missing: number | undefined,
): { spec: InputSpec; value: Value } {
  const shared = { name, shape: [], layout: "column" as const, missing: "allow" as const };
  const categories = categoriesOf(model, feature, given?.categories, name);
  if (isText(categories)) {
    const text = g.input(name, "string", ["N", 1]);
    const spec: InputSpec = {
      ...shared,
      type: "string",
      dtype: "string",
      missingValue: absentFrom(categories),
      categories,
    };
    return { spec, value: textCodes(g, text, categories) };
  }
  if (categories) {
    // Float32 would make one of categories like 16777216 and 16777217.
    const dtype = categories.every((category) => Math.fround(category) === category) ? "float32" : "float64";
    const number = g.input(name, dtype, ["N", 1]);
    const spec: InputSpec = { ...shared, type: xgboostColumnType(model, feature), dtype, categories };
    return { spec, value: numberCodes(g, markMissing(g, number, missing), categories) };
  }
  const number = g.input(name, "float32", ["N", 1]);
  const type = declaredType(given?.type) ?? xgboostColumnType(model, feature);
  return { spec: { ...shared, type, dtype: "float32" }, value: markMissing(g, number, missing) };
}

function declaredType(type: string | undefined): ColumnType | undefined {
  return type === "int" || type === "bool" || type === "float" ? type : undefined;
}

function isText(categories: readonly (string | number)[] | null): categories is readonly string[] {
  return categories !== null && typeof categories[0] === "string";
}

/** The names of the categories: the file's own, else the project's for a column of codes. A project may repeat the file's, not change them. */
function categoriesOf(
  model: XgboostModel,
  feature: number,
  given: readonly (string | number)[] | undefined,
  name: string,
): readonly string[] | readonly number[] | null {
  const own = model.categories?.[feature] ?? null;
  if (!given || given.length === 0) return own;
  const refuse = (what: string, fix: string): never => {
    throw new IngotError("INPUT_INVALID", { what, where: `inputs.${name}.categories`, fix });
  };
  if (own) {
    const isSame =
      own.length === given.length &&
      given.every((category) => (own as readonly (string | number)[]).includes(category));
    return isSame
      ? own
      : refuse("these are not the categories in the model file", "leave them out: the file's are used");
  }
  const torn = model.tornCategories.get(feature);
  if (torn !== undefined && given.length !== torn)
    return refuse(
      `${given.length} categories are named, the model has ${torn}`,
      "name all of them, in the model's order",
    );
  if (torn !== undefined && !given.every((category) => typeof category === "string"))
    return refuse("the model's categories are texts", "name them as texts");
  if (new Set(given).size < given.length) return refuse("a category appears twice", "name each once");
  if (given.every((category) => typeof category === "string")) {
    if (model.featureTypes?.[feature] === "c" || torn !== undefined) return given as readonly string[];
    return refuse(
      "the model does not treat this column as a category",
      "texts stand for codes only in categorical columns",
    );
  }
  // Numbers of a column of codes are the codes themselves.
  return null;
}

/** Categories are below this (src/common/categorical.h, OutOfRangeCat). */
export const categoryLimit = 2 ** 24;

/** Features that some split asks for a category, and the smallest number above all categories of their sets. */
export function categoryLimits(trees: XgboostTrees | null): Map<number, number> {
  const limits = new Map<number, number>();
  for (const [node, set] of trees?.sets ?? []) {
    const feature = trees!.feature[node]!;
    limits.set(
      feature,
      set.reduce(
        (most, category) => (category < categoryLimit ? Math.max(most, category + 1) : most),
        limits.get(feature) ?? 0,
      ),
    );
  }
  return limits;
}

/** A value that stands for a missing one (`missing=` of DMatrix) becomes NaN. */
function markMissing(g: GraphBuilder, x: Value, missing: number | undefined): Value {
  if (missing === undefined || Number.isNaN(missing)) return x;
  const single = (value: number) => g.constant(x.dtype === "float64" ? float64([value], []) : float32([value], []));
  return g.op("Where", [g.op("Equal", [x, single(missing)]), single(Number.NaN), x], {}, { name: "missing" });
}

function nan(g: GraphBuilder): Value {
  return g.constant(float32([Number.NaN], []), "nan");
}

/** Position among the categories. XGBoost refuses a category it has not seen; here it is missing, like pandas makes it. */
function textCodes(g: GraphBuilder, text: Value, categories: readonly string[]): Value {
  return g.op(
    "LabelEncoder",
    [text],
    {
      keys_strings: categories,
      values_floats: Float32Array.from(categories, (_, position) => position),
      default_float: new Float(Number.NaN),
    },
    { domain: "ai.onnx.ml", name: "code", results: [{ dtype: "float32", shape: text.shape }] },
  );
}

/** The same for numbers, told by comparison. */
function numberCodes(g: GraphBuilder, number: Value, categories: readonly number[]): Value {
  const dims = [1, categories.length];
  const known = number.dtype === "float64" ? float64(categories, dims) : float32(categories, dims);
  const positions = g.constant(
    float32(
      categories.map((_, position) => position),
      dims,
    ),
    "positions",
  );
  const isEqual = g.op("Equal", [number, g.constant(known, "categories")]);
  const found = g.op("Where", [isEqual, positions, g.constant(float32([-1], []))]);
  const code = g.op("ReduceMax", [found, g.constant(int64([1]))], { keepdims: 1 });
  return g.op("Where", [g.op("Less", [code, g.constant(float32([0], []))]), nan(g), code], {}, { name: "code" });
}

/**
 * Categories as whole numbers that some set may hold, so that no split sees a NaN: ONNX Runtime casts what it looks up in a set to
 * an integer, and what becomes of NaN there depends on the processor. Values below 0 or in no set of the feature become -1, a
 * missing value becomes the feature's limit, which the sets of nodes that send missing values right hold too.
 * Rule: dmlc/xgboost src/common/categorical.h, InvalidCat and AsCat: cut to a whole number; below 0 or from 2^24 on in no set.
 */
function cutCategories(g: GraphBuilder, x: Value, limits: ReadonlyMap<number, number>): Value {
  if (limits.size === 0) return x;
  const width = x.shape!.at(-1) as number;
  const flags = new Uint8Array(width);
  const bounds = new Float32Array(width);
  for (const [feature, bound] of limits) {
    flags[feature] = 1;
    bounds[feature] = bound;
  }
  const isCategory = g.constant({ dtype: "bool", dims: [1, width], data: flags }, "is_category");
  const limit = g.constant({ dtype: "float32", dims: [1, width], data: bounds }, "limit");
  const isIn = g.op("And", [g.op("GreaterOrEqual", [x, g.constant(float32([0], []))]), g.op("Less", [x, limit])]);
  const code = g.op("Where", [isIn, g.op("Floor", [x]), g.constant(float32([-1], []))]);
  const known = g.op("Where", [g.op("IsNaN", [x]), limit, code]);
  return g.op("Where", [isCategory, known, x], {}, { name: "codes" });
}
