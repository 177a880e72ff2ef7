// AdaBoost of classifiers. Rule: sklearn/ensemble/_weight_boosting.py, AdaBoostClassifier.decision_function: votes (SAMME) or logarithms of
// probabilities (SAMME.R, up to 1.5) added in the order of fitting, divided by the sum of the weights.
import type { Fitted } from "../../formats/index.ts";
import { float64, int64, type Value } from "../../onnx/index.ts";
import type {
  Classes,
  Classify,
  ClassRows,
  ClassValues,
  Columns,
  Emission,
  Estimator,
  Step,
  Table,
} from "./estimator.ts";
import { emitSoftmax, softmax } from "./gradient_boosting_link.ts";
import { treeClassifiers } from "./tree.ts";
import {
  argMax,
  largestClass,
  leafClasses,
  pairwiseSum,
  readTargets,
  scalar,
  writeProbabilities,
} from "./tree_classes.ts";
import { emitFloat32, leavesOf, numberColumns } from "./tree_input.ts";
import { emitLeafSum, emitLeaves, leafForest, leafTable } from "./tree_layout.ts";
import { readTreeNodes } from "./tree_nodes.ts";
import { isBefore } from "./tree_release.ts";

const modules = ["sklearn.ensemble._weight_boosting", "sklearn.ensemble.weight_boosting"];

export const adaBoostClassifier: Estimator = {
  classes: modules.map((module) => `${module}.AdaBoostClassifier`),
  read(self, nested) {
    const [classes] = readTargets(self) as [Classes];
    const members = self.children("estimators_");
    const weights = self.floats("estimator_weights_");
    if (members.length === 0 || weights.length < members.length)
      throw self.invalid(`has ${members.length} estimators and ${weights.length} weights`);
    const rule: Rule = {
      classes,
      weights,
      // SAMME.R went with 1.6; the parameter is only kept as "deprecated".
      isReal: self.optionalString("algorithm") === "SAMME.R",
      against: isBefore(self.version, 1, 3) ? 0 : -1 / (classes.length - 1),
      total: pairwiseSum(weights, 0, weights.length),
    };
    const votes = members.every((child) => treeClassifiers.includes(child.className))
      ? treeVotes(members, rule)
      : stepVotes(self, members, rule, nested);
    return { columns: votes.columns, classify: classifyWith(votes, rule) };
  },
};

interface Rule {
  readonly classes: Classes;
  readonly weights: Float64Array;
  readonly isReal: boolean;
  /** What a vote takes off the other classes, as a share of the weight: nothing before 1.3. */
  readonly against: number;
  /** Sum of all weights. */
  readonly total: number;
}

/** The sum of what the estimators say of each class, `[N, K]`. */
interface Votes {
  readonly columns: Step["columns"];
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Float64Array;
}

function treeVotes(members: readonly Fitted[], rule: Rule): Votes {
  const trees = members.map((child) => {
    const nodes = readTreeNodes(child);
    const [own] = readTargets(child) as [Classes];
    return { nodes, own, leaf: leafClasses(child, nodes, [own.length]) };
  });
  const count = rule.classes.length;
  const write = (t: number, node: number, into: Float64Array, at: number) => {
    const { nodes, own, leaf } = trees[t]!;
    if (rule.isReal) {
      const probabilities = new Float64Array(own.length);
      writeProbabilities(nodes, leaf, node, probabilities, 0);
      into.set(realVote(probabilities), at);
    } else into.set(vote(rule, t, rule.classes.indexOf(own[largestClass(nodes, node, 0)]!)), at);
  };
  return {
    columns: numberColumns(trees[0]!.nodes.features),
    emit(x, { g }) {
      const forest = leafForest(trees);
      const table = leafTable(forest, count, write);
      return emitLeafSum(g, emitLeaves(g, emitFloat32(g, x), forest), trees.length, table, count);
    },
    evaluate(x) {
      const sums = new Float64Array(x.rows * count);
      const own = new Float64Array(count);
      trees.forEach(({ nodes }, t) => {
        let at = 0;
        for (const leaf of leavesOf(nodes, x)) {
          write(t, leaf, own, 0);
          for (let k = 0; k < count; k++) sums[at++]! += own[k]!;
        }
      });
      return sums;
    },
  };
}

