// What a person sees of a pickled Python object: a scikit-learn estimator above all.
import { IngotError } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { attributesOf } from "../python/attributes.ts";
import type { Fitted } from "../python/fitted.ts";
import { described, fittedOf } from "../python/fitted_object.ts";
import type { PythonModel } from "../python/model.ts";
import { NdArray } from "../python/ndarray.ts";
import { PyDict, PyList, PyObject, PySet, PyTuple, type PyValue } from "../python/values.ts";
import { classesOf, inputsOf } from "./columns.ts";
import { estimatorClasses, isPipeline, partsOf, pictureOf, pipelineSteps, shortClass } from "./picture.ts";

type Fact = readonly [label: string, value: string | number];

/** Libraries by the first name of their modules. */
const libraries: Readonly<Record<string, string>> = {
  sklearn: "scikit-learn",
  xgboost: "XGBoost",
  lightgbm: "LightGBM",
  catboost: "CatBoost",
  imblearn: "imbalanced-learn",
  torch: "PyTorch",
  numpy: "NumPy",
  scipy: "SciPy",
  pandas: "pandas",
};

export function describePython(model: PythonModel): ModelDescription {
  const { format, formatVersion, source, root } = model;
  const base = { format, ...(formatVersion === undefined ? {} : { formatVersion }) };
  const facts: Fact[] = [...model.facts, ...codeFacts(model.globals)];
  if (!(root instanceof PyObject)) return { ...base, ...plainObject(root, facts, model.globals) };
  const self = fittedOf(root, source);
  const library = libraries[root.className.split(".")[0] ?? ""];
  const producer = library && { name: library, ...(versionOf(self) ? { version: versionOf(self)! } : {}) };
  if (!isEstimator(self)) {
    const { summary: _, ...rest } = plainObject(root, facts, model.globals);
    return { ...base, ...(producer ? { producer } : {}), ...rest, summary: root.className || described(root) };
  }
  const task = taskOf(self);
  const classes = task.includes("classification") ? classesOf(self) : null;
  return {
    ...base,
    ...(producer ? { producer } : {}),
    task,
    summary: pictureOf(self),
    inputs: answered(() => inputsOf(self)) ?? [],
    outputs: outputsOf(self, task, classes),
    facts: [...estimatorFacts(self), ...facts],
  };
}

/** Whether it is something with `fit` and `predict` or `transform`. */
function isEstimator(self: Fitted): boolean {
  return (
    self.version !== null ||
    /^(sklearn|imblearn|xgboost\.sklearn|lightgbm\.sklearn|catboost\.core)\b/.test(self.className)
  );
}

function versionOf(self: Fitted): string | null {
  const found = self.version ?? inner(self)?.version ?? null;
  return self.className.startsWith("sklearn.") ? found : null;
}

/** The estimator that gives the prediction. */
function predictorOf(self: Fitted, depth = 0): Fitted {
  const next = depth < 24 ? inner(self) : null;
  return next ? predictorOf(next, depth + 1) : self;
}

function inner(self: Fitted): Fitted | null {
  if (isPipeline(self)) {
    const last = pipelineSteps(self).at(-1)?.part;
    return typeof last === "object" ? last : null;
  }
  if (
    !/SearchCV$|^FixedThresholdClassifier$|^TunedThresholdClassifierCV$|^TransformedTargetRegressor$/.test(
      shortClass(self),
    )
  )
    return null;
  const part = partsOf(self)[0]?.part;
  return typeof part === "object" ? part : null;
}

function taskOf(self: Fitted): ModelDescription["task"] {
  const predictor = predictorOf(self);
  const name = shortClass(predictor);
  if (/Rank(er)?$/.test(name)) return "ranking";
  const regresses =
    /Regress(or|ion)(CV)?$|SVR$|^(Multi[Tt]ask)?(Ridge|Lasso|ElasticNet|Lars|LassoLars|LassoLarsIC|BayesianRidge|KernelRidge)(CV)?$/;
  if (/^Logistic/.test(name) || !regresses.test(name)) {
    const classes = classesOf(predictor);
    if (classes) return classes.length <= 2 ? "binary classification" : "multiclass classification";
    const count = answered(() => predictor.optionalNumber("n_classes_"));
    if (/Classifier$/.test(name) && count) return count <= 2 ? "binary classification" : "multiclass classification";
    return "unknown";
  }
  return "regression";
}

function outputsOf(
  self: Fitted,
  task: ModelDescription["task"],
  classes: string[] | null,
): ModelDescription["outputs"] {
  if (task === "unknown") return [];
  if (!classes) return [{ name: task === "regression" ? "prediction" : "label", type: "float", shape: [] }];
  const isText = !classes.every((name) => Number.isFinite(Number(name)) && name !== "");
  return [
    { name: "label", type: isText ? "string" : "int", shape: [], classes },
    ...(hasProbabilities(predictorOf(self))
      ? [{ name: "probabilities", type: "float" as const, shape: [classes.length], classes }]
      : []),
  ];
}

