// Forests: the mean of their trees. Rule: sklearn/ensemble/_forest.py, ForestClassifier.predict_proba, ForestRegressor.predict and
// _accumulate_prediction: the trees are added one after the other in float64, then divided by their number.
import type { Fitted } from "../../formats/index.ts";
import { int64 } from "../../onnx/index.ts";
import type { Classify, ColumnNeed, Estimator, Regress } from "./estimator.ts";
import { emitTargets, leafClasses, readTargets, scalar, targetRows, writeProbabilities } from "./tree_classes.ts";
import { emitFloat32, emitRounded, leavesOf, numberColumns } from "./tree_input.ts";
import { emitLeafSum, emitLeaves, emitTreeSums, leafForest, leafTable, type PlacedTree } from "./tree_layout.ts";
import { readTreeNodes } from "./tree_nodes.ts";
import { isBefore, takesMissing } from "./tree_release.ts";
import { emitVotes, votesOf } from "./tree_votes.ts";

const modules = ["sklearn.ensemble._forest", "sklearn.ensemble.forest"];
const named = (...names: string[]) => modules.flatMap((module) => names.map((name) => `${module}.${name}`));

export const forestClassifier: Estimator = {
  classes: named("RandomForestClassifier", "ExtraTreesClassifier"),
  read(self) {
    const trees = readForest(self);
    return { columns: forestColumns(self, trees), classify: meanOfClasses(self, trees) };
  },
};

export const forestRegressor: Estimator = {
  classes: named("RandomForestRegressor", "ExtraTreesRegressor"),
  read(self) {
    const trees = readForest(self);
    return { columns: forestColumns(self, trees), regress: meanOfValues(trees) };
  },
};

/** Forests take NaN from 1.4 on, where their trees do. Rule: BaseForest._validate_X_predict. */
export function forestColumns(self: Fitted, trees: readonly PlacedTree[]): ColumnNeed[] {
  const { features, missingLeft } = trees[0]!.nodes;
  const missing =
    missingLeft !== null && !isBefore(self.version, 1, 4) && takesMissing(self.children("estimators_")[0]!);
  return numberColumns(features, missing);
}

/** Trees that were all fitted on the same columns. */
export function readForest(self: Fitted): PlacedTree[] {
  const trees = self.children("estimators_").map((child) => ({ nodes: readTreeNodes(child) }));
  const [first] = trees;
  if (!first) throw self.invalid("has no trees");
  const { features, outputs, width } = first.nodes;
  if (trees.some(({ nodes }) => nodes.features !== features || nodes.outputs !== outputs || nodes.width !== width))
    throw self.invalid("has trees of different shapes");
  return trees;
}

/** The mean of the trees' probabilities; `predict` is its largest. */
export function meanOfClasses(self: Fitted, trees: readonly PlacedTree[]): Classify {
  const targets = readTargets(self);
  const counts = targets.map((classes) => classes.length);
  const leaf = leafClasses(self, trees[0]!.nodes, counts);
  const { width } = leaf;
  return {
    targets,
    isExact: true,
    emit(x, { g }) {
      const votes = votesOf(trees, leaf);
      if (votes) return emitTargets(g, emitVotes(g, emitFloat32(g, x), trees, votes, width), counts);
      const forest = leafForest(trees);
      const table = leafTable(forest, width, (tree, node, into, at) =>
        writeProbabilities(trees[tree]!.nodes, leaf, node, into, at),
      );
      const sum = emitLeafSum(g, emitLeaves(g, emitFloat32(g, x), forest), trees.length, table, width);
      return emitTargets(g, g.op("Div", [sum, scalar(g, trees.length)], {}, { name: "mean" }), counts);
    },
    evaluate(x) {
      const means = new Float64Array(x.rows * width);
      const own = new Float64Array(width);
      for (const { nodes, features } of trees) {
        let at = 0;
        for (const node of leavesOf(nodes, x, features)) {
          writeProbabilities(nodes, leaf, node, own, 0);
          for (let k = 0; k < width; k++) means[at++]! += own[k]!;
        }
      }
      for (let i = 0; i < means.length; i++) means[i]! /= trees.length;
      return targetRows(x.rows, counts, means);
    },
  };
}

/** The mean of the trees' values. */
export function meanOfValues(trees: readonly PlacedTree[]): Regress {
  const { outputs } = trees[0]!.nodes;
  const leafValue = (tree: number, node: number, k: number) => {
    const { values, width } = trees[tree]!.nodes;
    return values[(node * outputs + k) * width]!;
  };
  return {
    targets: outputs === 1 ? null : outputs,
    isExact: true,
    emit(x, { g }) {
      const count = scalar(g, trees.length);
      if (outputs === 1) {
        const sums = emitTreeSums(
          g,
          emitRounded(g, x),
          trees,
          1,
          () => 0,
          (tree, node) => leafValue(tree, node, 0),
        );
        return g.op("Div", [g.op("Reshape", [sums, g.constant(int64([-1]))]), count], {}, { name: "mean" });
      }
      const forest = leafForest(trees);
      const table = leafTable(forest, outputs, (tree, node, into, at) => {
        for (let k = 0; k < outputs; k++) into[at + k] = leafValue(tree, node, k);
      });
      const sums = emitLeafSum(g, emitLeaves(g, emitFloat32(g, x), forest), trees.length, table, outputs);
      return g.op("Div", [sums, count], {}, { name: "mean" });
    },
    evaluate(x) {
      const data = new Float64Array(x.rows * outputs);
      trees.forEach(({ nodes, features }, tree) => {
        let at = 0;
        for (const leaf of leavesOf(nodes, x, features)) {
          for (let k = 0; k < outputs; k++) data[at++]! += leafValue(tree, leaf, k);
        }
      });
      for (let i = 0; i < data.length; i++) data[i]! /= trees.length;
      return { rows: x.rows, columns: outputs, data };
    },
  };
}
