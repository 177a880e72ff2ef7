// What steps write, told by the graph itself: each step's node carries the names of its columns, so that a package can be asked for values
// between its steps.
import type { DType } from "../core/index.ts";
import type { Dimension, Model } from "../onnx/index.ts";
import { stepDomain } from "./step_function.ts";

/** Key in `metadata_props` of a step's node: its outputs as JSON. */
export const stepOutputsKey = "ingot.columns";

export interface StepOutput {
  /** One name, or those of a matrix's columns. */
  readonly columns: readonly string[];
  readonly dtype: DType;
  readonly shape: readonly Dimension[];
  readonly isMatrix: boolean;
}

/** A step's output as one more output of the graph. */
export interface ObservedStep extends StepOutput {
  /** Name of the node: the step's, with a number where it stands several times. */
  readonly step: string;
  /** Name of the graph's output. */
  readonly output: string;
}

/** The same graph with every step's results among its outputs. */
export function observableGraph(model: Model): { model: Model; observed: ObservedStep[] } {
  const taken = new Set(model.graph.outputs.map(({ name }) => name));
  const observed: ObservedStep[] = [];
  const outputs = [...model.graph.outputs];
  for (const node of model.graph.nodes) {
    const written = node.domain === stepDomain && node.metadata.find(([key]) => key === stepOutputsKey)?.[1];
    if (!written) continue;
    (JSON.parse(written) as StepOutput[]).forEach((output, i) => {
      const name = node.outputs[i]!;
      observed.push({ ...output, step: node.name, output: name });
      if (taken.has(name)) return;
      taken.add(name);
      const { dtype, shape } = output;
      outputs.push({ name, type: { kind: "tensor", dtype, shape: ["N", ...shape] }, docString: "" });
    });
  }
  return { model: { ...model, graph: { ...model.graph, outputs } }, observed };
}
