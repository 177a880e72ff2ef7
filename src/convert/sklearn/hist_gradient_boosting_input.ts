// What histogram gradient boosting sees: float64 columns. From scikit-learn 1.4 on, models with categorical features encode them first,
// and place them in front. Rule: sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py, _preprocess_X.
import { type Fitted, NdArray, PyFloat, PyTuple, type PyValue } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { ColumnNeed, Columns, Emission, Table } from "./estimator.ts";
import { asByte } from "./hist_gradient_boosting_nodes.ts";
import { scalar } from "./tree_classes.ts";
import { isBefore } from "./tree_release.ts";

type Category = string | number | boolean | null;

/** One feature of the trees. */
interface Feature {
  /** Column of X. */
  readonly column: number;
  /** Categories of the encoder, by code; null of features that are seen as they are. */
  readonly categories: readonly Category[] | null;
  /** Seen as it is, but as a category: cut off to a byte. From 1.2 on negative ones are missing; before, they were bytes too. */
  readonly code: "none" | "positive" | "any";
}

export interface HistInput {
  readonly columns: readonly ColumnNeed[];
  readonly features: readonly Feature[];
}

/** @param isCategorical of the features, in the order in which the trees number them */
export function readHistInput(self: Fitted, isCategorical: readonly boolean[]): HistInput {
  const encoder = self.optionalChild("_preprocessor");
  if (!encoder) {
    const kind = isBefore(self.version, 1, 2) ? "any" : "positive";
    const features = isCategorical.map(
      (is, column): Feature => ({ column, categories: null, code: is ? kind : "none" }),
    );
    return { columns: features.map(() => ({ type: "number", missing: true })), features };
  }
  const flags = self.floats("is_categorical_");
  const categories = encodedCategories(self, encoder);
  const [coded, plain]: [Feature[], Feature[]] = [[], []];
  flags.forEach((flag, column) => {
    if (flag) coded.push({ column, categories: categories[coded.length] ?? [], code: "none" });
    else plain.push({ column, categories: null, code: "none" });
  });
  if (coded.length !== categories.length || flags.length !== isCategorical.length)
    throw self.invalid(
      `encodes ${categories.length} columns of ${flags.length}, of which ${coded.length} are categorical`,
    );
  const features = [...coded, ...plain];
  const columns: ColumnNeed[] = Array.from(flags, () => ({ type: "number", missing: true }));
  for (const { column, categories: own } of coded)
    if (own)
      columns[column] = {
        type: own.some((each) => typeof each === "string") ? "text" : "any",
        categories: own,
        missing: true,
      };
  return { columns, features };
}

/** `categories_` of the OrdinalEncoder inside the preprocessor; a missing value at their end is none. */
function encodedCategories(self: Fitted, preprocessor: Fitted): Category[][] {
  for (const [i, item] of preprocessor.items("transformers_").entries()) {
    if (!(item instanceof PyTuple) || item.items[0] !== "encoder") continue;
    const encoder = preprocessor.at(item.items[1]!, `transformers_[${i}][1]`);
    return encoder.items("categories_").map((each) => {
      if (!(each instanceof NdArray)) throw encoder.invalid("has `categories_` that are no arrays");
      return each.values().map((value) => categoryOf(encoder, value));
    });
  }
  throw self.invalid("has a `_preprocessor` without an encoder");
}

function categoryOf(self: Fitted, value: PyValue): Category {
  if (value instanceof PyFloat) return Number.isNaN(value.value) ? null : value.value;
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  throw self.unsupported("has categories that are neither text nor numbers");
}

/** float64 `[N, features]` in the order of the trees. */
export function emitHistMatrix(x: Columns, { g }: Emission, { features }: HistInput): Value {
  const only = x.blocks.length === 1 && x.blocks[0]!.value.dtype === "float64" ? x.blocks[0]!.value : null;
  const asIs = features.every(({ column, categories, code }, i) => column === i && !categories && code === "none");
  if (only && asIs) return only;
  const columns = features.map(({ column, categories, code }) => {
    const value = emitColumn(g, x, column);
    if (categories) return emitCodes(g, value, categories);
    return code === "none" ? value : emitByte(g, value, code);
  });
  return columns.length === 1 ? columns[0]! : g.op("Concat", columns, { axis: 1 }, { name: "features" });
}

