// Local functions of two models in one list.
import { localFunction } from "./messages.ts";
import type { Attribute, LocalFunction, Node } from "./model.ts";
import { Names } from "./names.ts";
import { ProtobufWriter } from "./protobuf_writer.ts";

interface Merged {
  readonly functions: LocalFunction[];
  /** Nodes of the second model, calling functions under their new names. */
  retarget(nodes: readonly Node[]): Node[];
}

type Called = Pick<LocalFunction, "domain" | "overload"> & { name: string };

/** Equal functions are shared; a different function under a name of the first model gets a new one. */
export function mergeFunctions(first: readonly LocalFunction[], second: readonly LocalFunction[]): Merged {
  const existing = new Map(first.map((local) => [key(local), local]));
  const names = new Names([...first, ...second].map(({ name }) => name));
  const renamed = new Map<string, string>();
  for (const local of second) {
    const other = existing.get(key(local));
    if (other && !equal(other, local)) renamed.set(key(local), names.unique(local.name));
  }
  const retargetAttribute = (attribute: Attribute): Attribute => {
    if (attribute.kind === "graph")
      return { ...attribute, value: { ...attribute.value, nodes: retarget(attribute.value.nodes) } };
    if (attribute.kind === "graphs")
      return { ...attribute, value: attribute.value.map((graph) => ({ ...graph, nodes: retarget(graph.nodes) })) };
    return attribute;
  };
  const retarget = (nodes: readonly Node[]): Node[] =>
    nodes.map((node) => ({
      ...node,
      opType: renamed.get(key({ ...node, name: node.opType })) ?? node.opType,
      attributes: node.attributes.map(retargetAttribute),
    }));
  const added = second
    .filter((local) => !existing.has(key(local)) || renamed.has(key(local)))
    .map((local) => ({ ...local, name: renamed.get(key(local)) ?? local.name, nodes: retarget(local.nodes) }));
  return { functions: [...first, ...added], retarget };
}

function key({ domain, name, overload }: Called): string {
  return JSON.stringify([domain, name, overload]);
}

function equal(a: LocalFunction, b: LocalFunction): boolean {
  const [left, right] = [a, b].map((local) => ProtobufWriter.encode(local, localFunction.write));
  return left!.length === right!.length && left!.every((byte, i) => byte === right![i]);
}