function hasProbabilities(self: Fitted): boolean {
  const name = shortClass(self);
  if (
    /^(LinearSVC|RidgeClassifier|RidgeClassifierCV|Perceptron|PassiveAggressiveClassifier|NearestCentroid)$/.test(name)
  )
    return false;
  if (name === "SVC" || name === "NuSVC") return self.get("probability") === true;
  return name !== "SGDClassifier" || ["log", "log_loss", "modified_huber"].includes(String(self.get("loss")));
}

/** Sizes that matter, of the predictor. */
function estimatorFacts(self: Fitted): Fact[] {
  const facts: Fact[] = [];
  const predictor = predictorOf(self);
  const counts: readonly (readonly [attribute: string, label: string])[] = [
    ["n_estimators", "estimators"],
    ["max_depth", "max depth"],
    ["n_iter_", "iterations"],
    ["n_clusters", "clusters"],
    ["n_components", "components"],
    ["n_neighbors", "neighbours"],
    ["C", "C"],
    ["alpha", "alpha"],
    ["learning_rate", "learning rate"],
    ["kernel", "kernel"],
    ["criterion", "criterion"],
    ["loss", "loss"],
    ["objective", "objective"],
  ];
  for (const [attribute, label] of counts) {
    const value = predictor.get(attribute);
    if (typeof value === "string" || typeof value === "number") facts.push([label, value]);
    else if (value && typeof value === "object" && "value" in value && typeof value.value === "number")
      facts.push([label, value.value]);
  }
  const trees = treesOf(predictor);
  if (trees) facts.push(["trees", trees.trees], ["tree nodes", trees.nodes]);
  facts.push(["fitted numbers", countNumbers(self.value)]);
  facts.push(["estimator classes", estimatorClasses(self).join(", ")]);
  return facts;
}

/** Trees below an estimator and their nodes; null where there are none. */
function treesOf(self: Fitted): { trees: number; nodes: number } | null {
  const trees = objectsBelow(self.value).filter((object) => object.className.endsWith("._tree.Tree"));
  if (trees.length === 0) return null;
  const nodes = trees.reduce((sum, tree) => sum + (Number(attributesOf(tree).get("node_count")) || 0), 0);
  return { trees: trees.length, nodes };
}

function countNumbers(root: PyValue): number {
  const arrays = new Set<NdArray>();
  walk(root, (value) => {
    if (value instanceof NdArray && value.dtype.kind !== "O" && value.dtype.kind !== "U") arrays.add(value);
  });
  let count = 0;
  for (const array of arrays) count += array.length * (array.dtype.fields?.length ?? 1);
  return count;
}

function objectsBelow(root: PyValue): PyObject[] {
  const objects: PyObject[] = [];
  walk(root, (value) => {
    if (value instanceof PyObject) objects.push(value);
  });
  return objects;
}

/** Visits everything once, whatever the cycles. */
function walk(root: PyValue, visit: (value: PyValue) => void): void {
  const seen = new Set<PyValue>();
  const open: PyValue[] = [root];
  const add = (value: PyValue | undefined) => {
    if (value === null || typeof value !== "object" || seen.has(value)) return;
    seen.add(value);
    open.push(value);
  };
  while (open.length > 0) {
    const value = open.pop()!;
    visit(value);
    if (value instanceof PyList || value instanceof PyTuple || value instanceof PySet) value.items.forEach(add);
    else if (value instanceof NdArray && Array.isArray(value.data)) (value.data as readonly PyValue[]).forEach(add);
    else if (value instanceof PyDict) addPairs(value.entries, add);
    else if (value instanceof PyObject) {
      value.args.forEach(add);
      add(value.state);
      value.appended?.forEach(add);
      addPairs(value.pairs ?? [], add);
    }
  }
}

function addPairs(pairs: readonly (readonly [PyValue, PyValue])[], add: (value: PyValue) => void): void {
  for (const [key, value] of pairs) {
    add(key);
    add(value);
  }
}

/** cloudpickle and dill carry functions as code; whoever loads the file runs it. */
function codeFacts(globals: readonly string[]): Fact[] {
  const carrier = globals.find((name) => /^(cloudpickle|dill|joblib\.externals\.cloudpickle)\b/.test(name));
  const code = globals.find((name) =>
    /(\.|^)(CodeType|_create_code|_code_ctor|_make_function|_builtin_type)$/.test(name),
  );
  if (!carrier && !code) return [];
  const library = carrier?.includes("dill") ? "dill" : "cloudpickle";
  return [["code inside", code ? `Python code, stored by ${library}` : `stored by ${library}`]];
}

function plainObject(root: PyValue, facts: readonly Fact[], globals: readonly string[]) {
  const shown = globals.slice(0, 40).join(", ") + (globals.length > 40 ? ` … ${globals.length - 40} more` : "");
  const keys = root instanceof PyDict ? root.entries.map(([key]) => key).filter((key) => typeof key === "string") : [];
  return {
    task: "unknown" as const,
    summary: `a Python object: ${described(root)}`,
    inputs: [],
    outputs: [],
    facts: [
      ...(keys.length > 0 ? [["keys", keys.slice(0, 40).join(", ")] as Fact] : []),
      ...facts,
      ...(globals.length > 0 ? [["imports", shown] as Fact] : []),
    ],
  };
}

/** A description leaves out what the file does not hold in a form it knows; conversion says what is wrong. */
function answered<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof IngotError) return null;
    throw error;
  }
}
