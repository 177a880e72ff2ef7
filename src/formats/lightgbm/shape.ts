// Whether the children of a tree's nodes make a tree: every node and leaf reached once, no cycle, not too deep.
import { IngotError } from "../../core/index.ts";
import type { TreeBlock } from "./block.ts";

/** Runtimes walk trees recursively when they load them; deeper ones could overflow their stack. */
export const depthLimit = 2048;

/** @throws IngotError MODEL_INVALID, MODEL_UNSUPPORTED (too deep) */
export function checkShape(block: TreeBlock, left: Int32Array, right: Int32Array): void {
  const nodes = left.length;
  const depth = new Int32Array(nodes);
  const leafSeen = new Uint8Array(nodes + 1);
  const pending = new Int32Array(nodes + 1);
  let top = 1;
  let visited = 0;
  depth[0] = 1;
  const visit = (child: number, parent: number, field: string): void => {
    const isLeaf = child < 0;
    const index = isLeaf ? ~child : child;
    const seen = isLeaf ? leafSeen[index] : depth[index];
    if (seen === undefined) throw block.text.invalid(`node ${parent}: there is no child ${child}`, block.where(field));
    if (seen > 0) throw block.text.invalid(`node ${parent}: child ${child} has two parents`, block.where(field));
    if (isLeaf) leafSeen[index] = 1;
    else {
      depth[index] = depth[parent]! + 1;
      pending[top++] = index;
    }
  };
  while (top > 0) {
    const node = pending[--top]!;
    visited++;
    if (depth[node]! > depthLimit)
      throw new IngotError("MODEL_UNSUPPORTED", {
        what: `is more than ${depthLimit} levels deep`,
        where: `${block.text.source}: tree ${block.index}`,
        fix: "train with a bound `max_depth`",
      });
    visit(left[node]!, node, "left_child");
    visit(right[node]!, node, "right_child");
  }
  if (visited !== nodes)
    throw block.text.invalid(`${nodes - visited} nodes are not reached from the first`, block.where("left_child"));
}
