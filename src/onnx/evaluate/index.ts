// evaluate: runs a graph in plain TypeScript, the `micro` runtime. Every result is JavaScript's own arithmetic: the same on every
// machine, except that engines may differ in the last place of exp, log, tanh and pow, which ECMAScript leaves to them. No
// dependencies and nothing of Node: it runs in a browser as it is.
import { IngotError } from "../../core/index.ts";
import type { Graph, LocalFunction, Model, Node, ValueType } from "../model.ts";
import { tensorOf } from "../stored_tensor.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { type Kernel, NodeAttributes, sizeOf, unsupported } from "./kernel.ts";
import { operators } from "./operators.ts";

export interface Evaluator {
  /** Values by input name in, by output name out. @throws IngotError INPUT_INVALID, RUNTIME_FAILED */
  run(feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
}

/** A node, ready to run: where its inputs and outputs stand among the values. -1 is an input that is left out. */
interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Values that no later node reads. */
  readonly drops: readonly number[];
  readonly where: string;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly slots: number;
  readonly constants: readonly (readonly [slot: number, value: Tensor])[];
  readonly inputs: readonly { readonly name: string; readonly slot: number; readonly type: ValueType | null }[];
  readonly outputs: readonly { readonly name: string; readonly slot: number }[];
}

/** What names resolve to: operators by version, and the model's own functions. */
interface Scope {
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly depth: number;
  /** Nodes planned so far, those of called functions included. */
  readonly planned: { count: number };
}

const deepestCall = 32;
/** Functions that call each other twice would double at every level. */
const mostNodes = 2 ** 16;
/** Bytes of all values that are held at one time by one graph. */
const largestTotal = 2 ** 31;

/**
 * Compiles a graph once; `run` may then be called any number of times.
 * @throws IngotError RUNTIME_UNSUPPORTED naming the operator, ONNX_INVALID
 */
export function compileGraph(model: Model): Evaluator {
  const scope: Scope = {
    opsets: new Map(model.opsetImports.map(({ domain, version }) => [domain, version])),
    functions: new Map(model.functions.map((local) => [`${local.domain}:${local.name}`, local])),
    depth: 0,
    planned: { count: 0 },
  };
  const plan = planOf(model.graph, scope);
  return {
    run(feeds) {
      const values = execute(
        plan,
        plan.inputs.map(({ name, type }) => {
          const value = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
          if (!value) throw new IngotError("INPUT_INVALID", { what: "is missing", where: `inputs.${name}` });
          checkFeed(value, type, `inputs.${name}`);
          return value;
        }),
      );
      return Object.fromEntries(plan.outputs.map(({ name }, i) => [name, values[i]!]));
    },
  };
}

function planOf(graph: Graph, scope: Scope): Plan {
  const slots = new Map<string, number>();
  const slotOf = (name: string) => {
    const slot = slots.get(name) ?? slots.size;
    slots.set(name, slot);
    return slot;
  };
  if (graph.sparseInitializers.length > 0) throw unsupported("sparse tensors");
  const constants = graph.initializers.map((stored) => [slotOf(stored.name), tensorOf(stored)] as const);
  const initialized = new Set(graph.initializers.map((stored) => stored.name));
  const inputs = graph.inputs
    .filter(({ name }) => !initialized.has(name))
    .map(({ name, type }) => ({ name, slot: slotOf(name), type }));
  scope.planned.count += graph.nodes.length;
  if (scope.planned.count > mostNodes)
    throw new IngotError("ONNX_INVALID", {
      what: `has more than ${mostNodes} nodes, those of called functions included`,
      where: `graph "${graph.name}"`,
    });
  const nodes = graph.nodes.map((node) => {
    const at = node.inputs.map((name) => (name === "" ? -1 : known(slots, name, node)));
    return { kernel: kernelOf(node, scope), inputs: at, outputs: node.outputs.map(slotOf), where: whereOf(node) };
  });
  const outputs = graph.outputs.map(({ name }) => {
    const slot = slots.get(name);
    if (slot === undefined) throw new IngotError("ONNX_INVALID", { what: `no node makes the output "${name}"` });
    return { name, slot };
  });
  const kept = new Set([...outputs.map(({ slot }) => slot), ...constants.map(([slot]) => slot)]);
  return { steps: withDrops(nodes, kept), slots: slots.size, constants, inputs, outputs };
}

function withDrops(nodes: readonly Omit<Step, "drops">[], kept: ReadonlySet<number>): Step[] {
  const seen = new Set(kept);
  return nodes
    .toReversed()
    .map((node) => {
      const drops = [...new Set([...node.inputs, ...node.outputs])].filter((slot) => slot >= 0 && !seen.has(slot));
      for (const slot of drops) seen.add(slot);
      return { ...node, drops };
    })
    .reverse();
}

