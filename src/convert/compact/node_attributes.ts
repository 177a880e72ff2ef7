// Attributes of a node in the compact dialect.
import { type Attribute, type Graph, type Node, tensorOf } from "../../onnx/index.ts";
import { singleFrom, singleTo } from "../neighbours.ts";
import { splitMode } from "../tree_ensemble.ts";
import { rounded } from "./rounding.ts";

/** TensorProto.DataType. */
const [single, double] = [1n, 11n];

/** @param nested what becomes of graphs inside the node */
export function compactAttributes(node: Node, nested: (graph: Graph) => Graph): Attribute[] {
  const modes = node.attributes.find(({ name }) => name === "nodes_modes");
  return node.attributes.map((attribute) => {
    if (attribute.kind === "graph") return { ...attribute, value: nested(attribute.value) };
    if (attribute.kind === "graphs") return { ...attribute, value: attribute.value.map(nested) };
    if (attribute.kind === "int" && attribute.value === double && /^(to|dtype)$/.test(attribute.name))
      return { ...attribute, value: single };
    if (attribute.kind !== "tensor") return attribute;
    const isSplit = node.opType === "TreeEnsemble" && attribute.name === "nodes_splits" && modes?.kind === "tensor";
    if (!isSplit) return { ...attribute, value: rounded(attribute.value, Math.fround) };
    const mode = tensorOf(modes.value).data as Uint8Array;
    return { ...attribute, value: rounded(attribute.value, (value, at) => threshold(value, mode[at]!)) };
  });
}

/** The float32 that answers every float32 as the float64 does. Exact for LEQ and GT (down), LT and GTE (up). */
function threshold(value: number, mode: number): number {
  if (mode === splitMode.leq || mode === splitMode.gt) return singleTo(value);
  if (mode === splitMode.lt || mode === splitMode.gte) return singleFrom(value);
  return Math.fround(value);
}
