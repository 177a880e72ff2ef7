// The k highest or lowest along the last axis, and where they stand; of equal ones the first. ONNX Runtime's TopK divides by the number of
// rows, and the process dies of an empty batch (1.30, native and wasm): a row of zeros goes along and is cut off again.
import { type GraphBuilder, int64, type Tensor, type Value } from "../onnx/index.ts";

export interface TopKOptions {
  readonly lowest?: boolean;
  readonly name?: string;
}

/**
 * @param x `[N, T]` of int64 or float64
 * @param k int64 `[1]`
 */
export function emitTopK(g: GraphBuilder, x: Value, k: Value, options: TopKOptions = {}): [values: Value, at: Value] {
  const { lowest = false, name = "top" } = options;
  const one = g.constant(int64([1]));
  const width = g.op("Shape", [x], { start: 1, end: 2 });
  const zero: Tensor = x.dtype === "int64" ? int64([0]) : { dtype: "float64", dims: [1], data: new Float64Array(1) };
  const row = g.op("ConstantOfShape", [g.op("Concat", [one, width], { axis: 0 })], { value: zero });
  const rows = g.op("Concat", [x, row], { axis: 0 });
  const found = g.ops("TopK", [rows, k], { axis: -1, largest: lowest ? 0 : 1, sorted: 1 }, 2, { name });
  const [start, last] = [g.constant(int64([0])), g.constant(int64([-1]))];
  const [values, at] = found.map((all) => g.op("Slice", [all, start, last, start]));
  return [values!, at!];
}
