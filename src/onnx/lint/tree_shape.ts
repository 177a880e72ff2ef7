// Trees that runtimes cannot load: ONNX Runtime walks them recursively, once for every path, and crashes the process where the
// stack ends (measured with 1.30: from 12,000 levels on native, before 4,000 on WebAssembly).
import type { Model, Node } from "../model.ts";
import { plainDomain } from "../opset_changes.ts";
import { nodesOf } from "../walk.ts";
import { type LintRule, nodeWhere } from "./rule.ts";

const deepest = 2048;
/** Nodes once shared ones are counted for every path that leads to them. */
const mostExpanded = 2 ** 27;

/** A child is a node, or -1 for a leaf (and for what is not there: other checks are for that). */
interface Shape {
  readonly roots: Int32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** What is wrong with the shape of the trees of a model, node by node. */
export function* treeProblems(model: Model): Generator<{ message: string; where: string }> {
  for (const node of nodesOf(model)) {
    if (plainDomain(node.domain) !== "ai.onnx.ml" || !node.opType.startsWith("TreeEnsemble")) continue;
    const problem = problemOf(node.opType === "TreeEnsemble" ? shapeOf(node) : classicShapeOf(node));
    if (problem) yield { message: problem, where: nodeWhere(node) };
  }
}

export const treeShape: LintRule = {
  id: "onnx-tree-shape",
  severity: "error",
  about: "Trees are trees, and not so deep that loading them overflows the stack",
  fix: "export the model again, with shallower trees",
  check: ({ model }) => treeProblems(model),
};

function shapeOf(node: Node): Shape {
  const count = integers(node, "nodes_featureids").length;
  const side = (name: "true" | "false") => {
    const leafs = integers(node, `nodes_${name}leafs`);
    const ids = integers(node, `nodes_${name}nodeids`);
    return Int32Array.from({ length: count }, (_, i) => (leafs[i] === 1 ? -1 : inside(ids[i], count)));
  };
  return { roots: integers(node, "tree_roots"), left: side("true"), right: side("false") };
}

/** Before ai.onnx.ml 5: nodes are named by tree and number, the first of a tree is its root. */
function classicShapeOf(node: Node): Shape {
  const trees = integers(node, "nodes_treeids");
  const ids = integers(node, "nodes_nodeids");
  const modes = node.attributes.find((attribute) => attribute.name === "nodes_modes");
  const isLeaf = (at: number) => modes?.kind === "strings" && decoder.decode(modes.value[at]) === "LEAF";
  const positions = new Map<string, number>();
  ids.forEach((id, at) => {
    positions.set(`${trees[at]} ${id}`, at);
  });
  const side = (name: "true" | "false") => {
    const named = integers(node, `nodes_${name}nodeids`);
    return Int32Array.from(ids, (_, at) => (isLeaf(at) ? -1 : (positions.get(`${trees[at]} ${named[at]}`) ?? -1)));
  };
  const roots = trees.map((_, at) => at).filter((at) => at === 0 || trees[at - 1] !== trees[at]);
  return { roots, left: side("true"), right: side("false") };
}

const decoder = new TextDecoder();

function integers(node: Node, name: string): Int32Array {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (found?.kind !== "ints") return new Int32Array();
  return found.value instanceof Int32Array ? found.value : Int32Array.from(found.value, Number);
}

function inside(id: number | undefined, count: number): number {
  return id !== undefined && id >= 0 && id < count ? id : -1;
}

/** Depth and expanded size, children before parents, without recursion. */
function problemOf({ roots, left, right }: Shape): string | null {
  const count = left.length;
  const depth = new Int32Array(count);
  const expanded = new Float64Array(count);
  const state = new Uint8Array(count);
  const [open, done] = [1, 2];
  let total = 0;
  for (const root of roots) {
    if (inside(root, count) < 0) continue;
    const stack = [root];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const [a, b] = [left[node]!, right[node]!];
      if (state[node] === 0) {
        state[node] = open;
        for (const child of a === b ? [a] : [a, b]) {
          if (child < 0 || state[child] === done) continue;
          if (state[child] === open) return `node ${child} leads back to itself`;
          stack.push(child);
        }
        continue;
      }
      stack.pop();
      if (state[node] === done) continue;
      state[node] = done;
      depth[node] = 1 + Math.max(a < 0 ? 0 : depth[a]!, b < 0 ? 0 : depth[b]!);
      expanded[node] = 1 + (a < 0 ? 0 : expanded[a]!) + (b < 0 ? 0 : expanded[b]!);
      if (depth[node]! > deepest) return `a tree is more than ${deepest} levels deep`;
    }
    total += expanded[root]!;
    if (total > mostExpanded) return `shared nodes expand to more than ${mostExpanded} nodes`;
  }
  return null;
}