/** `[N, 1]` */
function emitColumn(g: GraphBuilder, { blocks }: Columns, column: number): Value {
  let first = 0;
  for (const { value, width } of blocks) {
    const at = column - first;
    if (at < width)
      return width === 1 ? value : g.op("Slice", [value, ...[at, at + 1, 1].map((i) => g.constant(int64([i])))]);
    first += width;
  }
  throw new RangeError(`column ${column} of ${first}`);
}

/**
 * Position among the categories; -1 where it is none of them. Not NaN: of that ONNX Runtime (1.30) may find any set of categories to be
 * a member, since it is cast to an integer.
 */
function emitCodes(g: GraphBuilder, value: Value, categories: readonly Category[]): Value {
  const isText = value.dtype === "string";
  const codes = categories.flatMap((category, code) => (category === null ? [] : [[category, code] as const]));
  const keys = codes.map(([category]) => category);
  const numbers = float64(keys.map(Number));
  return g.op(
    "LabelEncoder",
    // -0 is looked up as 0.
    [isText ? value : g.op("Add", [value, scalar(g, 0)])],
    {
      keys_tensor: isText ? { dtype: "string", dims: [keys.length], data: keys.map(String) } : numbers,
      values_tensor: float64(codes.map(([, code]) => code)),
      default_tensor: float64([-1]),
    },
    { domain: "ai.onnx.ml", name: "codes", results: [{ dtype: "float64", shape: value.shape }] },
  );
}

/** Categories are looked up as unsigned bytes, see `asByte`; -1 is a missing one. */
function emitByte(g: GraphBuilder, value: Value, code: "positive" | "any"): Value {
  const isNegative = g.op("Less", [value, scalar(g, 0)]);
  const whole = g.op("Where", [isNegative, g.op("Ceil", [value]), g.op("Floor", [value])]);
  const pages = g.op("Floor", [g.op("Div", [whole, scalar(g, 256)])]);
  const rest = g.op("Sub", [whole, g.op("Mul", [pages, scalar(g, 256)])]);
  const isFar = g.op("GreaterOrEqual", [g.op("Abs", [whole]), scalar(g, 2 ** 31)]);
  const byte = g.op("Where", [isFar, scalar(g, 0), rest], {}, { name: "code" });
  const isUnset = g.op("IsNaN", [value]);
  const isMissing = code === "any" ? isUnset : g.op("Or", [isUnset, isNegative]);
  return g.op("Where", [isMissing, scalar(g, -1), byte]);
}

/** Every row as the trees see it, in one array that is filled anew. */
export function* histRows(x: Table, { features }: HistInput): Generator<Float64Array> {
  const lookups = features.map(({ categories }) => categories && new Map(categories.map((each, code) => [each, code])));
  const row = new Float64Array(features.length);
  for (let i = 0; i < x.rows; i++) {
    features.forEach(({ column, code }, f) => {
      const value = x.columns[column]![i]!;
      const lookup = lookups[f];
      if (lookup) row[f] = codeOf(lookup, value);
      else row[f] = seen(Number(value), code);
    });
    yield row;
  }
}

function seen(value: number, code: Feature["code"]): number {
  return code === "none" || Number.isNaN(value) || (code === "positive" && value < 0) ? value : asByte(value);
}

function codeOf(lookup: ReadonlyMap<Category, number>, value: string | number | null): number {
  if (value === null || Number.isNaN(value)) return Number.NaN;
  return lookup.get(value) ?? (value === 0 || value === 1 ? lookup.get(value === 1) : undefined) ?? Number.NaN;
}
