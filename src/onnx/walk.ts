// Everything a model holds, nested graphs and functions included.
import type { Attribute, Graph, LocalFunction, Model, Node, SparseTensor, StoredTensor } from "./model.ts";

/** The graphs of one attribute. */
export function graphsOf(attribute: Attribute): readonly Graph[] {
  if (attribute.kind === "graph") return [attribute.value];
  return attribute.kind === "graphs" ? attribute.value : [];
}

/** Graphs directly inside a node. */
export function nestedGraphs(node: Pick<Node, "attributes">): Graph[] {
  return node.attributes.flatMap(graphsOf);
}

/** Every node, outer before inner. */
export function* nodesIn(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    for (const graph of nestedGraphs(node)) yield* nodesIn(graph.nodes);
  }
}

/** Every node of the graph and of the local functions. */
export function* nodesOf(model: Model): Generator<Node> {
  yield* nodesIn(model.graph.nodes);
  for (const local of model.functions) yield* nodesIn(local.nodes);
}

/** The graph and every graph nested in it or in a local function. */
export function* graphsIn(model: Model): Generator<Graph> {
  yield model.graph;
  for (const node of nodesOf(model)) yield* nestedGraphs(node);
}

/** The same model with every stored tensor replaced; what does not change is shared with the original. */
export function mapTensors(model: Model, map: (tensor: StoredTensor) => StoredTensor): Model {
  const mapSparse = (sparse: SparseTensor): SparseTensor => ({
    ...sparse,
    values: map(sparse.values),
    indices: map(sparse.indices),
  });
  const mapAttribute = (attribute: Attribute): Attribute => {
    if (attribute.kind === "tensor") return { ...attribute, value: map(attribute.value) };
    if (attribute.kind === "tensors") return { ...attribute, value: attribute.value.map(map) };
    if (attribute.kind === "sparse_tensor") return { ...attribute, value: mapSparse(attribute.value) };
    if (attribute.kind === "sparse_tensors") return { ...attribute, value: attribute.value.map(mapSparse) };
    if (attribute.kind === "graph") return { ...attribute, value: mapGraph(attribute.value) };
    if (attribute.kind === "graphs") return { ...attribute, value: attribute.value.map(mapGraph) };
    return attribute;
  };
  const mapNode = (node: Node): Node => ({ ...node, attributes: node.attributes.map(mapAttribute) });
  const mapGraph = (graph: Graph): Graph => ({
    ...graph,
    initializers: graph.initializers.map(map),
    sparseInitializers: graph.sparseInitializers.map(mapSparse),
    nodes: graph.nodes.map(mapNode),
  });
  const mapFunction = (local: LocalFunction): LocalFunction => ({
    ...local,
    attributeDefaults: local.attributeDefaults.map(mapAttribute),
    nodes: local.nodes.map(mapNode),
  });
  return { ...model, graph: mapGraph(model.graph), functions: model.functions.map(mapFunction) };
}

/** Every stored tensor, in the order of `mapTensors`. */
export function tensorsOf(model: Model): StoredTensor[] {
  const tensors: StoredTensor[] = [];
  mapTensors(model, (tensor) => {
    tensors.push(tensor);
    return tensor;
  });
  return tensors;
}
