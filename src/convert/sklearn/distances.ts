// Distances between rows, in the graph and outside of it. Computed from differences: the library's own expansion |x|² - 2xy + |y|²
// loses digits where rows are close, which is its error and not a rule. Rule: sklearn/metrics/pairwise.py, scipy/spatial/distance.py.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, constantRow, transposed } from "./dense.ts";
import type { Matrix } from "./estimator.ts";

export interface Metric {
  readonly name: "euclidean" | "sqeuclidean" | "manhattan" | "chebyshev" | "minkowski";
  /** Exponent of `minkowski`. */
  readonly p?: number;
}

/** `[N, M]` from x `[N, F]` to each row of `others` `[M, F]`. */
export function emitDistances(g: GraphBuilder, x: Value, others: Matrix, metric: Metric): Value {
  const wide = g.op("Unsqueeze", [x, g.constant(int64([1]))]);
  const rows = g.constant(float64(others.data, [1, others.rows, others.columns]), "rows");
  const difference = g.op("Sub", [wide, rows]);
  const axis = g.constant(int64([2]));
  const sum = (value: Value) => g.op("ReduceSum", [value, axis], { keepdims: 0 });
  switch (metric.name) {
    case "sqeuclidean":
      return sum(g.op("Mul", [difference, difference]));
    case "euclidean":
      return g.op("Sqrt", [sum(g.op("Mul", [difference, difference]))]);
    case "manhattan":
      return sum(g.op("Abs", [difference]));
    case "chebyshev":
      return g.op("ReduceMax", [g.op("Abs", [difference]), axis], { keepdims: 0 });
    case "minkowski": {
      const powers = sum(g.op("Pow", [g.op("Abs", [difference]), constantNumber(g, metric.p!)]));
      return g.op("Pow", [powers, constantNumber(g, 1 / metric.p!)]);
    }
  }
}

/** The same feature by feature, for many rows: differences of all features at once are `[N, M, F]`. */
export function emitFeatureDistances(g: GraphBuilder, x: Value, rows: Matrix, { name, p }: Metric): Value {
  const turned = transposed(rows);
  let total: Value | null = null;
  for (let f = 0; f < rows.columns; f++) {
    const own = constantRow(g, turned.data.subarray(f * rows.rows, (f + 1) * rows.rows));
    const difference = g.op("Sub", [g.op("Gather", [x, g.constant(int64([f]))], { axis: 1 }), own]);
    const size = name === "euclidean" || name === "sqeuclidean" ? difference : g.op("Abs", [difference]);
    const term =
      size === difference
        ? g.op("Mul", [difference, difference])
        : name === "minkowski"
          ? g.op("Pow", [size, constantNumber(g, p!)])
          : size;
    total = total ? g.op(name === "chebyshev" ? "Max" : "Add", [total, term]) : term;
  }
  if (name === "euclidean") return g.op("Sqrt", [total!], {}, { name: "distances" });
  return name === "minkowski" ? g.op("Pow", [total!, constantNumber(g, 1 / p!)]) : total!;
}

export function distanceRows(x: Matrix, others: Matrix, metric: Metric): Matrix {
  const data = new Float64Array(x.rows * others.rows);
  const features = x.columns;
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < others.rows; j++) {
      let value = 0;
      for (let f = 0; f < features; f++) {
        const distance = Math.abs(x.data[i * features + f]! - others.data[j * features + f]!);
        if (metric.name === "manhattan") value += distance;
        else if (metric.name === "chebyshev") value = Math.max(value, distance);
        else if (metric.name === "minkowski") value += distance ** metric.p!;
        else value += distance * distance;
      }
      if (metric.name === "euclidean") value = Math.sqrt(value);
      else if (metric.name === "minkowski") value **= 1 / metric.p!;
      data[i * others.rows + j] = value;
    }
  return { rows: x.rows, columns: others.rows, data };
}
