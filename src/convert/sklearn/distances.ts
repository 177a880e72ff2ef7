// Distances between rows, in the graph and outside of it. Computed from differences: the library's own expansion |x|² - 2xy + |y|²
// loses digits where rows are close, which is its error and not a rule. Rule: sklearn/metrics/pairwise.py, scipy/spatial/distance.py.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, constantRow, transposed } from "./dense.ts";
import type { Matrix } from "./estimator.ts";

export interface Metric {
  readonly name:
    | "euclidean"
    | "sqeuclidean"
    | "manhattan"
    | "chebyshev"
    | "minkowski"
    | "cosine"
    | "canberra"
    | "braycurtis";
  /** Exponent of `minkowski`. */
  readonly p?: number;
}

/** `[N, M]` from x `[N, F]` to each row of `others` `[M, F]`. */
export function emitDistances(
  g: GraphBuilder,
  x: Value,
  others: Matrix,
  metric: Metric & { readonly name: "euclidean" | "sqeuclidean" | "manhattan" | "chebyshev" | "minkowski" },
): Value {
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
export function emitFeatureDistances(g: GraphBuilder, x: Value, rows: Matrix, metric: Metric): Value {
  const { name, p } = metric;
  if (name === "cosine") return emitCosineDistances(g, x, rows);
  const turned = transposed(rows);
  let total: Value | null = null;
  let sizes: Value | null = null;
  for (let f = 0; f < rows.columns; f++) {
    const own = constantRow(g, turned.data.subarray(f * rows.rows, (f + 1) * rows.rows));
    const value = g.op("Gather", [x, g.constant(int64([f]))], { axis: 1 });
    const difference = g.op("Sub", [value, own]);
    const size = () => g.op("Abs", [difference]);
    let term: Value;
    if (name === "euclidean" || name === "sqeuclidean") term = g.op("Mul", [difference, difference]);
    else if (name === "minkowski") term = g.op("Pow", [size(), constantNumber(g, p!)]);
    else if (name === "canberra") {
      const both = g.op("Add", [g.op("Abs", [value]), g.op("Abs", [own])]);
      // 0 of 0 is 0.
      const divisor = g.op("Where", [g.op("Equal", [both, constantNumber(g, 0)]), constantNumber(g, 1), both]);
      term = g.op("Div", [size(), divisor]);
    } else term = size();
    total = total ? g.op(name === "chebyshev" ? "Max" : "Add", [total, term]) : term;
    if (name !== "braycurtis") continue;
    const sum = g.op("Abs", [g.op("Add", [value, own])]);
    sizes = sizes ? g.op("Add", [sizes, sum]) : sum;
  }
  if (name === "euclidean") return g.op("Sqrt", [total!], {}, { name: "distances" });
  if (name === "minkowski") return g.op("Pow", [total!, constantNumber(g, 1 / p!)]);
  return name === "braycurtis" ? g.op("Div", [total!, sizes!]) : total!;
}

/** 1 minus the product of rows of length 1, between 0 and 2; a row of zeros stays. Rule: sklearn/metrics/pairwise.py, cosine_distances. */
function emitCosineDistances(g: GraphBuilder, x: Value, rows: Matrix): Value {
  const length = g.op("Sqrt", [g.op("ReduceSum", [g.op("Mul", [x, x]), g.constant(int64([1]))], { keepdims: 1 })]);
  const divisor = g.op("Where", [g.op("Equal", [length, constantNumber(g, 0)]), constantNumber(g, 1), length]);
  const others = transposed(unitRows(rows));
  const products = g.op("MatMul", [
    g.op("Div", [x, divisor]),
    g.constant(float64(others.data, [others.rows, others.columns]), "rows"),
  ]);
  const distances = g.op("Sub", [constantNumber(g, 1), products]);
  return g.op("Min", [g.op("Max", [distances, constantNumber(g, 0)]), constantNumber(g, 2)], {}, { name: "distances" });
}

function unitRows({ rows, columns, data }: Matrix): Matrix {
  const scaled = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * columns, (row + 1) * columns);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0)) || 1;
    scaled.set(
      own.map((value) => value / length),
      row * columns,
    );
  }
  return { rows, columns, data: scaled };
}

export function distanceRows(x: Matrix, others: Matrix, metric: Metric): Matrix {
  const data = new Float64Array(x.rows * others.rows);
  const isCosine = metric.name === "cosine";
  const [from, to] = isCosine ? [unitRows(x), unitRows(others)] : [x, others];
  const between = distanceOf(metric);
  for (let i = 0; i < x.rows; i++) {
    const a = from.data.subarray(i * x.columns, (i + 1) * x.columns);
    for (let j = 0; j < others.rows; j++)
      data[i * others.rows + j] = between(a, to.data.subarray(j * x.columns, (j + 1) * x.columns));
  }
  return { rows: x.rows, columns: others.rows, data };
}

function distanceOf({ name, p }: Metric): (a: Float64Array, b: Float64Array) => number {
  const sum = (term: (difference: number, a: number, b: number) => number) => (a: Float64Array, b: Float64Array) => {
    let total = 0;
    for (let f = 0; f < a.length; f++) total += term(Math.abs(a[f]! - b[f]!), a[f]!, b[f]!);
    return total;
  };
  const squares = sum((difference) => difference * difference);
  const absolute = sum((difference) => difference);
  switch (name) {
    case "sqeuclidean":
      return squares;
    case "euclidean":
      return (a, b) => Math.sqrt(squares(a, b));
    case "manhattan":
      return absolute;
    case "minkowski": {
      const powers = sum((difference) => difference ** p!);
      return (a, b) => powers(a, b) ** (1 / p!);
    }
    case "canberra":
      return sum((difference, a, b) => (difference === 0 ? 0 : difference / (Math.abs(a) + Math.abs(b))));
    case "braycurtis": {
      const sizes = sum((_difference, a, b) => Math.abs(a + b));
      return (a, b) => absolute(a, b) / sizes(a, b);
    }
    case "cosine": {
      const products = sum((_difference, a, b) => a * b);
      return (a, b) => Math.min(Math.max(1 - products(a, b), 0), 2);
    }
    case "chebyshev":
      return (a, b) => {
        let most = 0;
        for (let f = 0; f < a.length; f++) most = Math.max(most, Math.abs(a[f]! - b[f]!));
        return most;
      };
  }
}
