// Leaves of a forest of random trees as columns of zeros and ones. Rule: sklearn/ensemble/_forest.py, RandomTreesEmbedding.transform:
// one_hot_encoder_ of the leaf of each tree.
import { NdArray } from "../../formats/index.ts";
import { int32, int64 } from "../../onnx/index.ts";
import type { Estimator } from "./estimator.ts";
import { forestColumns, readForest } from "./forest.ts";
import { emitFloat32, leavesOf } from "./tree_input.ts";
import { eachLeaf, emitLeaves, leafForest } from "./tree_layout.ts";

export const randomTreesEmbedding: Estimator = {
  classes: ["sklearn.ensemble._forest.RandomTreesEmbedding", "sklearn.ensemble.forest.RandomTreesEmbedding"],
  read(self) {
    const trees = readForest(self);
    const encoder = self.child("one_hot_encoder_");
    const nodes = encoder.items("categories_").map((each) => {
      if (!(each instanceof NdArray)) throw encoder.invalid("has `categories_` that are no arrays");
      return each.integers();
    });
    if (nodes.length !== trees.length) throw self.invalid(`encodes ${nodes.length} of ${trees.length} trees`);
    const columns = nodes.flatMap((own, tree) => own.map((node) => ({ tree, node })));
    return {
      columns: forestColumns(self, trees),
      transform: {
        width: columns.length,
        emit(x, { g }) {
          const forest = leafForest(trees);
          const leafAt = new Map<string, number>();
          eachLeaf(trees, (tree, node, leaf) => leafAt.set(`${tree} ${node}`, leaf));
          const wanted = columns.map(({ tree, node }) => leafAt.get(`${tree} ${node}`) ?? -1);
          const byTree = emitLeaves(g, emitFloat32(g, x), forest);
          const byRow = g.op("Transpose", [byTree], { perm: [1, 0] });
          const own = g.op("Gather", [byRow, g.constant(int64(columns.map(({ tree }) => tree)))], { axis: 1 });
          const isLeaf = g.op("Equal", [own, g.constant(int32(wanted, [1, wanted.length]))]);
          return {
            blocks: [{ value: g.op("Cast", [isLeaf], { to: 11 }, { name: "embedding" }), width: wanted.length }],
          };
        },
        evaluate(x) {
          const leaves = trees.map(({ nodes: own }) => leavesOf(own, x));
          return {
            rows: x.rows,
            columns: columns.map(({ tree, node }) => Float64Array.from(leaves[tree]!, (leaf) => Number(leaf === node))),
          };
        },
      },
    };
  },
};
