// ZipMap turns probabilities into a list of maps, which JavaScript runtimes cannot return: at an output it is taken out.
import { classNames } from "../../formats/index.ts";
import type { Graph, Model, Node, ValueInfo } from "../../onnx/index.ts";

interface Unzipped {
  readonly model: Model;
  /** Class names by output that was a map. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/** The same numbers as one tensor [N, K] under the same output name. */
export function withoutZipMap(model: Model): Unzipped {
  const { graph } = model;
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const classes = new Map<string, readonly string[]>();
  const nodes = graph.nodes.map((node): Node => {
    const [output = ""] = node.outputs;
    if (node.opType !== "ZipMap" || node.domain !== "ai.onnx.ml" || !outputs.has(output) || read.has(output))
      return node;
    classes.set(output, classNames(node) ?? []);
    return { ...node, opType: "Identity", domain: "", attributes: [] };
  });
  if (classes.size === 0) return { model, classes };
  const unzipped = ({ name, ...rest }: ValueInfo): ValueInfo => {
    const names = classes.get(name);
    if (!names) return { name, ...rest };
    return { name, ...rest, type: { kind: "tensor", dtype: "float32", shape: [null, names.length || null] } };
  };
  const changed: Graph = { ...graph, nodes, outputs: graph.outputs.map(unzipped) };
  return { model: { ...model, opsetImports: withCore(model), graph: changed }, classes };
}

/** Identity needs ai.onnx; a graph of ai.onnx.ml operators alone may not import it. */
function withCore({ opsetImports }: Model): Model["opsetImports"] {
  const hasCore = opsetImports.some(({ domain }) => domain === "" || domain === "ai.onnx");
  return hasCore ? opsetImports : [{ domain: "", version: 13 }, ...opsetImports];
}
