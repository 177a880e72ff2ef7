// The same model without local functions: every call replaced by the nodes of its function. For who walks a graph from its inputs on.
import { emptyGraph } from "./messages.ts";
import type { LocalFunction, Model, Node } from "./model.ts";
import { renameValues, valueNames } from "./rename.ts";

const deepestCall = 32;
/** Functions that call each other twice would double at every level. */
const mostNodes = 1 << 17;

/** Calls with attributes, and what would grow beyond bounds, stay calls. */
export function inlineFunctions(model: Model): Model {
  if (model.functions.length === 0) return model;
  const functions = new Map(model.functions.map((local) => [`${local.domain}:${local.name}`, local]));
  let count = model.graph.nodes.length;
  let calls = 0;
  const expanded = (nodes: readonly Node[], depth: number): Node[] =>
    nodes.flatMap((node) => {
      const local = functions.get(`${node.domain}:${node.opType}`);
      if (!local || depth >= deepestCall || takesAttributes(local)) return [node];
      count += local.nodes.length;
      return count > mostNodes ? [node] : expanded(bodyOf(local, node, `call${++calls}/`), depth + 1);
    });
  return { ...model, graph: { ...model.graph, nodes: expanded(model.graph.nodes, 0) } };
}

function takesAttributes({ attributes, attributeDefaults }: LocalFunction): boolean {
  return attributes.length + attributeDefaults.length > 0;
}

function bodyOf(local: LocalFunction, call: Node, prefix: string): Node[] {
  const nodes = local.nodes.map((node) => ({ ...node, name: prefix + node.name }));
  const body = { ...emptyGraph(), nodes };
  const names = new Map([...valueNames(body)].map((name) => [name, prefix + name]));
  local.inputs.forEach((name, at) => {
    names.set(name, call.inputs[at] ?? "");
  });
  local.outputs.forEach((name, at) => {
    const outer = call.outputs[at];
    if (outer) names.set(name, outer);
  });
  return renameValues(body, names).nodes;
}
