// Constants that values are compared with: each gets a copy of its own, rounded to the side that changes no comparison of a float32.
import type { Graph, Node, StoredTensor } from "../../onnx/index.ts";
import { singleFrom, singleTo } from "../neighbours.ts";
import { rounded } from "./rounding.ts";

/** How the second operand is rounded: x < c is x < (the smallest float32 >= c), x <= c is x <= (the largest float32 <= c), and so on. */
const roundings: Readonly<Record<string, (value: number) => number>> = {
  Less: singleFrom,
  LessOrEqual: singleTo,
  Greater: singleTo,
  GreaterOrEqual: singleFrom,
};

/** The same seen from the first operand: c < x is x > c. */
const mirrored: Readonly<Record<string, string>> = {
  Less: "Greater",
  LessOrEqual: "GreaterOrEqual",
  Greater: "Less",
  GreaterOrEqual: "LessOrEqual",
};

export function comparands(graph: Graph): Graph {
  const constants = new Map(graph.initializers.map((stored) => [stored.name, stored]));
  const taken = new Set([...constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) for (const name of node.outputs) taken.add(name);
  const added = new Map<string, StoredTensor>();
  const copyOf = (stored: StoredTensor, opType: string): string => {
    const round = roundings[opType]!;
    const key = `${stored.name}/${round.name}`;
    const known = added.get(key);
    if (known) return known.name;
    let name = `${stored.name}_${round === singleFrom ? "up" : "down"}`;
    while (taken.has(name)) name += "_";
    taken.add(name);
    added.set(key, { ...rounded(stored, round), name });
    return name;
  };
  const renamed = (node: Node): Node => {
    if (node.domain !== "" || !Object.hasOwn(roundings, node.opType)) return node;
    const inputs = node.inputs.map((name, at) => {
      const stored = constants.get(name);
      if (stored?.dtype !== "float64") return name;
      return copyOf(stored, at === 1 ? node.opType : mirrored[node.opType]!);
    });
    return { ...node, inputs };
  };
  const nodes = graph.nodes.map(renamed);
  if (added.size === 0) return graph;
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ name }) => name)]);
  const kept = graph.nodes.some((node) => node.attributes.some(({ kind }) => kind === "graph" || kind === "graphs"))
    ? graph.initializers
    : graph.initializers.filter(({ name }) => used.has(name));
  return { ...graph, nodes, initializers: [...kept, ...added.values()] };
}
