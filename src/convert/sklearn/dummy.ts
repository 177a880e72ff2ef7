// Estimators that do not look at X. Rule: sklearn/dummy.py, DummyClassifier.predict and predict_proba, DummyRegressor.predict.
import { type Fitted, PyFloat } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { Columns, Estimator } from "./estimator.ts";
import { argMax, readTargets } from "./tree_classes.ts";

const dummyClassifierClass = "sklearn.dummy.DummyClassifier";
const dummyRegressorClass = "sklearn.dummy.DummyRegressor";

export const dummyClassifier: Estimator = {
  classes: [dummyClassifierClass],
  read(self) {
    const targets = readTargets(self);
    const all = targets.map((classes, target) => probabilitiesOf(self, target, targets.length, classes.length));
    return {
      columns: null,
      classify: {
        targets,
        isExact: true,
        emit: (x, { g }) =>
          all.map((row) => ({
            index: repeated(g, x, g.constant(int64([argMax(Float64Array.from(row), 0, row.length)])), []),
            probabilities: repeated(g, x, g.constant(float64(row, [1, row.length])), [row.length]),
          })),
        evaluate: ({ rows }) =>
          all.map((row) => ({
            index: new Int32Array(rows).fill(argMax(Float64Array.from(row), 0, row.length)),
            probabilities: { rows, columns: row.length, data: tiled(row, rows) },
          })),
      },
    };
  },
};

export const dummyRegressor: Estimator = {
  classes: [dummyRegressorClass],
  read(self) {
    const constant = dummyValues(self)!;
    const columns = constant.length;
    const dims = columns === 1 ? [] : [columns];
    return {
      columns: null,
      regress: {
        targets: columns === 1 ? null : columns,
        isExact: true,
        emit: (x, { g }) => repeated(g, x, g.constant(float64(constant, [1, ...dims])), dims),
        evaluate: ({ rows }) => ({ rows, columns, data: tiled(constant, rows) }),
      },
    };
  },
};

/** What a DummyRegressor answers; null for another class. */
export function dummyValues(self: Fitted): number[] | null {
  return self.className === dummyRegressorClass ? Array.from(self.floats("constant_")) : null;
}

/** `predict_proba` of a DummyClassifier of one target; null for another class. */
export function dummyProbabilities(self: Fitted): number[] | null {
  if (self.className !== dummyClassifierClass) return null;
  const targets = readTargets(self);
  return probabilitiesOf(self, 0, targets.length, targets[0]!.length);
}

function probabilitiesOf(self: Fitted, target: number, targets: number, count: number): number[] {
  // Before 1.0 the strategy in force was kept beside the parameter.
  const strategy = self.optionalString("_strategy") ?? self.string("strategy");
  const priors = () => {
    const own = targets === 1 ? self.floats("class_prior_") : floatsAt(self, "class_prior_", target);
    if (own.length !== count) throw self.invalid(`has ${count} classes and ${own.length} priors`);
    return own;
  };
  const only = (position: number) => Array.from({ length: count }, (_, k) => (k === position ? 1 : 0));
  switch (strategy) {
    case "prior":
      return Array.from(priors());
    case "most_frequent":
      return only(argMax(priors(), 0, count));
    case "constant": {
      const constants = self.get("constant");
      const isOne = targets === 1 && (typeof constants !== "object" || constants instanceof PyFloat);
      const constant = isOne ? constants : self.items("constant")[target];
      const position = readTargets(self)[target]!.findIndex((each) => sameClass(each, constant));
      if (position < 0) throw self.invalid("answers a constant that is none of its classes");
      return only(position);
    }
    default:
      throw self.unsupported(`draws its answers at random (strategy="${strategy}")`, 'use strategy="prior"');
  }
}

function sameClass(one: string | number | boolean, other: unknown): boolean {
  return one === (typeof other === "object" && other !== null && "value" in other ? other.value : other);
}

function floatsAt(self: Fitted, name: string, position: number): Float64Array {
  const item = self.items(name)[position];
  if (item === undefined || item === null || typeof item !== "object" || !("floats" in item))
    throw self.invalid(`has no \`${name}\` of target ${position}`);
  return item.floats();
}

/** One row for each of X. */
function repeated(g: GraphBuilder, x: Columns, row: Value, dims: readonly number[]): Value {
  const first = x.blocks[0]!.value;
  const count = g.op("Shape", [first], { start: 0, end: 1 });
  const shape = dims.length === 0 ? count : g.op("Concat", [count, g.constant(int64(dims))], { axis: 0 });
  return g.op("Expand", [row, shape], {}, { results: [{ dtype: row.dtype, shape: ["N", ...dims] }] });
}

function tiled(row: readonly number[], rows: number): Float64Array {
  const data = new Float64Array(rows * row.length);
  for (let i = 0; i < rows; i++) data.set(row, i * row.length);
  return data;
}
