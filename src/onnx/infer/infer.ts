// Types and shapes of every value of a model, from its inputs, initializers and rules.
import { IngotError } from "../../core/index.ts";
import type { Graph, LocalFunction, Model, Node, OpsetImport, ValueInfo } from "../model.ts";
import { opsetVersion, plainDomain } from "../opset_changes.ts";
import { Scope } from "../scope.ts";
import { tensorOf } from "../stored_tensor.ts";
import { elementCount } from "../tensor.ts";
import { Attributes, type Fact, unknown } from "./rule.ts";
import { ruleFor } from "./rules.ts";

/** Dimensions of a shape that is followed: no real tensor has more. */
const rankLimit = 64;
/** Calls inside calls that are followed; a function that calls itself ends here. */
const callLimit = 16;
/** Nodes inferred in all, functions expanded: a chain of functions that call each other twice grows without bound. */
const nodeLimit = 1_000_000;

interface Context {
  readonly facts: Scope<Fact>;
  readonly imports: readonly OpsetImport[];
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly calls: number;
  readonly budget: { nodes: number };
}

/**
 * What is known of every value of the main graph, by name. Unknown operators give nothing; what the file itself says
 * (value_info, outputs) fills the gaps. Symbolic sizes keep their names. Never throws for what a node says.
 */
export function inferModel(model: Model): Map<string, Fact> {
  const context: Context = {
    facts: new Scope(),
    imports: model.opsetImports,
    functions: new Map(model.functions.map((local) => [functionKey(local.domain, local.name, local.overload), local])),
    calls: 0,
    budget: { nodes: nodeLimit },
  };
  inferGraph(model.graph, context);
  return context.facts.own();
}

function inferGraph(graph: Graph, context: Context): void {
  const { facts } = context;
  for (const stored of graph.initializers) {
    const isSmall = elementCount(stored.dims) <= 64 && stored.content.kind !== "external";
    const constant = isSmall ? attempt(() => tensorOf(stored)) : undefined;
    facts.set(stored.name, bounded({ dtype: stored.dtype, shape: stored.dims, constant }));
  }
  for (const { values, dims } of graph.sparseInitializers)
    facts.set(values.name, bounded({ dtype: values.dtype, shape: dims }));
  for (const input of graph.inputs) if (!facts.hasOwn(input.name)) facts.set(input.name, declaredFact(input));
  const declared = new Map([...graph.valueInfos, ...graph.outputs].map((info) => [info.name, declaredFact(info)]));
  inferNodes(graph.nodes, context, declared);
}

function inferNodes(nodes: readonly Node[], context: Context, declared: ReadonlyMap<string, Fact>): void {
  for (const node of nodes) {
    if (--context.budget.nodes < 0) return;
    const results = inferNode(node, context);
    node.outputs.forEach((name, i) => {
      if (name !== "") context.facts.set(name, combined(results[i] ?? unknown, declared.get(name) ?? unknown));
    });
  }
}

function inferNode(node: Node, context: Context): readonly Fact[] {
  const inputs = node.inputs.map((name) => (name === "" ? null : (context.facts.get(name) ?? null)));
  const local = context.functions.get(functionKey(node.domain, node.opType, node.overload));
  if (local) return inferCall(local, inputs, context);
  const nested = inferNested(node, context);
  if (nested) return nested;
  const rule = ruleFor(plainDomain(node.domain), node.opType);
  if (!rule) return [];
  const call = {
    opType: node.opType,
    inputs,
    outputs: node.outputs.length,
    attributes: new Attributes(node),
    opset: opsetVersion(context.imports, node.domain),
  };
  return attempt(() => rule(call)) ?? [];
}

/** The body of a local function, with what is known of its arguments. */
function inferCall(local: LocalFunction, inputs: readonly (Fact | null)[], context: Context): readonly Fact[] {
  if (context.calls >= callLimit) return [];
  const facts = new Scope<Fact>();
  local.inputs.forEach((name, i) => {
    facts.set(name, inputs[i] ?? unknown);
  });
  const declared = new Map(local.valueInfos.map((info) => [info.name, declaredFact(info)]));
  inferNodes(local.nodes, { ...context, facts, imports: local.opsetImports, calls: context.calls + 1 }, declared);
  return local.outputs.map((name) => facts.get(name) ?? unknown);
}

/** If and Loop: what both branches, or the body, agree on. */
function inferNested(node: Node, context: Context): readonly Fact[] | null {
  const attributes = new Attributes(node);
  const outputsOf = (graph: Graph): Fact[] => {
    const facts = new Scope(context.facts);
    inferGraph(graph, { ...context, facts, calls: context.calls + 1 });
    return graph.outputs.map(({ name }) => facts.get(name) ?? unknown);
  };
  if (context.calls >= callLimit) return null;
  const [thenBranch, elseBranch] = [attributes.graph("then_branch"), attributes.graph("else_branch")];
  if (node.opType === "If" && thenBranch && elseBranch) {
    const other = outputsOf(elseBranch);
    return outputsOf(thenBranch).map((fact, i) => agreed(fact, other[i] ?? unknown));
  }
  const body = attributes.graph("body");
  if (node.opType !== "Loop" || !body) return null;
  const carried = node.inputs.length - 2;
  return outputsOf(body)
    .slice(1)
    .map(({ dtype, shape }, i) => {
      if (i < carried) return { dtype, shape: shape?.map(() => null) ?? null };
      return { dtype, shape: shape && [null, ...shape] };
    });
}

function agreed(a: Fact, b: Fact): Fact {
  const isSameRank = a.shape && b.shape && a.shape.length === b.shape.length;
  return {
    dtype: a.dtype === b.dtype ? a.dtype : null,
    shape: isSameRank ? a.shape!.map((size, i) => (size === b.shape![i] ? size : null)) : null,
  };
}

/** What was inferred, with the gaps filled by what the file declares. */
function combined(result: Fact, declared: Fact): Fact {
  const inferred = bounded(result);
  const { dtype, shape } = declared;
  const isSameRank = inferred.shape && shape && inferred.shape.length === shape.length;
  return {
    dtype: inferred.dtype ?? dtype,
    shape: isSameRank ? inferred.shape!.map((size, i) => size ?? shape[i]!) : (inferred.shape ?? shape),
    constant: inferred.constant,
  };
}

export function declaredFact({ type }: Pick<ValueInfo, "type">): Fact {
  return type?.kind === "tensor" ? bounded({ dtype: type.dtype, shape: type.shape }) : unknown;
}

function bounded(fact: Fact): Fact {
  return fact.shape && fact.shape.length > rankLimit ? { dtype: fact.dtype, shape: null } : fact;
}

function functionKey(domain: string, name: string, overload: string): string {
  return `${plainDomain(domain)}\n${name}\n${overload}`;
}

/** Damaged tensors and attributes make a value unknown; the reader and the linter report them. */
function attempt<T>(infer: () => T): T | undefined {
  try {
    return infer();
  } catch (cause) {
    if (cause instanceof IngotError) return undefined;
    throw cause;
  }
}
