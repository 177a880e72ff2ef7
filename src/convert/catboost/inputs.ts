// The inputs of the graph and the float64 matrix that the trees look at: float32 values, and positions of categories.
import { type ColumnType, IngotError, type InputSpec, quoted } from "../../core/index.ts";
import { type CatboostModel, catboostColumns } from "../../formats/index.ts";
import { Float, type GraphBuilder, type Value } from "../../onnx/index.ts";
import { checkInputNames } from "../columns.ts";
import type { ConvertOptions } from "../converter.ts";
import { categoryHash, longestCategory } from "./category_hash.ts";

type Given = NonNullable<ConvertOptions["inputs"]>[number];

export interface CatboostInputs {
  readonly inputs: InputSpec[];
  /** `[N, columns]` float64. */
  readonly matrix: Value;
}

/** @throws IngotError INPUT_INVALID, MODEL_UNSUPPORTED */
export function emitInputs(g: GraphBuilder, model: CatboostModel, options: ConvertOptions): CatboostInputs {
  const columns = catboostColumns(model);
  const [only, ...others] = options.inputs ?? [];
  const isNameless = model.categorical.length === 0 && columns.every((column) => !column.hasName);
  if (isNameless && others.length === 0 && columns.length > 1) {
    const name = only?.name ?? "features";
    const value = g.input(name, "float32", ["N", columns.length]);
    const spec: InputSpec = {
      name,
      type: "float",
      dtype: "float32",
      shape: [columns.length],
      layout: "batch",
      missing: "allow",
    };
    return { inputs: [spec], matrix: double(g, value) };
  }
  const given = options.inputs;
  if (given && given.length !== columns.length)
    throw new IngotError("INPUT_INVALID", {
      what: `${given.length} inputs are named, the model has ${columns.length} columns`,
      where: model.source,
      fix: "name all of them, in the model's order",
    });
  const names = columns.map((column, at) => given?.[at]?.name ?? column.name);
  checkInputNames(names, model.source);
  const inputs: InputSpec[] = [];
  const values = columns.map((column, at) => {
    const name = names[at]!;
    const { spec, value } =
      column.type === "category"
        ? emitCategory(g, model, column.position, name, given?.[at])
        : emitNumber(g, name, given?.[at]);
    inputs.push(spec);
    return value;
  });
  return {
    inputs,
    matrix: values.length === 1 ? values[0]! : g.op("Concat", values, { axis: 1 }, { name: "features" }),
  };
}

function emitNumber(g: GraphBuilder, name: string, given: Given | undefined) {
  const type: ColumnType = given?.type === "int" || given?.type === "bool" ? given.type : "float";
  const spec: InputSpec = { name, type, dtype: "float32", shape: [], layout: "column", missing: "allow" };
  return { spec, value: double(g, g.input(name, "float32", ["N", 1])) };
}

/**
 * The file holds hashes of the categories only, so the project names them. Those that no split asks for, and any other text, are
 * answered alike: by none of the one-hot splits.
 */
function emitCategory(g: GraphBuilder, model: CatboostModel, position: number, name: string, given: Given | undefined) {
  const { hashes } = model.categorical[position]!;
  const categories = given?.categories ?? [];
  if (categories.length === 0 && hashes.length > 0)
    throw new IngotError("INPUT_INVALID", {
      what: `the model compares ${quoted(name)} with ${hashes.length} categories, of which the file keeps only hashes`,
      where: `${model.source}: inputs.${name}`,
      fix: `name the categories of the training data under \`inputs.${name}.categories\``,
    });
  const texts = categories.map(String);
  const tooLong = texts.find((text) => Buffer.byteLength(text) > longestCategory);
  if (tooLong !== undefined)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `category ${quoted(tooLong)} is longer than ${longestCategory} bytes`,
      where: `inputs.${name}.categories`,
      fix: "train with shorter names of categories",
    });
  const positions = texts.map((text) => hashes.indexOf(categoryHash(text)));
  const absent = hashes.filter((_, i) => !positions.includes(i));
  if (absent.length > 0)
    throw new IngotError("INPUT_INVALID", {
      what: `${absent.length} of the ${hashes.length} categories that the model splits on are not among those named for ${quoted(name)}`,
      where: `inputs.${name}.categories`,
      fix: "name all categories of the training data, spelled as there",
    });
  const isNumber = categories.length > 0 && categories.every((category) => Number.isSafeInteger(category));
  const spec: InputSpec = {
    name,
    type: isNumber ? "int" : "string",
    dtype: isNumber ? "int64" : "string",
    shape: [],
    layout: "column",
    missing: "refuse",
    ...(categories.length === 0 ? {} : { categories: isNumber ? (categories as number[]) : texts }),
  };
  const raw = g.input(name, spec.dtype, ["N", 1]);
  const known = texts.flatMap((text, i) => (positions[i]! >= 0 ? [{ text, position: positions[i]! }] : []));
  if (known.length === 0 && !isNumber) known.push({ text: "", position: -1 });
  const keys = isNumber
    ? { keys_int64s: known.map(({ text }) => Number(text)) }
    : { keys_strings: known.map(({ text }) => text) };
  const code = g.op(
    "LabelEncoder",
    [raw],
    { ...keys, values_floats: Float32Array.from(known, (entry) => entry.position), default_float: new Float(-1) },
    { domain: "ai.onnx.ml", name: "code", results: [{ dtype: "float32", shape: raw.shape }] },
  );
  return { spec, value: double(g, code) };
}

function double(g: GraphBuilder, value: Value): Value {
  return g.op("Cast", [value], { to: 11 });
}
