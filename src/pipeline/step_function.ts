// A planned step as one ONNX function: inputs are the columns it reads, outputs those it writes, then one truth value per record for each
// reason to refuse it. Functions have no initializers, so constants are nodes.
import { IngotError } from "../core/index.ts";
import { GraphBuilder, type LocalFunction, type Node, type StoredTensor, type Value } from "../onnx/index.ts";
import type { Problem } from "./emission.ts";
import type { Column, StepPlan } from "./step.ts";

/** The domain of the functions that steps become. */
export const stepDomain = "ingot.steps";

export interface StepFunction {
  readonly local: LocalFunction;
  /** In the order of the outputs that follow the columns. */
  readonly problems: readonly Problem[];
}

/**
 * @param reads the columns that the plan reads, in its order
 * @throws IngotError INTERNAL when the step does not do what its plan says
 */
export function stepFunction(plan: StepPlan, name: string, reads: readonly Column[]): StepFunction {
  const g = new GraphBuilder(name);
  const taken = new Map<string, Value>();
  const inputs = reads.map((column) => {
    const value = taken.get(column.name) ?? g.input(column.name, column.dtype, ["N", ...column.shape]);
    taken.set(column.name, value);
    return value;
  });
  const rejects: Value[] = [];
  const problems: Problem[] = [];
  const results = plan.emit!(inputs, {
    g,
    reject(where, problem) {
      rejects.push(where);
      problems.push(problem);
    },
  });
  plan.writes.forEach((column, i) => {
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
    while (names.has(free)) free += "_out";
    names.add(free);
    return free;
  };
  const outputs = plan.writes.map(({ name }) => named(name));
  outputs.forEach((output, i) => {
    g.output(results[i]!, output);
  });
  for (const [i, { column }] of problems.entries()) {
    const output = named(`${column}_refused`);
    g.output(rejects[i]!, output);
    outputs.push(output);
  }
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
  return { local, problems };
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
