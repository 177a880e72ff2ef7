// What a person sees of TensorFlow models.
import { grouped } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { columnTypeOf, dtypeName, dtypeSize, type TensorflowGraph } from "./graph_def.ts";
import type { MetaGraph, SavedModel, TensorInfo } from "./saved_model.ts";
import { operatorCounts } from "./survey.ts";
import type { TensorBundle } from "./tensor_bundle.ts";

const shownOperators = 12;

export function describeSavedModel(model: SavedModel, variables: TensorBundle | null): ModelDescription {
  const graph = model.metaGraphs.find((one) => one.tags.includes("serve")) ?? model.metaGraphs[0];
  const signature =
    graph?.signatures.find((one) => one.name === "serving_default") ??
    graph?.signatures.find((one) => !one.name.startsWith("__"));
  const tensor = ({ key, dtype, shape }: TensorInfo) => ({
    name: key,
    type: columnTypeOf(dtype),
    shape: (shape ?? []).slice(1),
  });
  return {
    format: "tensorflow-saved-model",
    formatVersion: String(model.schemaVersion),
    producer: { name: "TensorFlow", ...(graph?.version ? { version: graph.version } : {}) },
    task: "unknown",
    summary: `SavedModel, ${count(model.metaGraphs.length, "meta graph")}${graph ? `, tags ${graph.tags.join(", ") || "none"}` : ""}`,
    inputs: (signature?.inputs ?? []).map(tensor),
    outputs: (signature?.outputs ?? []).map(tensor),
    facts: [
      ["signatures", graph?.signatures.map((one) => one.name).join(", ") || "none"],
      ...(graph ? graphFacts(graph.graph) : []),
      ...(graph && graph.assets.length > 0 ? [["assets", graph.assets.join(", ")] as const] : []),
      ...(variables ? bundleFacts(variables) : []),
    ],
  };
}

export function describeFrozenGraph(graph: TensorflowGraph): ModelDescription {
  const nodes = graph.bodies[0]?.nodes ?? [];
  const read = new Set(nodes.flatMap((node) => node.inputs.map((input) => input.replace(/^\^/, "").split(":")[0]!)));
  const inputs = nodes.filter((node) => node.op === "Placeholder");
  const outputs = nodes.filter((node) => !read.has(node.name) && !["Const", "NoOp", "Placeholder"].includes(node.op));
  return {
    format: "tensorflow-graph",
    producer: { name: "TensorFlow", ...(graph.producer > 0 ? { version: `GraphDef ${graph.producer}` } : {}) },
    task: "unknown",
    summary: `frozen graph of ${count(nodes.length, "node")}`,
    inputs: inputs.map((node) => ({
      name: node.name,
      type: columnTypeOf(node.dtype),
      shape: (node.shape ?? []).slice(1),
    })),
    outputs: outputs.map((node) => ({ name: node.name, type: "float", shape: [] })),
    facts: graphFacts(graph),
  };
}

export function bundleFacts(bundle: TensorBundle): ModelDescription["facts"] {
  const parameters = new Map<string, number>();
  for (const { dtype, shape } of bundle.entries) {
    if (dtypeSize(dtype) === 0) continue;
    const elements = shape.reduce<number>((product, size) => product * (typeof size === "number" ? size : 0), 1);
    parameters.set(dtypeName(dtype), (parameters.get(dtypeName(dtype)) ?? 0) + elements);
  }
  return [
    ["variables", bundle.entries.length],
    ["parameters", [...parameters].map(([dtype, number]) => `${grouped(number)} ${dtype}`).join(", ") || "none"],
  ];
}

function graphFacts(graph: TensorflowGraph): ModelDescription["facts"] {
  const counts = operatorCounts(graph);
  const shown = counts.slice(0, shownOperators).map(([op, times]) => `${op} × ${times}`);
  const more = counts.length - shown.length;
  return [
    ["functions", Math.max(0, graph.bodies.length - 1)],
    ["operators", [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ")],
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** All graphs of a SavedModel. */
export function graphsOf(model: SavedModel): TensorflowGraph[] {
  return model.metaGraphs.map((one: MetaGraph) => one.graph);
}
