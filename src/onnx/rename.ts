// Renaming the values of a graph, everywhere they are named.
import type { Attribute, Graph, Node, SparseTensor, ValueInfo } from "./model.ts";
import { nestedGraphs } from "./walk.ts";

/** Every value name of a graph and of the graphs nested in it; `""` is not one. */
export function valueNames(graph: Graph, into = new Set<string>()): Set<string> {
  for (const { name } of [...graph.inputs, ...graph.outputs, ...graph.initializers]) into.add(name);
  for (const { values } of graph.sparseInitializers) into.add(values.name);
  for (const node of graph.nodes) {
    for (const name of [...node.inputs, ...node.outputs]) if (name !== "") into.add(name);
    for (const nested of nestedGraphs(node)) valueNames(nested, into);
  }
  return into;
}

/** The same graph under other names; a name means the same value in nested graphs, so it is renamed there too. */
export function renameValues(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  if (names.size === 0) return graph;
  const rename = (name: string) => names.get(name) ?? name;
  const named = <T extends { name: string }>(item: T): T => ({ ...item, name: rename(item.name) });
  const sparse = (tensor: SparseTensor): SparseTensor => ({ ...tensor, values: named(tensor.values) });
  const attribute = (item: Attribute): Attribute => {
    if (item.kind === "graph") return { ...item, value: renameValues(item.value, names) };
    if (item.kind === "graphs") return { ...item, value: item.value.map((nested) => renameValues(nested, names)) };
    return item;
  };
  const node = (item: Node): Node => ({
    ...item,
    inputs: item.inputs.map(rename),
    outputs: item.outputs.map(rename),
    attributes: item.attributes.map(attribute),
  });
  return {
    ...graph,
    nodes: graph.nodes.map(node),
    inputs: graph.inputs.map(named<ValueInfo>),
    outputs: graph.outputs.map(named<ValueInfo>),
    valueInfos: graph.valueInfos.map(named<ValueInfo>),
    initializers: graph.initializers.map(named),
    sparseInitializers: graph.sparseInitializers.map(sparse),
  };
}
