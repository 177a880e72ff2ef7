// The inputs of the graph: a column per named feature, categories by name; or one matrix where the file has no names.
import { type ColumnType, IngotError, type InputSpec, quoted } from "../../core/index.ts";
import {
  columnTypeOf,
  type LightgbmCategory,
  type LightgbmColumn,
  type LightgbmModel,
  lightgbmColumns,
} from "../../formats/index.ts";
import { float64, type GraphBuilder, strings, type Value } from "../../onnx/index.ts";
import { absentFrom, checkInputNames } from "../columns.ts";
import type { ConvertOptions } from "../converter.ts";

export interface Inputs {
  readonly inputs: InputSpec[];
  /** [N, features] float64: numbers as they come, categories as codes. */
  readonly raw: Value;
  /** Features whose values are codes already, -1 where there is none. */
  readonly codes: ReadonlySet<number>;
  readonly notes: string[];
}

/** @throws IngotError MODEL_UNSUPPORTED when it is not known whose categories the file lists, INPUT_INVALID for options that do not fit */
export function emitInputs(g: GraphBuilder, model: LightgbmModel, options: ConvertOptions): Inputs {
  const { columns, unnamed, categoriesPlaced } = lightgbmColumns(model);
  // A model without names has one input: naming just that one renames it.
  const [only, ...others] = options.inputs ?? [];
  const renamesMatrix =
    unnamed && only !== undefined && others.length === 0 && (columns.length > 1 || only.name === "features");
  const named = renamesMatrix ? undefined : options.inputs;
  if (named && named.length !== columns.length)
    throw new IngotError("INPUT_INVALID", {
      what: `${named.length} inputs are named, the model has ${columns.length} features`,
      where: model.source,
      fix: "name all of them, in the model's order",
    });
  if (!categoriesPlaced && !named?.some((input) => input.categories))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `the file lists the categories of ${model.pandasCategorical?.length} columns, but not of which`,
      where: `${model.source}: pandas_categorical`,
      fix: "name the categories of each such column under `inputs`",
    });
  if (unnamed && !named) {
    const size = columns.length;
    const name = only?.name ?? "features";
    const raw = g.input(name, "float64", ["N", size]);
    const spec: InputSpec = {
      name,
      type: "float",
      dtype: "float64",
      shape: [size],
      layout: "batch",
      missing: "allow",
    };
    return { inputs: [spec], raw, codes: new Set(), notes: [] };
  }
  checkInputNames(named?.map((input) => input.name) ?? model.featureNames, model.source);
  const codes = new Set<number>();
  const inputs: InputSpec[] = [];
  const values = columns.map((column, index) => {
    const given = named?.[index];
    const categories = categoriesOf(model, column, given?.categories);
    const merged: LightgbmColumn = { ...column, name: given?.name ?? column.name, ...(categories && { categories }) };
    const { spec, value } = emitColumn(g, merged, given?.type);
    if (merged.categories && merged.isCategorical) codes.add(index);
    inputs.push(spec);
    return value;
  });
  const raw = values.length === 1 ? values[0]! : g.op("Concat", values, { axis: 1 }, { name: "features" });
  return { inputs, raw, codes, notes: [] };
}

/**
 * The categories behind a column's codes. The file's own, where it says whose they are: a project may repeat them, in any order, not
 * change them. Else the project's: texts need codes, and numbers only stand for codes when the file lists just them.
 */
function categoriesOf(
  model: LightgbmModel,
  column: LightgbmColumn,
  given: readonly (string | number)[] | undefined,
): readonly LightgbmCategory[] | undefined {
  const own = column.categories;
  if (!given || own) {
    const foreign = given?.find((value) => typeof own![0] === typeof value && !own!.includes(value));
    if (foreign === undefined) return own;
    throw new IngotError("INPUT_INVALID", {
      what: `${quoted(foreign)} is not among the categories that the model has for ${quoted(column.name)}`,
      where: model.source,
      fix: "leave `categories` out: they are in the model file",
    });
  }
  const listed = model.pandasCategorical?.some(
    (list) => list.length === given.length && list.every((value, index) => value === given[index]),
  );
  return typeof given[0] === "string" || listed ? given : undefined;
}

function emitColumn(
  g: GraphBuilder,
  column: LightgbmColumn,
  wanted: string | undefined,
): { spec: InputSpec; value: Value } {
  const { name, categories } = column;
  const type = columnTypeOf(column);
  const shared = { name, shape: [], layout: "column" as const, missing: "allow" as const };
  if (!categories) {
    const value = g.input(name, "float64", ["N", 1]);
    const declared: ColumnType = wanted === "int" || wanted === "bool" ? wanted : "float";
    return { spec: { ...shared, type: declared, dtype: "float64" }, value };
  }
  if (type === "string") {
    const missingValue = absentFrom(categories as readonly string[]);
    const text = g.input(name, "string", ["N", 1]);
    const spec: InputSpec = {
      ...shared,
      type,
      dtype: "string",
      missingValue,
      categories: categories as readonly string[],
    };
    return { spec, value: textCodes(g, text, categories as readonly string[], column.isCategorical) };
  }
  const number = g.input(name, "float64", ["N", 1]);
  const known = type === "bool" ? {} : { categories: categories as readonly number[] };
  return {
    spec: { ...shared, type, dtype: "float64", ...known },
    value: numberCodes(g, number, categories, column.isCategorical),
  };
}

/** Position among the categories; others get -1, or NaN where ranks are compared. */
function textCodes(g: GraphBuilder, text: Value, categories: readonly string[], isCategorical: boolean): Value {
  const code = g.op(
    "LabelEncoder",
    [text],
    {
      keys_tensor: strings(categories),
      values_tensor: {
        dtype: "int64",
        dims: [categories.length],
        data: BigInt64Array.from(categories, (_, i) => BigInt(i)),
      },
      default_tensor: { dtype: "int64", dims: [1], data: BigInt64Array.of(-1n) },
    },
    { domain: "ai.onnx.ml", name: "code", results: [{ dtype: "int64", shape: text.shape }] },
  );
  const number = g.op("Cast", [code], { to: 11 });
  return isCategorical ? number : ranks(g, number);
}

/** The same for numbers and booleans, told by comparison: float64 keys of LabelEncoder are not supported everywhere. */
function numberCodes(
  g: GraphBuilder,
  number: Value,
  categories: readonly LightgbmCategory[],
  isCategorical: boolean,
): Value {
  const count = categories.length;
  const values = g.constant(float64(categories.map(Number), [1, count]), "categories");
  const positions = g.constant(
    float64(
      Array.from({ length: count }, (_, i) => i),
      [1, count],
    ),
    "positions",
  );
  const found = g.op("Where", [g.op("Equal", [number, values]), positions, g.constant(float64([-1], []))]);
  const code = g.op(
    "ReduceMax",
    [found, g.constant({ dtype: "int64", dims: [1], data: BigInt64Array.of(1n) })],
    { keepdims: 1 },
    { name: "code" },
  );
  return isCategorical ? code : ranks(g, code);
}

/** Ordered categories are compared by rank, where a value that is none of them is missing. */
function ranks(g: GraphBuilder, code: Value): Value {
  const unknown = g.op("Less", [code, g.constant(float64([0], []))]);
  return g.op("Where", [unknown, g.constant(float64([Number.NaN], []), "nan"), code], {}, { name: "rank" });
}
