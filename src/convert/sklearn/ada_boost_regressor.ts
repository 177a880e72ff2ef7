// AdaBoost of regressors: the median of the predictions, weighted. Rule: sklearn/ensemble/_weight_boosting.py,
// AdaBoostRegressor._get_median_predict: the first prediction, in ascending order, at which half of the weight is reached.

import type { Value } from "../../onnx/index.ts";
import { float64, int64 } from "../../onnx/index.ts";
import type { Columns, Emission, Estimator, Regress, Table } from "./estimator.ts";
import { treeRegressors } from "./tree.ts";
import { scalar } from "./tree_classes.ts";
import { emitFloat32, leavesOf, numberColumns } from "./tree_input.ts";
import { emitLeaves, leafForest, leafTable } from "./tree_layout.ts";
import { readTreeNodes } from "./tree_nodes.ts";

export const adaBoostRegressor: Estimator = {
  classes: ["sklearn.ensemble._weight_boosting", "sklearn.ensemble.weight_boosting"].map(
    (module) => `${module}.AdaBoostRegressor`,
  ),
  read(self, nested) {
    const members = self.children("estimators_");
    const weights = self.floats("estimator_weights_").slice(0, members.length);
    if (members.length === 0 || weights.length !== members.length)
      throw self.invalid(`has ${members.length} estimators and ${weights.length} weights`);
    if (members.every((child) => treeRegressors.includes(child.className))) {
      const trees = members.map((child) => ({ nodes: readTreeNodes(child) }));
      const predict = (tree: number, node: number) => {
        const { values, width } = trees[tree]!.nodes;
        return values[node * width]!;
      };
      const regress = medianOf(weights, {
        emit(x, { g }) {
          const forest = leafForest(trees);
          const table = leafTable(forest, 1, (tree, node, into, at) => {
            into[at] = predict(tree, node);
          });
          const byTree = g.op("Gather", [
            g.constant(float64(table), "leaf_values"),
            emitLeaves(g, emitFloat32(g, x), forest),
          ]);
          return g.op("Transpose", [byTree], { perm: [1, 0] });
        },
        evaluate: (x) =>
          trees.map(({ nodes }, tree) => Float64Array.from(leavesOf(nodes, x), (leaf) => predict(tree, leaf))),
      });
      return { columns: numberColumns(trees[0]!.nodes.features), regress };
    }
    const steps = members.map((child) => {
      const step = nested(child);
      if (!step.regress || step.regress.targets !== null) throw child.unsupported("is boosted, but is no regressor");
      return { columns: step.columns, regress: step.regress };
    });
    const regress = medianOf(weights, {
      emit(x, emission) {
        const { g } = emission;
        const columns = steps.map((step) =>
          g.op("Reshape", [step.regress.emit(x, emission), g.constant(int64([-1, 1]))]),
        );
        return columns.length === 1 ? columns[0]! : g.op("Concat", columns, { axis: 1 });
      },
      evaluate: (x) => steps.map((step) => step.regress.evaluate(x).data),
    });
    return { columns: steps[0]!.columns, regress };
  },
};

interface Predictions {
  /** float64 `[N, estimators]` */
  emit(x: Columns, emission: Emission): Value;
  /** One array of rows per estimator. */
  evaluate(x: Table): Float64Array[];
}

function medianOf(weights: Float64Array, predictions: Predictions): Regress {
  const count = weights.length;
  return {
    targets: null,
    emit(x, emission) {
      const { g } = emission;
      const all = predictions.emit(x, emission);
      const [sorted, order] = g.ops(
        "TopK",
        [all, g.constant(int64([count]))],
        { axis: 1, largest: 0, sorted: 1 },
        2,
      ) as [Value, Value];
      const axis = g.constant(int64([1], []));
      const reached = g.op("CumSum", [g.op("Gather", [g.constant(float64(weights)), order]), axis]);
      const total = g.op("Gather", [reached, g.constant(int64([count - 1]))], { axis: 1 });
      const isReached = g.op("GreaterOrEqual", [reached, g.op("Mul", [total, scalar(g, 0.5)])]);
      const first = g.op("ArgMax", [g.op("Cast", [isReached], { to: 6 })], { axis: 1, keepdims: 1 });
      const median = g.op("GatherElements", [sorted, first], { axis: 1 });
      return g.op("Reshape", [median, g.constant(int64([-1]))], {}, { name: "median" });
    },
    evaluate(x) {
      const all = predictions.evaluate(x);
      const data = Float64Array.from({ length: x.rows }, (_, row) => {
        const order = Array.from(all.keys()).sort((a, b) => all[a]![row]! - all[b]![row]!);
        const reached: number[] = [];
        for (const t of order) reached.push((reached.at(-1) ?? 0) + weights[t]!);
        const half = 0.5 * reached.at(-1)!;
        return all[order[reached.findIndex((sum) => sum >= half)]!]![row]!;
      });
      return { rows: x.rows, columns: 1, data };
    },
  };
}