function stepVotes(self: Fitted, members: readonly Fitted[], rule: Rule, nested: (child: Fitted) => Step): Votes {
  const steps = members.map((child) => {
    const step = nested(child);
    const classify = step.classify;
    if (classify?.targets.length !== 1) throw child.unsupported("is boosted, but is no classifier");
    return { columns: step.columns, classify, places: classify.targets[0]!.map((each) => rule.classes.indexOf(each)) };
  });
  const count = rule.classes.length;
  if (rule.isReal && steps.some(({ places }) => places.length !== count))
    throw self.unsupported("boosts estimators that know different classes");
  return {
    columns: steps[0]!.columns,
    emit(x, emission) {
      const { g } = emission;
      return steps
        .map(({ classify, places }, t) => {
          const { index, probabilities } = classify.emit(x, emission)[0]!;
          if (rule.isReal) return emitRealVote(emission, probabilities!, count);
          const table = Float64Array.from(places.flatMap((place) => Array.from(vote(rule, t, place))));
          return g.op("Gather", [g.constant(float64(table, [places.length, count])), index], { axis: 0 });
        })
        .reduce((sum, each) => g.op("Add", [sum, each]));
    },
    evaluate(x) {
      const sums = new Float64Array(x.rows * count);
      steps.forEach(({ classify, places }, t) => {
        const [{ index, probabilities }] = classify.evaluate(x) as [ClassRows];
        for (let row = 0; row < x.rows; row++) {
          const at = row * count;
          const own = rule.isReal
            ? realVote(probabilities!.data.subarray(at, at + count))
            : vote(rule, t, places[index[row]!]!);
          for (let k = 0; k < count; k++) sums[at + k]! += own[k]!;
        }
      });
      return sums;
    },
  };
}

/** The weight for the class, and what is taken off the others. */
function vote({ classes, weights, against }: Rule, t: number, position: number): Float64Array {
  const weight = weights[t]!;
  return new Float64Array(classes.length).fill(against * weight).fill(weight, position, position + 1);
}

/** Rule: _samme_proba. */
function realVote(probabilities: Float64Array): Float64Array {
  const count = probabilities.length;
  const logs = probabilities.map((p) => Math.log(Math.max(p, 2 ** -52)));
  const sum = pairwiseSum(logs, 0, count);
  return logs.map((log) => (count - 1) * (log - (1 / count) * sum));
}

function emitRealVote({ g }: Emission, probabilities: Value, count: number): Value {
  const logs = g.op("Log", [g.op("Max", [probabilities, scalar(g, 2 ** -52)])]);
  const sum = g.op("ReduceSum", [logs, g.constant(int64([1]))], { keepdims: 1 });
  return g.op("Mul", [scalar(g, count - 1), g.op("Sub", [logs, g.op("Mul", [scalar(g, 1 / count), sum])])]);
}

const shares = { labelsOfProbabilities: false, byLogarithm: false };

/** Rule: predict, and _compute_proba_from_decision. */
function classifyWith(votes: Votes, { classes, total }: Rule): Classify {
  const count = classes.length;
  return {
    targets: [classes],
    emit(x, emission) {
      const { g } = emission;
      const scores = g.op("Div", [votes.emit(x, emission), scalar(g, total)], {}, { name: "scores" });
      if (count !== 2) {
        const { probabilities } = emitSoftmax(g, g.op("Div", [scores, scalar(g, count - 1)]), shares);
        const index = g.op("ArgMax", [scores], { axis: 1, keepdims: 0 });
        return [{ index, probabilities: probabilities!, decision: scores }];
      }
      const column = (k: number) => g.op("Gather", [scores, g.constant(int64([k], []))], { axis: 1 });
      const decision = g.op("Add", [g.op("Neg", [column(0)]), column(1)], {}, { name: "decision" });
      const halves = g.op("Unsqueeze", [g.op("Div", [decision, scalar(g, 2)]), g.constant(int64([1]))]);
      const { probabilities } = emitSoftmax(g, g.op("Concat", [g.op("Neg", [halves]), halves], { axis: 1 }), shares);
      const index = g.op("Cast", [g.op("Greater", [decision, scalar(g, 0)])], { to: 7 });
      return [{ index, probabilities: probabilities!, decision } satisfies ClassValues];
    },
    evaluate(x) {
      const scores = votes.evaluate(x).map((sum) => sum / total);
      const index = new Int32Array(x.rows);
      const probabilities = new Float64Array(x.rows * count);
      const decision = count === 2 ? new Float64Array(x.rows) : scores;
      for (let row = 0; row < x.rows; row++) {
        const at = row * count;
        if (count === 2) {
          const sum = -scores[at]! + scores[at + 1]!;
          decision[row] = sum;
          index[row] = Number(sum > 0);
          probabilities.set(softmax(Float64Array.of(-sum / 2, sum / 2), shares), at);
        } else {
          index[row] = argMax(scores, at, count);
          probabilities.set(
            softmax(
              scores.subarray(at, at + count).map((score) => score / (count - 1)),
              shares,
            ),
            at,
          );
        }
      }
      return [
        {
          index,
          probabilities: { rows: x.rows, columns: count, data: probabilities },
          decision: { rows: x.rows, columns: count === 2 ? 1 : count, data: decision },
        },
      ];
    },
  };
}
