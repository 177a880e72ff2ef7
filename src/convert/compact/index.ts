// The compact dialect: an exact graph in float32, for devices without float64. One pass over any graph that a converter emits. What trees and
// comparisons decide stays the same for every float32 input, since their thresholds are rounded to the side that changes nothing; sums and
// links are computed in float32.
import type { Schema } from "../../core/index.ts";
import { float32, float64, type Graph, type Model, type Node, type Tensor, type ValueInfo } from "../../onnx/index.ts";
import type { Converted, Tolerance } from "../converter.ts";
import { comparands } from "./comparands.ts";
import { compactAttributes } from "./node_attributes.ts";
import { rounded } from "./rounding.ts";

/** What is promised of 98 of 100 values: records between a number and its float32 may be answered otherwise. */
const compactTolerance: Tolerance = { exact: false, absolute: 1e-4, relative: 1e-3 };

export function compacted(converted: Converted): Converted {
  const { model, schema, reference, accepts, notes } = converted;
  const doubles = new Set(schema.inputs.filter(({ dtype }) => dtype === "float64").map(({ name }) => name));
  const compact: Schema = {
    inputs: schema.inputs.map((spec) => (spec.dtype === "float64" ? { ...spec, dtype: "float32" } : spec)),
    outputs: schema.outputs.map((spec) => (spec.dtype === "float64" ? { ...spec, dtype: "float32" } : spec)),
  };
  const promises = compact.outputs.map(({ name, dtype }): [string, Tolerance] => [
    name,
    dtype === "float32" ? compactTolerance : { exact: true },
  ]);
  return {
    model: compactModel(model),
    schema: compact,
    promises: Object.fromEntries(promises),
    ...(reference ? { reference: (feeds) => narrowed(reference(widened(feeds, doubles))) } : {}),
    // Float32 leaves no room for sums of the largest numbers.
    accepts: { ...accepts, largest: Math.min(accepts?.largest ?? 1e6, 1e6) },
    dialect: "compact",
    notes: [...notes, "compact dialect: computed in float32, numbers differ in their last places"],
  };
}

function compactModel(model: Model): Model {
  return {
    ...model,
    graph: compactGraph(model.graph),
    functions: model.functions.map((local) => ({ ...local, nodes: local.nodes.map(compactNode) })),
  };
}

function compactGraph(given: Graph): Graph {
  const graph = comparands(given);
  return {
    ...graph,
    initializers: graph.initializers.map((stored) => rounded(stored, Math.fround)),
    nodes: graph.nodes.map(compactNode),
    inputs: graph.inputs.map(compactInfo),
    outputs: graph.outputs.map(compactInfo),
    valueInfos: graph.valueInfos.map(compactInfo),
  };
}

function compactNode(node: Node): Node {
  return { ...node, attributes: compactAttributes(node, compactGraph) };
}

function compactInfo(info: ValueInfo): ValueInfo {
  const { type } = info;
  return type?.kind === "tensor" && type.dtype === "float64" ? { ...info, type: { ...type, dtype: "float32" } } : info;
}

type Tensors = Readonly<Record<string, Tensor>>;

function widened(feeds: Tensors, doubles: ReadonlySet<string>): Tensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      doubles.has(name) ? float64(tensor.data as Float32Array, tensor.dims) : tensor,
    ]),
  );
}

function narrowed(outputs: Tensors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [
      name,
      tensor.dtype === "float64" ? float32(tensor.data as Float64Array, tensor.dims) : tensor,
    ]),
  );
}
