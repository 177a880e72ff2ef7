// Bagging: the mean of estimators that saw different rows and columns. Rule: sklearn/ensemble/_bagging.py, _parallel_predict_proba (votes
// where an estimator has no probabilities) and _parallel_predict_regression. Trees are put together like a forest.
import type { Fitted } from "../../formats/index.ts";
import { float64, int64, type Value } from "../../onnx/index.ts";
import type {
  Classes,
  Classify,
  ClassRows,
  ColumnNeed,
  Columns,
  Emission,
  Estimator,
  Step,
  Table,
} from "./estimator.ts";
import { meanOfClasses, meanOfValues } from "./forest.ts";
import { readSubsets } from "./isolation_forest.ts";
import { treeClassifiers, treeRegressors } from "./tree.ts";
import { emitTargets, readTargets, scalar, targetRows } from "./tree_classes.ts";
import { emitMatrix, numberColumns } from "./tree_input.ts";
import type { PlacedTree } from "./tree_layout.ts";
import { readTreeNodes } from "./tree_nodes.ts";
import { takesMissing } from "./tree_release.ts";

const modules = ["sklearn.ensemble._bagging", "sklearn.ensemble.bagging"];

export const baggingClassifier: Estimator = {
  classes: modules.map((module) => `${module}.BaggingClassifier`),
  read(self, nested) {
    const bag = readBag(self);
    const classes = readTargets(self)[0]!;
    const areTrees = bag.estimators.every(
      (child) => treeClassifiers.includes(child.className) && readTargets(child)[0]!.length === classes.length,
    );
    const classify = areTrees
      ? meanOfClasses(self, placedTrees(self, bag))
      : votes(
          classes,
          bag.estimators.map((child, i) => memberOf(child, nested(child), bag.subsets[i]!)),
        );
    return { columns: columnsOf(bag), classify };
  },
};

export const baggingRegressor: Estimator = {
  classes: modules.map((module) => `${module}.BaggingRegressor`),
  read(self, nested) {
    const bag = readBag(self);
    const columns = columnsOf(bag);
    if (bag.estimators.every((child) => treeRegressors.includes(child.className)))
      return { columns, regress: meanOfValues(placedTrees(self, bag)) };
    const members = bag.estimators.map((child, i) => {
      const { regress } = nested(child);
      if (!regress) throw child.unsupported("is bagged, but is no regressor");
      return { regress, subset: bag.subsets[i]! };
    });
    const targets = members[0]!.regress.targets;
    return {
      columns,
      regress: {
        targets,
        emit(x, emission) {
          const { g } = emission;
          const sum = members
            .map(({ regress, subset }) => regress.emit(emitSubset(x, emission, subset), emission))
            .reduce((total, each) => g.op("Add", [total, each]));
          return g.op("Div", [sum, scalar(g, members.length)], {}, { name: "mean" });
        },
        evaluate(x) {
          const data = new Float64Array(x.rows * (targets ?? 1));
          for (const { regress, subset } of members)
            regress.evaluate(subsetOf(x, subset)).data.forEach((value, i) => {
              data[i]! += value;
            });
          for (let i = 0; i < data.length; i++) data[i]! /= members.length;
          return { rows: x.rows, columns: targets ?? 1, data };
        },
      },
    };
  },
};

interface Bag {
  readonly estimators: readonly Fitted[];
  readonly subsets: readonly (readonly number[])[];
  readonly features: number;
}

function readBag(self: Fitted): Bag {
  const estimators = self.children("estimators_");
  const subsets = readSubsets(self);
  const features = self.optionalNumber("n_features_in_") ?? self.number("n_features_");
  if (estimators.length === 0 || subsets.length !== estimators.length)
    throw self.invalid(`has ${estimators.length} estimators and features of ${subsets.length}`);
  if (subsets.some((own) => own.some((column) => column < 0 || column >= features)))
    throw self.invalid(`has estimators on other features than its ${features}`);
  return { estimators, subsets, features };
}

