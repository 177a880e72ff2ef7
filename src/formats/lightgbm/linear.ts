// Linear models in the leaves of a tree (linear_tree=true).

import type { TreeBlock } from "./block.ts";
import type { LinearLeaves } from "./model.ts";

export function readLinearLeaves(block: TreeBlock, leaves: number, features: number): LinearLeaves {
  const constant = new Float64Array(leaves);
  if (block.has("leaf_const")) block.read("leaf_const", "float", constant);
  const start = new Int32Array(leaves + 1);
  if (block.has("num_features")) {
    const [from, to] = block.span("leaf_features");
    const counts = block.read("num_features", "int", new Int32Array(leaves));
    for (let i = 0; i < leaves; i++) {
      if (counts[i]! < 0 || counts[i]! > to - from)
        throw block.text.invalid(`leaf ${i} has ${counts[i]} features`, block.where("num_features"));
      start[i + 1] = start[i]! + counts[i]!;
      if (start[i + 1]! > to - from)
        throw block.text.invalid("has more features than leaf_features holds", block.where("num_features"));
    }
  }
  const total = start[leaves]!;
  const used = new Int32Array(total);
  const coefficients = new Float64Array(total);
  if (total > 0) {
    block.read("leaf_features", "int", used);
    block.read("leaf_coeff", "float", coefficients);
  }
  for (const feature of used)
    if (feature < 0 || feature >= features)
      throw block.text.invalid(`feature ${feature} of ${features}`, block.where("leaf_features"));
  return { constant, start, features: used, coefficients };
}
