// Column-by-column arithmetic. Rules: sklearn/preprocessing/_data.py, transform of each class; the library divides, so a multiplication by
// 1/scale would not have its bits.
import type { Fitted } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, constantRow, denseRows, emitDense, emitRowSum, mapped, oneBlock, tableOf } from "./dense.ts";
import type { Estimator, Matrix, Step } from "./estimator.ts";
import { isBefore } from "./tree_release.ts";

type Row = Float64Array | null;

/** One arithmetic operation of a column with its own constant. */
interface Operation {
  readonly op: "Sub" | "Div" | "Mul" | "Add";
  readonly row: Float64Array;
}

const compute: Readonly<Record<Operation["op"], (a: number, b: number) => number>> = {
  Sub: (a, b) => a - b,
  Div: (a, b) => a / b,
  Mul: (a, b) => a * b,
  Add: (a, b) => a + b,
};
const opposite: Readonly<Record<Operation["op"], Operation["op"]>> = { Sub: "Add", Add: "Sub", Mul: "Div", Div: "Mul" };

export const named = (name: string) => [`sklearn.preprocessing._data.${name}`, `sklearn.preprocessing.data.${name}`];

function arithmetic(
  features: number,
  operations: readonly (Operation | null)[],
  limits?: readonly [low: number, high: number],
): Step {
  const steps = operations.filter((operation) => operation !== null);
  const emit = (g: GraphBuilder, x: Value, list: readonly Operation[]) =>
    list.reduce((value, { op, row }) => g.op(op, [value, constantRow(g, row)]), x);
  const evaluate = (x: Matrix, list: readonly Operation[]) =>
    list.reduce((value, { op, row }) => mapped(value, (one, _row, k) => compute[op](one, row[k % row.length]!)), x);
  const back = steps.toReversed().map(({ op, row }) => ({ op: opposite[op], row }));
  // NaN stays NaN, as in np.clip.
  const cut = (value: number) =>
    limits && value < limits[0] ? limits[0] : limits && value > limits[1] ? limits[1] : value;
  return {
    columns: Array.from({ length: features }, () => ({ type: "number", missing: true })),
    transform: {
      isExact: true,
      width: features,
      emit(x, { g }) {
        const value = emit(g, emitDense(g, x), steps);
        if (!limits) return oneBlock(value, features);
        const low = g.op("Where", [
          g.op("Less", [value, constantNumber(g, limits[0])]),
          constantNumber(g, limits[0]),
          value,
        ]);
        return oneBlock(
          g.op("Where", [g.op("Greater", [low, constantNumber(g, limits[1])]), constantNumber(g, limits[1]), low]),
          features,
        );
      },
      evaluate: (x) => tableOf(mapped(evaluate(denseRows(x), steps), cut)),
      inverse: {
        emit: (x, { g }) => oneBlock(emit(g, emitDense(g, x), back), features),
        evaluate: (x) => tableOf(evaluate(denseRows(x), back)),
      },
    },
  };
}

function rowOf(self: Fitted, name: string): Row {
  return self.has(name) ? self.floats(name) : null;
}

function countOf(self: Fitted, ...rows: Row[]): number {
  const count = rows.find((row) => row !== null)?.length ?? self.optionalNumber("n_features_in_");
  if (count === null || count === undefined)
    throw self.unsupported("does not say how many columns it takes", "fit it with a newer scikit-learn");
  return count;
}

const operation = (op: Operation["op"], row: Row): Operation | null => row && { op, row };

export const standardScaler: Estimator = {
  classes: named("StandardScaler"),
  read(self) {
    const mean = self.boolean("with_mean") ? rowOf(self, "mean_") : null;
    const scale = self.boolean("with_std") ? rowOf(self, "scale_") : null;
    return arithmetic(countOf(self, mean, scale, rowOf(self, "mean_")), [
      operation("Sub", mean),
      operation("Div", scale),
    ]);
  },
};

