// The estimators inside one another as one line: `Pipeline → ColumnTransformer(num: SimpleImputer | cat: OneHotEncoder) → Ridge`.
import type { Fitted } from "../python/fitted.ts";
import { NdArray } from "../python/ndarray.ts";
import { PyList, PyObject, PyTuple, type PyValue } from "../python/values.ts";

const deepest = 24;

/** Ensembles that say by their name what they are made of. */
const ownTrees = /^(RandomForest|ExtraTrees|GradientBoosting|IsolationForest|RandomTreesEmbedding)/;

/** What an estimator is made of, by where it keeps the others. */
interface Part {
  /** Empty where there is no name to it. */
  readonly name: string;
  readonly part: Fitted | string;
}

/** Class without modules. */
export function shortClass(self: Fitted): string {
  return self.className.split(".").at(-1) ?? "";
}

export function isPipeline(self: Fitted): boolean {
  return shortClass(self) === "Pipeline" && self.get("steps") instanceof PyList;
}

/** Steps of a pipeline without those that do nothing. */
export function pipelineSteps(self: Fitted): Part[] {
  return pairs(self, "steps", 1);
}

/** The estimator tree in one line. */
export function pictureOf(self: Fitted, depth = 0): string {
  if (depth > deepest) return "…";
  if (isPipeline(self)) {
    const steps = pipelineSteps(self).map(({ part }) => textOf(part, depth));
    return [...(depth === 0 ? ["Pipeline"] : []), ...steps].join(" → ") || "Pipeline";
  }
  const parts = partsOf(self);
  if (parts.length === 0) return shortClass(self);
  const inner = parts.map(({ name, part }) => (name ? `${name}: ` : "") + textOf(part, depth));
  return `${shortClass(self)}(${inner.join(" | ")})`;
}

/** Estimators directly inside, whichever attribute holds them. */
export function partsOf(self: Fitted): Part[] {
  if (ownTrees.test(shortClass(self))) return [];
  for (const name of ["best_estimator_", "regressor_", "estimator_"])
    if (self.get(name) instanceof PyObject) return [{ name: "", part: self.child(name) }];
  const columns = pairs(self, self.has("transformers_") ? "transformers_" : "transformers", 1);
  if (columns.length > 0) return columns;
  const union = pairs(self, "transformer_list", 1);
  if (union.length > 0) return union;
  const named = pairs(self, "estimators", 1);
  if (named.length > 0) {
    const final = self.get("final_estimator_");
    return final instanceof PyObject ? [...named, { name: "final", part: self.at(final, "final_estimator_") }] : named;
  }
  for (const name of ["estimator", "base_estimator", "regressor"])
    if (self.get(name) instanceof PyObject) return [{ name: "", part: self.child(name) }];
  return [];
}

/** Whether other estimators are found at all below this object: trees of a forest are not parts. */
export function estimatorClasses(self: Fitted): string[] {
  const classes = new Set<string>();
  const seen = new Set<PyValue>();
  const visit = (object: Fitted, depth: number): void => {
    if (depth > deepest || seen.has(object.value)) return;
    seen.add(object.value);
    classes.add(object.className);
    const parts = isPipeline(object) ? pipelineSteps(object) : partsOf(object);
    for (const { part } of parts) if (typeof part !== "string") visit(part, depth + 1);
  };
  visit(self, 0);
  return [...classes];
}

function textOf(part: Fitted | string, depth: number): string {
  return typeof part === "string" ? part : pictureOf(part, depth + 1);
}

/** `(name, estimator, …)` tuples of an attribute; `drop` and None are left out, `passthrough` is kept. */
function pairs(self: Fitted, attribute: string, at: number): Part[] {
  const value = self.get(attribute);
  if (!(value instanceof PyList || value instanceof PyTuple || (value instanceof NdArray && Array.isArray(value.data))))
    return [];
  return self.items(attribute).flatMap((item, index): Part[] => {
    if (!(item instanceof PyTuple || item instanceof PyList)) return [];
    const [name, part] = [item.items[0], item.items[at]];
    if (typeof name !== "string") return [];
    if (part instanceof PyObject) return [{ name, part: self.at(part, `${attribute}[${index}][${at}]`) }];
    return part === "passthrough" ? [{ name, part }] : [];
  });
}
