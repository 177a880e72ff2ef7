// What a boosted model answers, as values of a graph: outputs of a model of its own, or parts of a pipeline.
import type { OutputSpec, Schema } from "../core/index.ts";
import type { GraphBuilder, Value } from "../onnx/index.ts";
import type { Converted, Tolerance } from "./converter.ts";
import type { Feeds } from "./reference_tensors.ts";

export interface Answer {
  readonly value: Value;
  readonly spec: OutputSpec;
  readonly promise: Tolerance;
}

/** Collects answers as they are emitted. */
export function answerList() {
  const answers: Answer[] = [];
  const put = (name: string, value: Value, spec: Omit<OutputSpec, "name" | "dtype" | "layout">, promise: Tolerance) => {
    answers.push({ value, spec: { name, dtype: value.dtype, layout: "batch", ...spec }, promise });
  };
  return { answers, put };
}

/** The answers as outputs of the graph, under their names. */
export function putAnswers(g: GraphBuilder, answers: readonly Answer[]) {
  for (const { value, spec } of answers) g.output(value, spec.name);
  return {
    outputs: answers.map(({ spec }) => spec),
    promises: Object.fromEntries(answers.map(({ spec, promise }) => [spec.name, promise])),
  };
}

/** A boosted model on a matrix that a graph has already; labels are positions of classes. */
export interface Boosted {
  readonly features: number;
  /** @param x float64 `[N, features]`, NaN = missing */
  emit(g: GraphBuilder, x: Value): readonly Answer[];
  /** The same outside of a graph; `schema` has one matrix as input, and the answers' specs. */
  reference(schema: Schema): (feeds: Feeds) => ReturnType<NonNullable<Converted["reference"]>>;
}