export const minMaxScaler: Estimator = {
  classes: named("MinMaxScaler"),
  read(self) {
    const [scale, least] = [self.floats("scale_"), self.floats("min_")];
    const [low, high] = self.array("feature_range").floats() as unknown as [number, number];
    const limits: [number, number] | undefined = self.get("clip") === true ? [low, high] : undefined;
    return arithmetic(scale.length, [operation("Mul", scale), operation("Add", least)], limits);
  },
};

export const maxAbsScaler: Estimator = {
  classes: named("MaxAbsScaler"),
  read(self) {
    const scale = self.floats("scale_");
    // `clip` since 1.7
    return arithmetic(scale.length, [operation("Div", scale)], self.get("clip") === true ? [-1, 1] : undefined);
  },
};

export const robustScaler: Estimator = {
  classes: named("RobustScaler"),
  read(self) {
    const center = self.boolean("with_centering") ? rowOf(self, "center_") : null;
    const scale = self.boolean("with_scaling") ? rowOf(self, "scale_") : null;
    return arithmetic(countOf(self, center, scale), [operation("Sub", center), operation("Div", scale)]);
  },
};

/** Rule: normalize() and _handle_zeros_in_scale(): rows divided by their norm; one below ten epsilons (before 1.0: of 0) becomes 1. */
export const normalizer: Estimator = {
  classes: named("Normalizer"),
  read(self) {
    const norm = self.string("norm");
    const features = countOf(self, null);
    const least = isBefore(self.version, 1, 0) ? Number.MIN_VALUE : 10 * 2 ** -52;
    const emitNorm: Readonly<Record<string, (g: GraphBuilder, x: Value) => Value>> = {
      l1: (g, x) => emitRowSum(g, g.op("Abs", [x])),
      l2: (g, x) => g.op("Sqrt", [emitRowSum(g, g.op("Mul", [x, x]))]),
      max: (g, x) => g.op("ReduceMax", [g.op("Abs", [x]), g.constant(int64([1]))], { keepdims: 1 }),
    };
    const normOf: Readonly<Record<string, (row: Float64Array) => number>> = {
      l1: (row) => row.reduce((sum, value) => sum + Math.abs(value), 0),
      l2: (row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)),
      max: (row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    };
    if (!Object.hasOwn(emitNorm, norm)) throw self.unsupported(`normalizes by ${norm}`);
    return {
      columns: Array.from({ length: features }, () => ({ type: "number" })),
      transform: {
        width: features,
        emit(x, { g }) {
          const raw = emitDense(g, x);
          const size = emitNorm[norm]!(g, raw);
          const divisor = g.op("Where", [g.op("Less", [size, constantNumber(g, least)]), constantNumber(g, 1), size]);
          return oneBlock(g.op("Div", [raw, divisor], {}, { name: "normalized" }), features);
        },
        evaluate(x) {
          const raw = denseRows(x);
          const sizes = Array.from({ length: raw.rows }, (_, row) =>
            atLeast(normOf[norm]!(raw.data.subarray(row * features, (row + 1) * features)), least),
          );
          return tableOf(mapped(raw, (value, row) => value / sizes[row]!));
        },
      },
    };
  },
};

export const binarizer: Estimator = {
  classes: named("Binarizer"),
  read(self) {
    const threshold = self.number("threshold");
    const features = countOf(self, null);
    return {
      columns: Array.from({ length: features }, () => ({ type: "number" })),
      transform: {
        isExact: true,
        width: features,
        emit: (x, { g }) =>
          oneBlock(
            g.op("Cast", [g.op("Greater", [emitDense(g, x), constantNumber(g, threshold)])], { to: 11 }),
            features,
          ),
        evaluate: (x) => tableOf(mapped(denseRows(x), (value) => Number(value > threshold))),
      },
    };
  },
};

/** 1 in place of what is too small to divide by. */
function atLeast(size: number, least: number): number {
  return size < least ? 1 : size;
}
