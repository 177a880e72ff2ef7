// What the rules of `scan` get to see of a TensorFlow graph: operators that reach beyond tensors, wherever they hide, and literal paths.
import type { Observation } from "../survey.ts";
import type { GraphBody, GraphNode, TensorflowGraph } from "./graph_def.ts";
import { outsideOps, pathOps } from "./outside_ops.ts";

/** Steps back from an operator to where its path comes from. */
const traceLimit = 64;

export function* observeGraph(graph: TensorflowGraph): Generator<Observation> {
  for (const body of graph.bodies) {
    let byName: Map<string, GraphNode> | undefined;
    for (const node of body.nodes) {
      const place = body.name === "" ? node.name : `${body.name}/${node.name}`;
      const effect = outsideOps.get(node.op);
      if (effect) yield { kind: "operator", domain: "tensorflow", name: node.op, node: place, detail: effect };
      const purpose = pathOps.get(node.op);
      if (!purpose) continue;
      byName ??= new Map(body.nodes.map((one) => [one.name, one]));
      const path = literalPath(node, byName);
      if (path !== null) yield { kind: "path", path, purpose: `${node.op} at ${place} ${purpose}` };
    }
  }
}

/** The fixed text that the node's path is, or null when the caller of the graph gives it. */
function literalPath(node: GraphNode, byName: ReadonlyMap<string, GraphNode>): string | null {
  const open = node.inputs
    .filter((input) => !input.startsWith("^"))
    .slice(0, node.op.startsWith("InitializeTable") ? 2 : 1);
  const texts: string[] = [];
  const seen = new Set<string>();
  for (let step = 0; step < traceLimit; step++) {
    const input = open.pop();
    if (input === undefined) break;
    const source = byName.get(input.split(":")[0]!);
    // An argument of the function, or a placeholder: the caller says where the model lies.
    if (!source || /^Placeholder/.test(source.op)) return null;
    if (seen.has(source.name)) continue;
    seen.add(source.name);
    if (source.op === "Const") texts.push(source.constantText ?? "");
    else open.push(...source.inputs.filter((name) => !name.startsWith("^")));
  }
  const named = texts.filter((text) => text !== "");
  return named.length > 0 ? named.join("") : null;
}

/** How often each operator is used, over the graph and its functions, the most frequent first. */
export function operatorCounts(graph: TensorflowGraph): [op: string, count: number][] {
  const counts = new Map<string, number>();
  for (const node of graph.bodies.flatMap((body: GraphBody) => body.nodes))
    counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
