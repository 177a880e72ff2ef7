// Names of classes, where an operator of the graph holds them.
import type { Graph, Node } from "../../onnx/index.ts";

const classifiers = new Set(["TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"]);
/** Attributes that hold class names, in the operators that have them. */
const labels = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];
/** Operators that change neither the order nor the number of columns. */
const passing = new Set(["Identity", "Cast", "Normalizer", "Softmax", "ZipMap"]);

export interface Classifier {
  readonly node: Node;
  readonly classes: readonly string[] | null;
}

/** Classifier operators of the main graph. */
export function classifiersOf(graph: Graph): Classifier[] {
  return graph.nodes
    .filter((node) => node.domain === "ai.onnx.ml" && classifiers.has(node.opType))
    .map((node) => ({ node, classes: classNames(node) }));
}

/** Class names of a classifier or ZipMap; null when it has none. */
export function classNames(node: Node): string[] | null {
  for (const attribute of node.attributes) {
    if (!labels.includes(attribute.name)) continue;
    if (attribute.kind === "strings")
      return attribute.value.map((bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    if (attribute.kind === "ints") return Array.from(attribute.value, String);
  }
  return null;
}

/** The node that makes each value of the main graph. */
export function makersOf(graph: Graph): Map<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** What a graph output is when a classifier makes it, through operators that only pass it on. */
export function classifierOutput(
  makers: ReadonlyMap<string, Node>,
  name: string,
): { role: "label" | "probabilities"; classes: string[] | null } | null {
  let wanted = name;
  for (let steps = 0; steps < 8; steps++) {
    const node = makers.get(wanted);
    if (!node) return null;
    if (classifiers.has(node.opType) && node.domain === "ai.onnx.ml")
      return { role: node.outputs[0] === wanted ? "label" : "probabilities", classes: classNames(node) };
    if (!passing.has(node.opType)) return null;
    wanted = node.inputs[0] ?? "";
  }
  return null;
}
