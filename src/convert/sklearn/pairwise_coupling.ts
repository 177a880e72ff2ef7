// Probabilities of classes from those of their pairs. Rule: sklearn/svm/src/libsvm/svm.cpp, multiclass_probability and
// sigmoid_predict: at most 100 rounds, which end as soon as the largest error of a row is below 0.005 / classes. The answer is that of
// the round, not of the limit, so the rounds are what is computed.
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { float64, int64 } from "../../onnx/index.ts";
import { constantNumber, constantRow, emitRowSum } from "./dense.ts";

export const roundLimit = 100;
/** Beyond it the graph of all rounds would be larger than most models. */
export const coupledClassLimit = 10;
const leastProbability = 1e-7;

export function pairsOf(classes: number): [number, number][] {
  return Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes - i - 1 }, (_each, j): [number, number] => [i, i + 1 + j]),
  ).flat();
}

/** @param raw libsvm's own decision values, `[pairs]` */
export function coupledRow(raw: ArrayLike<number>, a: Float64Array, b: Float64Array, classes: number): Float64Array {
  const r = new Float64Array(classes * classes);
  for (const [pair, [i, j]] of pairsOf(classes).entries()) {
    const f = raw[pair]! * a[pair]! + b[pair]!;
    const p = f >= 0 ? Math.exp(-f) / (1 + Math.exp(-f)) : 1 / (1 + Math.exp(f));
    r[i * classes + j] = Math.min(Math.max(p, leastProbability), 1 - leastProbability);
    r[j * classes + i] = 1 - r[i * classes + j]!;
  }
  const q = new Float64Array(classes * classes);
  for (let t = 0; t < classes; t++)
    for (let j = 0; j < classes; j++) {
      if (j === t) continue;
      q[t * classes + t]! += r[j * classes + t]! ** 2;
      q[t * classes + j] = -r[j * classes + t]! * r[t * classes + j]!;
    }
  const p = new Float64Array(classes).fill(1 / classes);
  for (let round = 0; round < roundLimit; round++) {
    const products = p.map((_, t) => p.reduce((sum, value, j) => sum + q[t * classes + j]! * value, 0));
    let all = p.reduce((sum, value, t) => sum + value * products[t]!, 0);
    if (products.every((value) => Math.abs(value - all) < 0.005 / classes)) break;
    for (let t = 0; t < classes; t++) {
      const step = (all - products[t]!) / q[t * classes + t]!;
      p[t]! += step;
      all = (all + step * (step * q[t * classes + t]! + 2 * products[t]!)) / (1 + step) / (1 + step);
      for (let j = 0; j < classes; j++) {
        products[j] = (products[j]! + step * q[t * classes + j]!) / (1 + step);
        p[j]! /= 1 + step;
      }
    }
  }
  return p;
}

/** `[N, classes]` from libsvm's decision values `[N, pairs]`. A row that has converged stays as it is. */
export function emitCoupled(g: GraphBuilder, raw: Value, a: Float64Array, b: Float64Array, classes: number): Value {
  const one = constantNumber(g, 1);
  const f = g.op("Add", [g.op("Mul", [raw, constantRow(g, a)]), constantRow(g, b)]);
  const power = g.op("Exp", [g.op("Neg", [g.op("Abs", [f])])]);
  const above = g.op("Add", [one, power]);
  const sigmoid = g.op("Where", [
    g.op("GreaterOrEqual", [f, constantNumber(g, 0)]),
    g.op("Div", [power, above]),
    g.op("Div", [one, above]),
  ]);
  const pair = g.op("Min", [
    g.op("Max", [sigmoid, constantNumber(g, leastProbability)]),
    constantNumber(g, 1 - leastProbability),
  ]);
  const opposite = g.op("Sub", [one, pair]);
  const position = new Map(pairsOf(classes).map(([i, j], at) => [i * classes + j, at]));
  const both = g.op("Concat", [pair, opposite], { axis: 1 });
  const pairs = position.size;
  /** Column of r[i][j] in `both`. */
  const at = (i: number, j: number) =>
    i < j ? position.get(i * classes + j)! : pairs + position.get(j * classes + i)!;
  const gathered = (columns: readonly number[]) => g.op("Gather", [both, g.constant(int64(columns))], { axis: 1 });
  const q = Array.from({ length: classes }, (_, t) => {
    const others = Array.from({ length: classes }, (_each, j) => j).filter((j) => j !== t);
    const toward = gathered(others.map((j) => at(j, t)));
    const negative = g.op("Neg", [g.op("Mul", [toward, gathered(others.map((j) => at(t, j)))])]);
    const own = emitRowSum(g, g.op("Mul", [toward, toward]));
    // Columns of the others with its own between them.
    const order = Array.from({ length: classes }, (_each, j) => (j === t ? 0 : 1 + others.indexOf(j)));
    return {
      own,
      row: g.op("Gather", [g.op("Concat", [own, negative], { axis: 1 }), g.constant(int64(order))], { axis: 1 }),
    };
  });
  const units = Array.from({ length: classes }, (_, t) =>
    g.constant(
      float64(
        Array.from({ length: classes }, (_each, j) => Number(j === t)),
        [1, classes],
      ),
    ),
  );
  const columns = units.map((_, t) => g.constant(int64([t])));
  const [two, limit] = [constantNumber(g, 2), constantNumber(g, 0.005 / classes)];
  const axis = g.constant(int64([1]));
  let p = g.op("Add", [g.op("Mul", [q[0]!.row, constantNumber(g, 0)]), constantNumber(g, 1 / classes)]);
  for (let round = 0; round < roundLimit; round++) {
    const before = p;
    let products = g.op(
      "Concat",
      q.map(({ row }) => emitRowSum(g, g.op("Mul", [row, before]))),
      { axis: 1 },
    );
    let all = emitRowSum(g, g.op("Mul", [before, products]));
    const error = g.op("ReduceMax", [g.op("Abs", [g.op("Sub", [products, all])]), axis], { keepdims: 1 });
    const isOpen = g.op("GreaterOrEqual", [error, limit]);
    let next = before;
    for (const [t, { own, row }] of q.entries()) {
      const product = g.op("Gather", [products, columns[t]!], { axis: 1 });
      const step = g.op("Div", [g.op("Sub", [all, product]), own]);
      const divisor = g.op("Add", [one, step]);
      next = g.op("Div", [g.op("Add", [next, g.op("Mul", [step, units[t]!])]), divisor]);
      if (t === classes - 1) break;
      const slope = g.op("Add", [g.op("Mul", [step, own]), g.op("Mul", [two, product])]);
      all = g.op("Div", [g.op("Div", [g.op("Add", [all, g.op("Mul", [step, slope])]), divisor]), divisor]);
      products = g.op("Div", [g.op("Add", [products, g.op("Mul", [step, row])]), divisor]);
    }
    p = g.op("Where", [isOpen, next, before]);
  }
  return p;
}
