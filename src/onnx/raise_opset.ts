// A graph of an older opset in the words of a newer one: what was an attribute became an input. Rule: onnx/docs/Changelog.md.
import { attributeOf } from "./attributes.ts";
import type { Attribute, Model, Node } from "./model.ts";
import { changedOperators, opsetVersion } from "./opset_changes.ts";
import { graphsIn } from "./walk.ts";

const reductions =
  "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare";
/** Since which version a list of numbers is the second input, by operator. */
const moved = new Map<string, readonly [since: number, attribute: string]>([
  ...reductions.split(" ").map((name): [string, readonly [number, string]] => [name, [18, "axes"]]),
  ["ReduceSum", [13, "axes"]],
  ["Squeeze", [13, "axes"]],
  ["Unsqueeze", [13, "axes"]],
  ["Split", [13, "split"]],
]);

/** What stays as it is for the one case that models of today are exported in. */
const unchanged: Readonly<Record<string, (node: Node, from: number) => boolean>> = {
  // Since 14 the statistics of training have an attribute; since 9 nothing changed for inference.
  BatchNormalization: (node, from) => from >= 9 && node.outputs.length === 1,
  // Before 13 everything from the axis on was one: the last axis is the same in both.
  Softmax: isLastAxis,
  LogSoftmax: isLastAxis,
  Hardmax: isLastAxis,
};

/**
 * The model at this opset of ai.onnx; as it is where that is its own, a lower one, or where an operator has no equal there (joining it then says
 * which).
 */
export function raiseOpset(model: Model, target: number): Model {
  const from = opsetVersion(model.opsetImports, "");
  if (from === 0 || from >= target || model.functions.length > 0) return model;
  const changed = changedOperators("", from, target);
  for (const graph of graphsIn(model))
    for (const node of graph.nodes)
      if (isOnnx(node) && changed.has(node.opType) && !canRaise(node, from, target)) return model;
  // Graphs within nodes are rare in models that are exported for inference: they are left to whoever joins them.
  const nested = [...graphsIn(model)].slice(1);
  if (nested.some((graph) => graph.nodes.some((node) => isOnnx(node) && changed.has(node.opType)))) return model;
  const names = new Set(model.graph.nodes.flatMap((node) => node.outputs));
  const nodes = model.graph.nodes.flatMap((node) => (isOnnx(node) ? raised(node, from, target, names) : [node]));
  const opsetImports = model.opsetImports.map((opset) =>
    isPlain(opset.domain) ? { ...opset, version: target } : opset,
  );
  return { ...model, opsetImports, graph: { ...model.graph, nodes } };
}

const isPlain = (domain: string) => domain === "" || domain === "ai.onnx";
const isOnnx = (node: Node) => isPlain(node.domain);

function attribute(node: Node, name: string): Attribute | undefined {
  return node.attributes.find((each) => each.name === name);
}

function isLastAxis(node: Node): boolean {
  const axis = attribute(node, "axis");
  return axis?.kind === "int" && Number(axis.value) === -1;
}

function canRaise(node: Node, from: number, target: number): boolean {
  if (Object.hasOwn(unchanged, node.opType)) return unchanged[node.opType]!(node, from);
  const move = moved.get(node.opType);
  return move !== undefined && (move[0] <= target || node.opType === "Split");
}

function raised(node: Node, from: number, target: number, names: Set<string>): Node[] {
  const move = moved.get(node.opType);
  if (!move) return [node];
  const [since, name] = move;
  const list = attribute(node, name);
  let result = node;
  const before: Node[] = [];
  if (from < since && since <= target && list?.kind === "ints") {
    const values = BigInt64Array.from(Array.from(list.value, BigInt));
    const constant = constantNode(free(`${node.name || node.outputs[0]}_${name}`, names), values);
    before.push(constant);
    result = {
      ...node,
      inputs: [node.inputs[0]!, constant.outputs[0]!],
      attributes: node.attributes.filter((each) => each !== list),
    };
  }
  if (node.opType === "Split" && from < 18 && target >= 18 && result.inputs.length < 2)
    result = { ...result, attributes: [...result.attributes, attributeOf("num_outputs", node.outputs.length)] };
  return [...before, result];
}

function free(stem: string, names: Set<string>): string {
  let name = stem;
  for (let i = 2; names.has(name); i++) name = `${stem}_${i}`;
  names.add(name);
  return name;
}

function constantNode(name: string, values: BigInt64Array): Node {
  return {
    name,
    opType: "Constant",
    domain: "",
    overload: "",
    inputs: [],
    outputs: [name],
    attributes: [attributeOf("value", { dtype: "int64", dims: [values.length], data: values })],
    docString: "",
    metadata: [],
  };
}