/** A bag takes NaN where its estimators do; of others than trees it is not asked. */
function columnsOf({ estimators, features }: Bag): ColumnNeed[] {
  const [first] = estimators as [Fitted];
  const isTree = [...treeClassifiers, ...treeRegressors].includes(first.className);
  return numberColumns(features, isTree && takesMissing(first));
}

function placedTrees(self: Fitted, { estimators, subsets }: Bag): PlacedTree[] {
  return estimators.map((child, i) => {
    const nodes = readTreeNodes(child);
    const features = subsets[i]!;
    if (nodes.features !== features.length) throw self.invalid(`has no features for tree ${i}`);
    return { nodes, features };
  });
}

interface Member {
  readonly classify: Classify;
  readonly subset: readonly number[];
  /** Positions among the ensemble's classes: estimators are fitted on those. */
  readonly classes: Classes;
}

function memberOf(self: Fitted, { classify }: Step, subset: readonly number[]): Member {
  if (classify?.targets.length !== 1) throw self.unsupported("is bagged, but is no classifier");
  return { classify, subset, classes: classify.targets[0]! };
}

function votes(classes: Classes, members: readonly Member[]): Classify {
  const count = classes.length;
  return {
    targets: [classes],
    emit(x, emission) {
      const { g } = emission;
      const sum = members
        .map((member) => emitShare(emission, emitSubset(x, emission, member.subset), member, count))
        .reduce((total, each) => g.op("Add", [total, each]));
      return emitTargets(g, g.op("Div", [sum, scalar(g, members.length)], {}, { name: "mean" }), [count]);
    },
    evaluate(x) {
      const means = new Float64Array(x.rows * count);
      for (const { classify, subset, classes: own } of members) {
        const [answer] = classify.evaluate(subsetOf(x, subset)) as [ClassRows];
        for (let row = 0; row < x.rows; row++)
          own.forEach((position, k) => {
            const { probabilities, index } = answer;
            const share = probabilities ? probabilities.data[row * own.length + k]! : Number(index[row] === k);
            means[row * count + Number(position)]! += share;
          });
      }
      for (let i = 0; i < means.length; i++) means[i]! /= members.length;
      return targetRows(x.rows, [count], means);
    },
  };
}

/** float64 `[N, count]`: probabilities or one vote, at the classes that the estimator knows. */
function emitShare(emission: Emission, x: Columns, { classify, classes }: Member, count: number): Value {
  const { g } = emission;
  const { index, probabilities } = classify.emit(x, emission)[0]!;
  if (probabilities && classes.length === count) return probabilities;
  const places = new Float64Array(classes.length * count);
  classes.forEach((position, k) => {
    places[k * count + Number(position)] = 1;
  });
  const table = g.constant(float64(places, [classes.length, count]));
  if (!probabilities) return g.op("Gather", [table, index], { axis: 0 });
  // Its own column or one of zeros, for each class.
  const from = Array.from({ length: count }, (_, position) => {
    const k = classes.indexOf(position);
    return k < 0 ? classes.length : k;
  });
  const zeros = g.op("Mul", [
    g.op("Slice", [probabilities, ...[0, 1, 1].map((i) => g.constant(int64([i])))]),
    scalar(g, 0),
  ]);
  return g.op("Gather", [g.op("Concat", [probabilities, zeros], { axis: 1 }), g.constant(int64(from))], { axis: 1 });
}

function emitSubset(x: Columns, { g }: Emission, subset: readonly number[]): Columns {
  const width = x.blocks.reduce((sum, block) => sum + block.width, 0);
  if (subset.length === width && subset.every((column, i) => column === i)) return x;
  const value = g.op("Gather", [emitMatrix(g, x), g.constant(int64(subset))], { axis: 1 }, { name: "subset" });
  return { blocks: [{ value, width: subset.length }] };
}

function subsetOf(x: Table, subset: readonly number[]): Table {
  return { rows: x.rows, columns: subset.map((column) => x.columns[column]!) };
}
