// What is taken along the last axis. Of an empty batch ONNX Runtime's reductions may return that axis in full, with or without `keepdims`
// (1.30, measured): it is cut to one before it goes.
import { type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import { emitTopK } from "../../top_k.ts";

/** int64: position of the highest, the first of equal ones. NaN is for the caller. */
export function emitArgMax(g: GraphBuilder, x: Value): Value {
  return withoutAxis(g, g.op("ArgMax", [x], { axis: -1, keepdims: 1, select_last_index: 0 }));
}

/** The highest. NaN is for the caller. */
export function emitHighest(g: GraphBuilder, x: Value): Value {
  return withoutAxis(g, g.op("ReduceMax", [x, g.constant(int64([-1]))], { keepdims: 1 }));
}

/** bool: whether any is true. */
export function emitAny(g: GraphBuilder, flags: Value): Value {
  return g.op("Greater", [emitSum(g, g.op("Cast", [flags], { to: 7 })), g.constant(int64([0], []))]);
}

export function emitSum(g: GraphBuilder, x: Value): Value {
  return withoutAxis(g, g.op("ReduceSum", [x, g.constant(int64([-1]))], { keepdims: 1 }));
}

/** The k highest along the last axis of any shape, and their positions. */
export function emitBest(g: GraphBuilder, x: Value, k: number): [values: Value, at: Value] {
  const found = emitTopK(g, g.op("Flatten", [x], { axis: -1 }), g.constant(int64([k])));
  const shape = g.op("Concat", [g.op("Shape", [x], { start: 0, end: -1 }), g.constant(int64([k]))], { axis: 0 });
  const [values, at] = found.map((all) => g.op("Reshape", [all, shape]));
  return [values!, at!];
}

function withoutAxis(g: GraphBuilder, kept: Value): Value {
  const last = g.constant(int64([-1]));
  return g.op("Squeeze", [g.op("Slice", [kept, g.constant(int64([0])), g.constant(int64([1])), last]), last]);
}
