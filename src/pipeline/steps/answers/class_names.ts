// Positions of classes as their names.
import { type GraphBuilder, int64, strings, type Tensor, type Value } from "../../../onnx/index.ts";

/** @param at int64, each within the names */
export function emitName(g: GraphBuilder, at: Value, names: readonly string[]): Value {
  return g.op("Gather", [g.constant(strings(names), "classes"), at], { axis: 0 });
}

export function namesAt(at: readonly number[], names: readonly string[], dims: readonly number[]): Tensor {
  return strings(
    at.map((position) => names[position]!),
    dims,
  );
}

/** A text or a whole number. */
export function emitConstant(g: GraphBuilder, value: string | number): Value {
  return g.constant(typeof value === "string" ? strings([value], []) : int64([value], []));
}
