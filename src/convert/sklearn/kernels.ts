// Kernels between rows, in the graph and outside of it. Rules: sklearn/metrics/pairwise.py, rbf_kernel, laplacian_kernel,
// polynomial_kernel, sigmoid_kernel, cosine_similarity; sklearn/svm/src/libsvm/svm.cpp, Kernel::k_function.
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { constantMatrix, constantNumber, emitRowSum, mapped, product, transposed } from "./dense.ts";
import { distanceRows, emitDistances } from "./distances.ts";
import type { Matrix } from "./estimator.ts";

export interface Kernel {
  readonly name: "linear" | "rbf" | "laplacian" | "poly" | "sigmoid" | "cosine";
  readonly gamma: number;
  readonly degree: number;
  readonly coef0: number;
}

const names = ["linear", "rbf", "laplacian", "poly", "sigmoid", "cosine"] as const;

/** The kernel of that name; null where there is none. */
export function kernelNamed(name: string): Kernel["name"] | null {
  return name === "polynomial" ? "poly" : (names.find((each) => each === name) ?? null);
}

/** Metric and exponent of what is an exponential of distances. */
const distanceOf = { rbf: "sqeuclidean", laplacian: "manhattan" } as const;

/** `[N, M]` */
export function emitKernel(g: GraphBuilder, x: Value, others: Matrix, { name, gamma, degree, coef0 }: Kernel): Value {
  const number = (value: number) => constantNumber(g, value);
  if (name === "rbf" || name === "laplacian") {
    const distances = emitDistances(g, x, others, { name: distanceOf[name] });
    return g.op("Exp", [g.op("Mul", [distances, number(-gamma)])], {}, { name: "kernel" });
  }
  if (name === "cosine") {
    const norm = g.op("Sqrt", [emitRowSum(g, g.op("Mul", [x, x]))]);
    const divisor = g.op("Where", [g.op("Equal", [norm, number(0)]), number(1), norm]);
    return g.op("MatMul", [g.op("Div", [x, divisor]), constantMatrix(g, transposed(unitRows(others)))]);
  }
  // A number times a product would become a float32 attribute of ONNX Runtime's fused product: it is taken into the constant.
  const rows = name === "linear" ? others : mapped(others, (value) => value * gamma);
  const dot = g.op("MatMul", [x, constantMatrix(g, transposed(rows), "rows")]);
  if (name === "linear") return dot;
  const inner = g.op("Add", [dot, number(coef0)]);
  return name === "poly" ? g.op("Pow", [inner, number(degree)]) : g.op("Tanh", [inner]);
}

function unitRows(matrix: Matrix): Matrix {
  const norms = Float64Array.from({ length: matrix.rows }, (_, row) =>
    Math.sqrt(
      matrix.data
        .subarray(row * matrix.columns, (row + 1) * matrix.columns)
        .reduce((sum, value) => sum + value * value, 0),
    ),
  );
  return mapped(matrix, (value, row) => value / (norms[row]! || 1));
}

export function kernelRows(x: Matrix, others: Matrix, { name, gamma, degree, coef0 }: Kernel): Matrix {
  if (name === "rbf" || name === "laplacian")
    return mapped(distanceRows(x, others, { name: distanceOf[name] }), (value) => Math.exp(-gamma * value));
  if (name === "cosine") return product(unitRows(x), transposed(unitRows(others)));
  const dot = product(x, transposed(others));
  if (name === "linear") return dot;
  return mapped(dot, (value) =>
    name === "poly" ? (gamma * value + coef0) ** degree : Math.tanh(gamma * value + coef0),
  );
}
