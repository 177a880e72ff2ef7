// gblinear: a weighted sum in float32, added in the library's order so that its bits are the library's.
// Rule: dmlc/xgboost src/gbm/gblinear.cc, GBLinear::Pred: psum = bias + base, then += value * weight by feature, missing ones left out.
import { float32, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";

/** @returns [N, groups] float32 */
export function emitLinear(
  g: GraphBuilder,
  matrix: Value,
  weights: Float32Array,
  baseMargins: readonly number[],
  groups: number,
): Value {
  const features = weights.length / groups - 1;
  const present = g.op(
    "Where",
    [g.op("IsNaN", [matrix]), g.constant(float32([0], [])), matrix],
    {},
    { name: "present" },
  );
  const records = g.op("Shape", [matrix], { end: 1 });
  const onePerRecord = g.op("Concat", [records, g.constant(int64([1]))], { axis: 0 });
  const sums = Array.from({ length: groups }, (_, group) => {
    const column = Float32Array.from({ length: features }, (_, feature) => weights[feature * groups + group]!);
    const terms = g.op("Mul", [present, g.constant(float32(column, [1, features]), "weights")], {}, { name: "terms" });
    const start = Math.fround(weights[features * groups + group]! + baseMargins[group]!);
    // A running sum adds one term after the other; MatMul would choose an order of its own.
    const first = g.op("Expand", [g.constant(float32([start], [1, 1])), onePerRecord]);
    const all = g.op("Concat", [first, terms], { axis: 1 });
    const running = g.op("CumSum", [all, g.constant(int64([1], []))], {}, { name: "running_sum" });
    return g.op("Gather", [running, g.constant(int64([features]))], { axis: 1 });
  });
  return groups === 1 ? sums[0]! : g.op("Concat", sums, { axis: 1 }, { name: "margins" });
}