/** @throws IngotError INPUT_INVALID where a value is not what the graph declares, as ONNX Runtime refuses it */
function checkFeed({ dtype, dims, data }: Tensor, type: ValueType | null, where: string): void {
  const refuse = (what: string): never => {
    throw new IngotError("INPUT_INVALID", { what, where, fix: "compare the input's shape and type with the schema" });
  };
  if (data.length !== elementCount(dims)) refuse(`shape [${dims}] does not fit ${data.length} elements`);
  if (type?.kind !== "tensor") return;
  if (type.dtype !== null && type.dtype !== dtype) refuse(`expected ${type.dtype} elements, got ${dtype}`);
  const { shape } = type;
  if (shape === null) return;
  if (shape.length !== dims.length || shape.some((size, axis) => typeof size === "number" && size !== dims[axis]))
    refuse(`expected shape [${shape.map((size) => size ?? "?")}], got [${dims}]`);
}

function known(slots: ReadonlyMap<string, number>, name: string, node: Node): number {
  const slot = slots.get(name);
  if (slot !== undefined) return slot;
  throw new IngotError("ONNX_INVALID", {
    what: `reads "${name}", which nothing before it makes`,
    where: whereOf(node),
  });
}

function whereOf(node: Node): string {
  return `node "${node.name || node.outputs[0]}" (${node.opType})`;
}

function kernelOf(node: Node, scope: Scope): Kernel {
  const local = scope.functions.get(`${node.domain}:${node.opType}`);
  if (local) return callOf(local, node, scope);
  const domain = node.domain === "ai.onnx" ? "" : node.domain;
  const table = operators[domain];
  const operator = table && Object.hasOwn(table, node.opType) ? table[node.opType] : undefined;
  if (!operator) throw unsupported(`operator ${domain ? `${domain}.` : ""}${node.opType}`);
  return operator(new NodeAttributes(node), node, scope.opsets.get(domain) ?? 1);
}

/** A call of one of the model's functions: its body is planned for this call, with the attributes of the call filled in. */
function callOf(local: LocalFunction, node: Node, scope: Scope): Kernel {
  if (scope.depth >= deepestCall)
    throw new IngotError("ONNX_INVALID", { what: `function ${local.name} calls itself`, where: whereOf(node) });
  const given = new Map(
    [...local.attributeDefaults, ...node.attributes].map((attribute) => [attribute.name, attribute]),
  );
  const nodes = local.nodes.map((inner) => ({
    ...inner,
    attributes: inner.attributes.flatMap((attribute) => {
      if (!attribute.reference) return [attribute];
      const value = given.get(attribute.reference.name);
      return value ? [{ ...value, name: attribute.name }] : [];
    }),
  }));
  const names = (list: readonly string[]) => list.map((name) => ({ name, type: null, docString: "" }));
  const body: Graph = {
    name: local.name,
    docString: "",
    nodes,
    inputs: names(local.inputs),
    outputs: names(local.outputs),
    valueInfos: [],
    initializers: [],
    sparseInitializers: [],
    metadata: [],
  };
  const plan = planOf(body, {
    opsets: new Map(local.opsetImports.map(({ domain, version }) => [domain, version])),
    functions: scope.functions,
    depth: scope.depth + 1,
    planned: scope.planned,
  });
  return (inputs) =>
    execute(
      plan,
      plan.inputs.map((_, index) => inputs[index]),
    );
}

function execute(plan: Plan, inputs: readonly (Tensor | undefined)[]): Tensor[] {
  const values = new Array<Tensor | undefined>(plan.slots);
  for (const [slot, value] of plan.constants) values[slot] = value;
  plan.inputs.forEach(({ slot }, index) => {
    values[slot] = inputs[index];
  });
  const size = (slot: number) => {
    const value = values[slot];
    return value ? sizeOf(value.dtype, value.data.length) : 0;
  };
  let held = plan.inputs.reduce((sum, { slot }) => sum + size(slot), 0);
  for (const step of plan.steps) {
    let results: readonly Tensor[];
    try {
      results = step.kernel(step.inputs.map((slot) => (slot < 0 ? undefined : values[slot])));
    } catch (error) {
      throw atStep(error, step.where);
    }
    step.outputs.forEach((slot, index) => {
      values[slot] = results[index];
      held += size(slot);
    });
    if (held > largestTotal)
      throw new IngotError("RUNTIME_FAILED", {
        what: `the values of the graph take more than ${largestTotal / 2 ** 20} MiB`,
        where: step.where,
      });
    for (const slot of step.drops) {
      held -= size(slot);
      values[slot] = undefined;
    }
  }
  return plan.outputs.map(({ name, slot }) => {
    const value = values[slot];
    if (!value) throw new IngotError("RUNTIME_FAILED", { what: `output "${name}" was not computed` });
    return value;
  });
}

/** Errors of kernels say which node it was; arithmetic on mixed types (a graph that is not valid) is such an error too. */
function atStep(error: unknown, where: string): unknown {
  if (error instanceof IngotError)
    return error.where === undefined
      ? new IngotError(error.code, { what: error.what, where, fix: error.fix, cause: error })
      : error;
  if (error instanceof TypeError || error instanceof RangeError)
    return new IngotError("RUNTIME_FAILED", { what: error.message, where, cause: error });
  return error;
}
