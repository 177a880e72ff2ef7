// A planned step as one ONNX function: inputs are the columns it reads, outputs those it writes, then the truth values that say which
// records it refuses. Functions have no initializers, so constants are nodes.
import { IngotError } from "../core/index.ts";
import { GraphBuilder, type LocalFunction, type Node, type StoredTensor, type Value } from "../onnx/index.ts";
import type { Emission, Problem } from "./emission.ts";
import type { Column } from "./step.ts";

/** The domain of the functions that steps become. */
export const stepDomain = "ingot.steps";

export interface StepFunction {
  readonly local: LocalFunction;
  /** For each output that follows the columns: its problem, or one for each of its columns. */
  readonly refusals: readonly (Problem | readonly Problem[])[];
}

export interface FunctionBody {
  readonly reads: readonly Column[];
  readonly writes: readonly Column[];
  emit(columns: readonly Value[], emission: Emission): readonly Value[];
}

/** @throws IngotError INTERNAL when the step does not do what its plan says */
export function stepFunction({ reads, writes, emit }: FunctionBody, name: string): StepFunction {
  const g = new GraphBuilder(name);
  const taken = new Map<string, Value>();
  const inputs = reads.map((column) => {
    const value = taken.get(column.name) ?? g.input(column.name, column.dtype, ["N", ...column.shape]);
    taken.set(column.name, value);
    return value;
  });
  const rejects: Value[] = [];
  const refusals: (Problem | readonly Problem[])[] = [];
  const results = emit(inputs, {
    g,
    reject(where, problem) {
      rejects.push(where);
      refusals.push(problem);
    },
  });
  writes.forEach((column, i) => {
    const value = results[i];
    if (value?.dtype === column.dtype) return;
    throw new IngotError("INTERNAL", {
      what: `column ${column.name} was planned as ${column.dtype} and emitted as ${value?.dtype}`,
      where: name,
    });
  });
  const names = new Set(taken.keys());
  const named = (stem: string) => {
    let free = stem;
    for (let i = 1; names.has(free); i++) free = i === 1 ? `${stem}_out` : `${stem}_out${i}`;
    names.add(free);
    return free;
  };
  const outputs = [...writes.map((column) => column.name), ...rejects.map(() => "refused")].map(named);
  outputs.forEach((output, i) => {
    g.output([...results, ...rejects][i]!, output);
  });
  const { graph, opsetImports } = g.build();
  const local: LocalFunction = {
    name,
    domain: stepDomain,
    overload: "",
    inputs: [...taken.keys()],
    outputs,
    attributes: [],
    attributeDefaults: [],
    nodes: [...graph.initializers.map(constantNode), ...graph.nodes],
    opsetImports,
    valueInfos: [],
    docString: "",
    metadata: [],
  };
  return { local, refusals };
}

function constantNode(tensor: StoredTensor): Node {
  return {
    name: tensor.name,
    opType: "Constant",
    domain: "",
    overload: "",
    inputs: [],
    outputs: [tensor.name],
    attributes: [{ name: "value", kind: "tensor", value: { ...tensor, name: "" } }],
    docString: "",
    metadata: [],
  };
}
