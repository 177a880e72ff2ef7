// Several labels at once, each there or not: one target per label, of the classes 0 and 1, where the library answers with a matrix of both.
import type { Fitted } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { constantNumber } from "./dense.ts";
import type { Classes, ClassRows, ClassValues, Matrix } from "./estimator.ts";

export const yesOrNo: Classes = [0, 1];

/** Whether a fitted LabelBinarizer was given an indicator matrix. */
export function isMultilabel(binarizer: Fitted | null): boolean {
  return binarizer?.optionalString("y_type_")?.startsWith("multilabel") ?? false;
}

/** 1 minus the probability, and the probability: `[N, 2]`. @param second float64 `[N, 1]` */
export function emitBoth(g: GraphBuilder, second: Value): Value {
  return g.op("Concat", [g.op("Sub", [constantNumber(g, 1), second]), second], { axis: 1 });
}

export function bothRows(second: Float64Array): Matrix {
  const data = Float64Array.from({ length: second.length * 2 }, (_, at) =>
    at % 2 ? second[at >> 1]! : 1 - second[at >> 1]!,
  );
  return { rows: second.length, columns: 2, data };
}

/** 1 where a score is above a limit. @param score float64 `[N]` */
export function emitAbove(g: GraphBuilder, score: Value, limit: number): Value {
  return g.op("Cast", [g.op("Greater", [score, constantNumber(g, limit)])], { to: 7 });
}

export function aboveRows(scores: Float64Array, limit: number): Int32Array {
  return Int32Array.from(scores, (score) => Number(score > limit));
}

/** A label by its own score: what a binary classifier inside another one says of its second class. */
export function emitLabel(
  g: GraphBuilder,
  score: Value,
  second: Value | null,
  inner: ClassValues,
  limit: number,
): ClassValues {
  return {
    index: emitAbove(g, score, limit),
    ...(second ? { probabilities: emitBoth(g, second) } : {}),
    ...(inner.decision ? { decision: inner.decision } : {}),
  };
}

export function labelRows(
  scores: Float64Array,
  second: Float64Array | null,
  inner: ClassRows,
  limit: number,
): ClassRows {
  return {
    index: aboveRows(scores, limit),
    ...(second ? { probabilities: bothRows(second) } : {}),
    ...(inner.decision ? { decision: inner.decision } : {}),
  };
}
