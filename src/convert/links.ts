// From sums to probabilities, in the dtype of the sums and in the order in which the libraries compute.
import { float32, float64, type GraphBuilder, int64, type Value } from "../onnx/index.ts";

const scalar = (g: GraphBuilder, like: Value, value: number): Value =>
  g.constant(like.dtype === "float32" ? float32([value], []) : float64([value], []));

/** 1 / (1 + exp(-scale * x)), elementwise. */
export function emitSigmoid(g: GraphBuilder, x: Value, scale = 1): Value {
  const power = g.op("Exp", [g.op("Mul", [x, scalar(g, x, -scale)])]);
  const one = scalar(g, x, 1);
  return g.op("Div", [one, g.op("Add", [one, power])], {}, { name: "sigmoid" });
}

/** `[N, K]`: exponentials of the distance to the largest of a row, over their sum. */
export function emitSoftmax(g: GraphBuilder, scores: Value): Value {
  const axes = g.constant(int64([1]));
  const distance = g.op("Sub", [scores, g.op("ReduceMax", [scores, axes], { keepdims: 1 })]);
  const powers = g.op("Exp", [distance]);
  return g.op("Div", [powers, g.op("ReduceSum", [powers, axes], { keepdims: 1 })], {}, { name: "softmax" });
}
