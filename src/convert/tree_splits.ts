// The comparisons of a tree ensemble, in any of the forms that ONNX has had for it.
import { type Node, tensorOf } from "../onnx/index.ts";
import { splitMode } from "./tree_ensemble.ts";

/** Feature and threshold (or member of a set) of every comparison. */
export function* treeSplits(node: Node): Generator<[feature: number, value: number]> {
  const features = numbers(node, "nodes_featureids");
  const current = node.opType === "TreeEnsemble";
  const values = current ? numbers(node, "nodes_splits") : firstOf(node, ["nodes_values_as_tensor", "nodes_values"]);
  const modes = current ? numbers(node, "nodes_modes") : [];
  const leaves = current ? [] : leafFlags(node);
  const members = current ? numbers(node, "membership_values") : [];
  let at = 0;
  for (let i = 0; i < features.length; i++) {
    if (modes[i] === splitMode.member) {
      for (; at < members.length && !Number.isNaN(members[at]!); at++) yield [features[i]!, members[at]!];
      at++;
    } else if (leaves[i] !== true && i < values.length) yield [features[i]!, values[i]!];
  }
}

function firstOf(node: Node, names: readonly string[]): ArrayLike<number> {
  return names.map((name) => numbers(node, name)).find((values) => values.length > 0) ?? [];
}

function numbers(node: Node, name: string): ArrayLike<number> {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (found?.kind === "floats") return found.value;
  if (found?.kind === "ints") return found.value instanceof Int32Array ? found.value : Array.from(found.value, Number);
  if (found?.kind !== "tensor") return [];
  const { data } = tensorOf(found.value);
  return Array.isArray(data) ? [] : Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Older forms list the leaves among the nodes. */
function leafFlags(node: Node): boolean[] {
  const modes = node.attributes.find(({ name }) => name === "nodes_modes");
  if (modes?.kind !== "strings") return [];
  return modes.value.map((mode) => Buffer.from(mode).toString() === "LEAF");
}
