// Whether trees are added inside of an operator: then threads decide the order, and with it the last bit.
import type { Node } from "./model.ts";
import { plainDomain } from "./opset_changes.ts";

/** False where every output column of a TreeEnsemble has one tree; true as well for what is not understood. */
export function addsTrees(node: Node): boolean {
  if (plainDomain(node.domain) !== "ai.onnx.ml" || !node.opType.startsWith("TreeEnsemble")) return false;
  if (node.opType !== "TreeEnsemble") return true;
  const roots = integers(node, "tree_roots");
  const targets = integers(node, "leaf_targetids");
  const sides = (["true", "false"] as const).map((side) => ({
    isLeaf: integers(node, `nodes_${side}leafs`),
    ids: integers(node, `nodes_${side}nodeids`),
  }));
  const treeOfTarget = new Map<number, number>();
  const treeOfNode = new Int32Array(integers(node, "nodes_featureids").length).fill(-1);
  for (const [tree, root] of roots.entries()) {
    const stack = [root];
    while (stack.length > 0) {
      const at = stack.pop()!;
      // A node of two trees, or one that is reached twice: shared parts are left to one thread.
      if (treeOfNode[at] !== -1) return true;
      treeOfNode[at] = tree;
      for (const { isLeaf, ids } of sides) {
        const id = ids[at]!;
        if (isLeaf[at] !== 1) stack.push(id);
        else if ((treeOfTarget.get(targets[id]!) ?? tree) !== tree) return true;
        else treeOfTarget.set(targets[id]!, tree);
      }
    }
  }
  return false;
}

function integers(node: Node, name: string): Int32Array {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (found?.kind !== "ints") return new Int32Array();
  return found.value instanceof Int32Array ? found.value : Int32Array.from(found.value, Number);
}
