// The columns that a fitted scikit-learn object takes, as far as it says.
import type { ModelDescription } from "../format.ts";
import type { Fitted } from "../python/fitted.ts";
import { NdArray, numberOf } from "../python/ndarray.ts";
import { PyDict, PyFloat, PyList, PyObject, PyTuple, type PyValue } from "../python/values.ts";
import { isPipeline, partsOf, pipelineSteps, shortClass } from "./picture.ts";

type Input = ModelDescription["inputs"][number];
type Categories = readonly (string | number)[];

const deepest = 24;
const encoders = new Set(["OneHotEncoder", "OrdinalEncoder", "TargetEncoder"]);

/** One input per named column; without names one array `X`; none where not even their number is known. */
export function inputsOf(self: Fitted): Input[] {
  const categories = new Map<string | number, Categories>();
  collectCategories(self, null, categories, 0);
  const names = namesOf(self, 0);
  if (names)
    return names.map((name, index) => {
      const known = categories.get(name) ?? categories.get(index);
      return { name, type: typeOf(known), shape: [], ...(known ? { categories: known } : {}) };
    });
  const count = countOf(self, 0);
  if (count === null) return [];
  const text = [...categories.values()].some((list) => typeOf(list) === "string");
  return [{ name: "X", type: text ? "string" : "float", shape: [count] }];
}

function typeOf(categories: Categories | undefined): Input["type"] {
  if (!categories || categories.length === 0) return "float";
  if (typeof categories[0] === "string") return "string";
  return categories.every((value) => Number.isInteger(value)) ? "int" : "float";
}

/** Where an estimator leaves it to the first one inside it to know its columns. */
function first(self: Fitted): Fitted | null {
  const class_ = shortClass(self);
  if (isPipeline(self)) {
    const step = pipelineSteps(self).find(({ part }) => typeof part !== "string")?.part;
    return typeof step === "object" ? step : null;
  }
  if (class_ === "ColumnTransformer") return null;
  const part = partsOf(self)[0]?.part;
  return typeof part === "object" ? part : null;
}

/** Names of the columns that an estimator was fitted on; null where it had none. */
export function featureNamesOf(self: Fitted): string[] | null {
  return namesOf(self, 0);
}

/** How many columns an estimator takes; null where nothing says it. */
export function featureCountOf(self: Fitted): number | null {
  return countOf(self, 0);
}

function namesOf(self: Fitted, depth: number): string[] | null {
  if (depth > deepest) return null;
  for (const name of ["feature_names_in_", "_feature_names_in", "_df_columns"]) {
    const value = self.get(name);
    if (value instanceof NdArray && (value.dtype.kind === "U" || isText(value))) return value.strings();
  }
  const inside = first(self);
  return inside && namesOf(inside, depth + 1);
}

function isText(array: NdArray): boolean {
  return Array.isArray(array.data) && array.length > 0 && array.data.every((item) => typeof item === "string");
}

function countOf(self: Fitted, depth: number): number | null {
  if (depth > deepest) return null;
  for (const name of ["n_features_in_", "n_features_", "_n_features", "n_features", "_n_features_in"]) {
    const value = numberOf(self.get(name));
    if (value !== undefined && value >= 0) return value;
  }
  for (const name of ["coef_", "mean_", "scale_", "statistics_"]) {
    const value = self.get(name);
    if (value instanceof NdArray && value.shape.length > 0) return value.shape.at(-1)!;
  }
  const inside = first(self);
  return inside && countOf(inside, depth + 1);
}

/** Categories of encoders, by the name or position of their column. `columns` are those of the whole input, null = all in order. */
function collectCategories(
  self: Fitted,
  columns: readonly (string | number)[] | null,
  into: Map<string | number, Categories>,
  depth: number,
): void {
  if (depth > deepest) return;
  const class_ = shortClass(self);
  if (encoders.has(class_) && self.has("categories_")) {
    self.items("categories_").forEach((list, index) => {
      const column = columns ? columns[index] : index;
      const values = list instanceof NdArray ? plain(list) : null;
      if (column !== undefined && values) into.set(column, values);
    });
    return;
  }
  if (class_ === "ColumnTransformer" && columns === null) {
    const name = self.has("transformers_") ? "transformers_" : "transformers";
    if (!self.has(name)) return;
    self.items(name).forEach((item, index) => {
      if (!(item instanceof PyTuple) || !(item.items[1] instanceof PyObject)) return;
      const list = columnList(item.items[2]);
      if (list) collectCategories(self.at(item.items[1], `${name}[${index}][1]`), list, into, depth + 1);
    });
    return;
  }
  // Only what comes first sees the columns as they are; imputers and encoders keep their order.
  for (const step of isPipeline(self) ? pipelineSteps(self) : []) {
    if (typeof step.part === "string") continue;
    collectCategories(step.part, columns, into, depth + 1);
    if (!shortClass(step.part).endsWith("Imputer")) return;
  }
  if (!isPipeline(self) && partsOf(self).length === 1) {
    const part = partsOf(self)[0]!.part;
    if (typeof part !== "string") collectCategories(part, columns, into, depth + 1);
  }
}

function columnList(value: PyValue | undefined): (string | number)[] | null {
  const items =
    value instanceof PyList || value instanceof PyTuple
      ? value.items
      : value instanceof NdArray && "iuUO".includes(value.dtype.kind)
        ? value.values()
        : [value];
  const list = items.filter((item): item is string | number => typeof item === "string" || typeof item === "number");
  return list.length === items.length ? list : null;
}

/** Text and numbers as they are; null where something else (None, dates) is among them. */
function plain(array: NdArray): Categories | null {
  if (!"biufUO".includes(array.dtype.kind)) return null;
  const values = array.values().map((value) => (value instanceof PyFloat ? value.value : value));
  return values.every((value) => typeof value === "string" || typeof value === "number")
    ? (values as Categories)
    : null;
}

/** Labels of a classifier as text, in the order of its probabilities; null where it keeps none. */
export function classesOf(self: Fitted, depth = 0): string[] | null {
  if (depth > deepest) return null;
  for (const name of ["classes_", "_classes"]) {
    const value = self.get(name);
    if (value instanceof NdArray && value.shape.length === 1 && "biufUSO".includes(value.dtype.kind))
      return value.values().map(label);
  }
  const inner = isPipeline(self) ? pipelineSteps(self).at(-1)?.part : partsOf(self)[0]?.part;
  return typeof inner === "object" ? classesOf(inner, depth + 1) : null;
}

function label(value: PyValue): string {
  if (value instanceof PyFloat) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return value instanceof PyDict ? "?" : String(value);
}
