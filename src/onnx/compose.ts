// Two models as one: the outputs of the first feed the inputs of the second.
import { IngotError, nearest, quoted } from "../core/index.ts";
import { mergeFunctions } from "./merge_functions.ts";
import type { Graph, Model, Node, ValueInfo } from "./model.ts";
import { Names } from "./names.ts";
import { commonOpsets } from "./opset_changes.ts";
import { renameValues, valueNames } from "./rename.ts";

export interface MergeOptions {
  /** Which output (or input) of the first model is which input of the second. */
  readonly connect: readonly (readonly [from: string, to: string])[];
  /** Outputs of the first model that stay outputs, before those of the second. Default: the ones that are not connected. */
  readonly keep?: readonly string[];
  /** Put before every value and node name of the first or second model, inputs and outputs included. */
  readonly prefixFirst?: string;
  readonly prefixSecond?: string;
}

/**
 * Joins two models. Inputs and outputs keep their names (behind the prefix); inner values make room where names clash, nested
 * graphs included. The higher opset and IR version are declared. Metadata: the second model's value where both have a key.
 * Quantization annotations and training information are dropped.
 * @throws IngotError ONNX_INVALID for unknown names, unequal types and clashing inputs or outputs; ONNX_UNSUPPORTED when the
 * opsets cannot be joined
 */
export function mergeModels(first: Model, second: Model, options: MergeOptions): Model {
  const opsetImports = commonOpsets(first, second);
  const a = prefixed(first.graph, options.prefixFirst ?? "");
  const b = prefixed(second.graph, options.prefixSecond ?? "");
  const connect = options.connect.map(([from, to]): [string, string] => [
    (options.prefixFirst ?? "") + from,
    (options.prefixSecond ?? "") + to,
  ]);
  checkConnections(a, b, connect);

  const sources = new Set(connect.map(([from]) => from));
  const fed = new Map(connect.map(([from, to]) => [to, from]));
  const keep = options.keep?.map((name) => (options.prefixFirst ?? "") + name);
  const kept = a.outputs.filter(({ name }) => (keep ? keep.includes(name) : !sources.has(name)));
  for (const name of keep ?? []) find(kept, name, "output of the first model");
  const open = b.inputs.filter(({ name }) => !fed.has(name));
  const outside = [...a.inputs, ...kept, ...open, ...b.outputs].map(({ name }) => name);
  checkDistinct(outside);

  // Names seen from outside are fixed; whatever else is called the same makes room.
  const names = new Names(outside);
  const renameFirst = new Map<string, string>();
  const seenInFirst = new Set([...a.inputs, ...kept].map(({ name }) => name));
  for (const name of valueNames(a)) if (!seenInFirst.has(name)) setName(renameFirst, name, names.unique(name));
  const renameSecond = new Map<string, string>();
  const seenInSecond = new Set([...open, ...b.outputs].map(({ name }) => name));
  for (const name of valueNames(b)) {
    const source = fed.get(name);
    if (source !== undefined) renameSecond.set(name, renameFirst.get(source) ?? source);
    else if (!seenInSecond.has(name)) setName(renameSecond, name, names.unique(name));
  }

  const left = renameValues(a, renameFirst);
  const right = renameValues(
    { ...b, inputs: open, initializers: b.initializers.filter(({ name }) => !fed.has(name)) },
    renameSecond,
  );
  const { functions, retarget } = mergeFunctions(first.functions, second.functions);
  const nodeNames = new Names(left.nodes.map((node) => node.name));
  const copies = b.outputs.filter(({ name }) => fed.has(name)).map(({ name }) => copy(renameSecond.get(name)!, name));
  const graph: Graph = {
    name: b.name || a.name,
    docString: b.docString || a.docString,
    nodes: [...left.nodes, ...[...retarget(right.nodes), ...copies].map((node) => freshlyNamed(node, nodeNames))],
    inputs: [...a.inputs, ...open],
    outputs: [...kept, ...b.outputs],
    valueInfos: distinct([...left.valueInfos, ...left.outputs, ...right.valueInfos], outside),
    initializers: [...left.initializers, ...right.initializers],
    sparseInitializers: [...left.sparseInitializers, ...right.sparseInitializers],
    metadata: merged(a.metadata, b.metadata),
  };
  const { producerName, producerVersion, domain, modelVersion } = second;
  return {
    irVersion: Math.max(first.irVersion, second.irVersion),
    opsetImports,
    producerName,
    producerVersion,
    domain,
    modelVersion,
    docString: second.docString || first.docString,
    graph,
    functions,
    metadata: merged(first.metadata, second.metadata),
  };
}

function prefixed(graph: Graph, prefix: string): Graph {
  if (prefix === "") return graph;
  const renamed = renameValues(graph, new Map([...valueNames(graph)].map((name) => [name, prefix + name])));
  return {
    ...renamed,
    nodes: renamed.nodes.map((node) => (node.name === "" ? node : { ...node, name: prefix + node.name })),
  };
}

function checkConnections(a: Graph, b: Graph, connect: readonly (readonly [string, string])[]): void {
  const seen = new Set<string>();
  for (const [from, to] of connect) {
    const source = find([...a.outputs, ...a.inputs], from, "output of the first model");
    const target = find(b.inputs, to, "input of the second model");
    if (seen.has(to)) throw invalid(`input ${quoted(to)} of the second model is connected twice`);
    seen.add(to);
    if (source.type?.kind !== "tensor" || target.type?.kind !== "tensor") continue;
    const [given, wanted] = [source.type.dtype, target.type.dtype];
    if (given && wanted && given !== wanted)
      throw invalid(`${quoted(from)} is ${given}, ${quoted(to)} wants ${wanted}`, "put a Cast between them");
  }
}

function find(values: readonly ValueInfo[], name: string, role: string): ValueInfo {
  const found = values.find((value) => value.name === name);
  if (found) return found;
  const guess = nearest(
    name,
    values.map((value) => value.name),
  );
  throw invalid(`${quoted(name)} is no ${role}`, guess && `did you mean ${quoted(guess)}?`);
}

function checkDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  const clash = names.find((name) => seen.has(name) || !seen.add(name));
  if (clash !== undefined)
    throw invalid(`both models have an input or output ${quoted(clash)}`, "connect them or give one model a prefix");
}

function invalid(what: string, fix?: string): IngotError {
  return new IngotError("ONNX_INVALID", { what, fix });
}

function setName(names: Map<string, string>, from: string, to: string): void {
  if (from !== to) names.set(from, to);
}

function freshlyNamed(node: Node, names: Names): Node {
  return node.name === "" ? node : { ...node, name: names.unique(node.name) };
}

/** A graph output that the second model passes through from a connected input. */
function copy(from: string, to: string): Node {
  return {
    name: `${to}_copy`,
    opType: "Identity",
    domain: "",
    overload: "",
    inputs: [from],
    outputs: [to],
    attributes: [],
    docString: "",
    metadata: [],
  };
}

/** The first fact of each inner value. */
function distinct(values: readonly ValueInfo[], outside: readonly string[]): ValueInfo[] {
  const seen = new Set(outside);
  return values.filter(({ name }) => !seen.has(name) && seen.add(name));
}

function merged(first: readonly [string, string][], second: readonly [string, string][]): [string, string][] {
  return [...new Map([...first, ...second])];
}
