// One decision tree. Rule: sklearn/tree/_classes.py, BaseDecisionTree.predict and DecisionTreeClassifier.predict_proba.
import type { Fitted } from "../../formats/index.ts";
import { float64, int64 } from "../../onnx/index.ts";
import type { Classify, Estimator, Regress } from "./estimator.ts";
import { emitTargets, largestClass, leafClasses, readTargets, targetRows, writeProbabilities } from "./tree_classes.ts";
import { emitFloat32, leavesOf, numberColumns } from "./tree_input.ts";
import { emitLeafRows, emitLeaves, leafForest, leafTable } from "./tree_layout.ts";
import { readTreeNodes, type TreeNodes } from "./tree_nodes.ts";
import { takesMissing } from "./tree_release.ts";

const modules = ["sklearn.tree._classes", "sklearn.tree.tree"];

/** Qualified names of classes that are single trees. */
export const treeClassifiers = modules.flatMap((module) => [
  `${module}.DecisionTreeClassifier`,
  `${module}.ExtraTreeClassifier`,
]);
export const treeRegressors = modules.flatMap((module) => [
  `${module}.DecisionTreeRegressor`,
  `${module}.ExtraTreeRegressor`,
]);

export const treeClassifier: Estimator = {
  classes: treeClassifiers,
  read(self) {
    const tree = readTreeNodes(self);
    return { columns: columnsOf(self, tree), classify: classifyWith(self, tree) };
  },
};

export const treeRegressor: Estimator = {
  classes: treeRegressors,
  read(self) {
    const tree = readTreeNodes(self);
    return { columns: columnsOf(self, tree), regress: regressWith(tree) };
  },
};

function columnsOf(self: Fitted, tree: TreeNodes) {
  return numberColumns(tree.features, tree.missingLeft !== null && takesMissing(self));
}

function classifyWith(self: Fitted, tree: TreeNodes): Classify {
  const targets = readTargets(self);
  const leaf = leafClasses(
    self,
    tree,
    targets.map((classes) => classes.length),
  );
  const { counts, width } = leaf;
  return {
    targets,
    isExact: true,
    emit(x, { g }) {
      const forest = leafForest([{ nodes: tree }]);
      const leaves = emitLeaves(g, emitFloat32(g, x), forest);
      const table = leafTable(forest, width, (_tree, node, into, at) => writeProbabilities(tree, leaf, node, into, at));
      const probabilities = emitLeafRows(g, leaves, g.constant(float64(table, [forest.leaves, width]), "leaf_values"));
      // Not of the probabilities: counts that differ in their last place may be the same once divided.
      const indices = counts.map((_, target) => {
        const best = leafTable(forest, 1, (_tree, node, into, at) => {
          into[at] = largestClass(tree, node, target);
        });
        return emitLeafRows(g, leaves, g.constant(int64(best), "leaf_classes"));
      });
      return emitTargets(g, probabilities, counts, indices);
    },
    evaluate(x) {
      const probabilities = new Float64Array(x.rows * width);
      const leaves = leavesOf(tree, x);
      leaves.forEach((node, row) => {
        writeProbabilities(tree, leaf, node, probabilities, row * width);
      });
      return targetRows(x.rows, counts, probabilities, (at, target) => largestClass(tree, leaves[at]!, target));
    },
  };
}

function regressWith(tree: TreeNodes): Regress {
  const { outputs, width, values } = tree;
  return {
    targets: outputs === 1 ? null : outputs,
    isExact: true,
    emit(x, { g }) {
      const forest = leafForest([{ nodes: tree }]);
      const table = leafTable(forest, outputs, (_tree, node, into, at) => {
        for (let k = 0; k < outputs; k++) into[at + k] = values[(node * outputs + k) * width]!;
      });
      const dims = outputs === 1 ? [forest.leaves] : [forest.leaves, outputs];
      return emitLeafRows(g, emitLeaves(g, emitFloat32(g, x), forest), g.constant(float64(table, dims), "leaf_values"));
    },
    evaluate(x) {
      const data = new Float64Array(x.rows * outputs);
      let at = 0;
      for (const leaf of leavesOf(tree, x)) {
        for (let k = 0; k < outputs; k++) data[at++] = values[(leaf * outputs + k) * width]!;
      }
      return { rows: x.rows, columns: outputs, data };
    },
  };
}
