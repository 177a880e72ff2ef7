// Matrices of float64, in the graph and outside of it: what linear algebra of estimators is written with.
import type { Fitted } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { Columns, Matrix, Table } from "./estimator.ts";
import { emitMatrix } from "./tree_input.ts";

/** Rows of X as one matrix; text cannot be in it. */
export function denseRows(x: Table): Matrix {
  const columns = x.columns.length;
  const data = new Float64Array(x.rows * columns);
  x.columns.forEach((column, c) => {
    for (let row = 0; row < x.rows; row++) data[row * columns + c] = column[row] as number;
  });
  return { rows: x.rows, columns, data };
}

/** The matrix as columns of a table. */
export function tableOf({ rows, columns, data }: Matrix): Table {
  return {
    rows,
    columns: Array.from({ length: columns }, (_, c) =>
      Float64Array.from({ length: rows }, (_row, row) => data[row * columns + c]!),
    ),
  };
}

/** `[N, width]` as the one block of a step's output. */
export function oneBlock(value: Value, width: number): Columns {
  return { blocks: [{ value, width }] };
}

/** A fitted array of two axes; one axis becomes a single row. @throws IngotError MODEL_INVALID */
export function fittedMatrix(self: Fitted, name: string): Matrix {
  const array = self.array(name);
  const [rows, columns] = array.shape.length === 1 ? [1, array.shape[0]!] : array.shape;
  if (array.shape.length > 2 || rows === undefined || columns === undefined)
    throw self.invalid(`has \`${name}\` of shape [${array.shape}], a matrix is needed`);
  return { rows, columns, data: array.floats() };
}

/** a `[N, M]` times b `[M, K]`, each element added from the first term to the last. */
export function product(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let m = 0; m < a.columns; m++) {
      const factor = a.data[i * a.columns + m]!;
      for (let k = 0; k < b.columns; k++) data[i * b.columns + k]! += factor * b.data[m * b.columns + k]!;
    }
  return { rows: a.rows, columns: b.columns, data };
}

export function transposed({ rows, columns, data }: Matrix): Matrix {
  const turned = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) turned[k * rows + i] = data[i * columns + k]!;
  return { rows: columns, columns: rows, data: turned };
}

/** Every element by its own function of value, row and column. */
export function mapped(
  { rows, columns, data }: Matrix,
  of: (value: number, row: number, column: number) => number,
): Matrix {
  return { rows, columns, data: data.map((value, at) => of(value, Math.floor(at / columns), at % columns)) };
}

/** Position of the first of the largest of each row; a NaN counts as the largest, as numpy has it. */
export function rowArgMax({ rows, columns, data }: Matrix): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let k = 0; k < columns; k++) {
      const value = data[row * columns + k]!;
      if (Number.isNaN(value)) return k;
      if (value > data[row * columns + best]!) best = k;
    }
    return best;
  });
}

export function column(matrix: Matrix, k: number): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, row) => matrix.data[row * matrix.columns + k]!);
}

/** X of the graph as float64 `[N, F]`. */
export const emitDense = emitMatrix;

export function constantMatrix(g: GraphBuilder, { rows, columns, data }: Matrix, name?: string): Value {
  return g.constant(float64(data, [rows, columns]), name);
}

/** A row that broadcasts over all rows. */
export function constantRow(g: GraphBuilder, data: ArrayLike<number>, name?: string): Value {
  return g.constant(float64(Array.from(data), [1, data.length]), name);
}

export function constantNumber(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []));
}

/** Sum over the columns of each row: `[N, 1]`, or `[N]` without `keep`. */
export function emitRowSum(g: GraphBuilder, x: Value, keep = true): Value {
  return g.op("ReduceSum", [x, g.constant(int64([1]))], { keepdims: keep ? 1 : 0 });
}

/** int64 `[N]` */
export function emitRowArgMax(g: GraphBuilder, x: Value): Value {
  return g.op("ArgMax", [x], { axis: 1, keepdims: 0 });
}

/** `[N, 1]` as `[N]` */
export function emitFlat(g: GraphBuilder, x: Value): Value {
  return g.op("Reshape", [x, g.constant(int64([-1]))]);
}

/** log(sum(exp)) of each row, `[N, 1]`. Rule: scipy/special/_logsumexp.py. */
export function emitLogSumExp(g: GraphBuilder, x: Value): Value {
  const axis = g.constant(int64([1]));
  const largest = g.op("ReduceMax", [x, axis], { keepdims: 1 });
  const sum = emitRowSum(g, g.op("Exp", [g.op("Sub", [x, largest])]));
  return g.op("Add", [g.op("Log", [sum]), largest], {}, { name: "log_sum_exp" });
}

/** x minus log(sum(exp)) of its row. */
export function logNormalized(x: Matrix): Matrix {
  const { rows, columns, data } = x;
  const norms = Float64Array.from({ length: rows }, (_, row) => {
    const values = data.subarray(row * columns, (row + 1) * columns);
    const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  });
  return mapped(x, (value, row) => value - norms[row]!);
}
