// From raw predictions to classes, in the graph and outside of it. Rule: sklearn/_loss/loss.py, HalfBinomialLoss.predict_proba and
// HalfMultinomialLoss.predict_proba; up to 1.3 sklearn/ensemble/_gb_losses.py, _raw_prediction_to_proba.
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { ClassRows, ClassValues } from "./estimator.ts";
import { argMax, scalar } from "./tree_classes.ts";

export interface BinaryRule {
  /** The sigmoid is taken of the raw prediction times this. */
  readonly scale: number;
  /** Which raw predictions are of the second class. */
  readonly label: "positive" | "not-negative" | "above-half";
}

/** 1 / (1 + exp(-y)) rounds to more than one half from the first float64 above this on. */
const aboveHalf = 1.5 * 2 ** -53;

/** @param sums float64 `[N, 1]` */
export function emitBinary(g: GraphBuilder, sums: Value, { scale, label }: BinaryRule): ClassValues {
  const one = scalar(g, 1);
  const scaled = scale === 1 ? sums : g.op("Mul", [sums, scalar(g, scale)]);
  const second = g.op("Div", [one, g.op("Add", [one, g.op("Exp", [g.op("Neg", [scaled])])])], {}, { name: "sigmoid" });
  const probabilities = g.op("Concat", [g.op("Sub", [one, second]), second], { axis: 1 }, { name: "probabilities" });
  const decision = g.op("Reshape", [sums, g.constant(int64([-1]))], {}, { name: "decision" });
  const isSecond =
    label === "not-negative"
      ? g.op("GreaterOrEqual", [decision, scalar(g, 0)])
      : g.op("Greater", [decision, scalar(g, label === "positive" ? 0 : aboveHalf)]);
  return { index: g.op("Cast", [isSecond], { to: 7 }), probabilities, decision };
}

export function binaryRows(sums: Float64Array, { scale, label }: BinaryRule): ClassRows {
  const rows = sums.length;
  const data = new Float64Array(rows * 2);
  const index = new Int32Array(rows);
  sums.forEach((sum, row) => {
    const second = 1 / (1 + Math.exp(-scale * sum));
    data[row * 2] = 1 - second;
    data[row * 2 + 1] = second;
    index[row] = Number(label === "not-negative" ? sum >= 0 : label === "positive" ? sum > 0 : second > 1 - second);
  });
  return {
    index,
    probabilities: { rows, columns: 2, data },
    decision: { rows, columns: 1, data: sums },
  };
}

export interface SoftmaxRule {
  /** Labels are taken from the probabilities, not from the raw predictions. */
  readonly labelsOfProbabilities: boolean;
  /** Of old, probabilities were exp(raw - logsumexp(raw)): where raw predictions are large, that is another number. */
  readonly byLogarithm: boolean;
}

/** numpy's vectorised exp answers 1 down to here. Where labels hang on probabilities, classes that are this near are one to it. */
const tie = 2 ** -53;

/** @param sums float64 `[N, K]` */
export function emitSoftmax(g: GraphBuilder, sums: Value, rule: SoftmaxRule): ClassValues {
  const axis = g.constant(int64([1]));
  const most = g.op("ReduceMax", [sums, axis], { keepdims: 1 });
  const distance = g.op("Sub", [sums, most]);
  const exact = g.op("Exp", [distance]);
  const isTie = g.op("GreaterOrEqual", [distance, scalar(g, -tie)]);
  const powers = rule.labelsOfProbabilities ? g.op("Where", [isTie, scalar(g, 1), exact]) : exact;
  const total = g.op("ReduceSum", [powers, axis], { keepdims: 1 });
  const probabilities = rule.byLogarithm
    ? g.op("Exp", [g.op("Sub", [sums, g.op("Add", [g.op("Log", [total]), most])])], {}, { name: "softmax" })
    : g.op("Div", [powers, total], {}, { name: "softmax" });
  const index = g.op("ArgMax", [rule.labelsOfProbabilities ? probabilities : sums], { axis: 1, keepdims: 0 });
  return { index, probabilities, decision: sums };
}

export function softmaxRows(rows: number, classes: number, sums: Float64Array, rule: SoftmaxRule): ClassRows {
  const data = new Float64Array(rows * classes);
  const index = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    data.set(softmax(sums.subarray(at, at + classes), rule), at);
    index[row] = argMax(rule.labelsOfProbabilities ? data : sums, at, classes);
  }
  return {
    index,
    probabilities: { rows, columns: classes, data },
    decision: { rows, columns: classes, data: sums },
  };
}

export function softmax(sums: Float64Array, rule: SoftmaxRule): Float64Array {
  const most = sums.reduce((best, sum) => Math.max(best, sum));
  const powers = sums.map((sum) => (rule.labelsOfProbabilities && sum - most >= -tie ? 1 : Math.exp(sum - most)));
  const total = powers.reduce((all, power) => all + power, 0);
  if (!rule.byLogarithm) return powers.map((power) => power / total);
  const logarithm = Math.log(total) + most;
  return sums.map((sum) => Math.exp(sum - logarithm));
}
