// Several estimators asked at once. Rule: sklearn/ensemble/_voting.py, VotingClassifier.predict and predict_proba, VotingRegressor.predict.
import { type Fitted, numberOf, PyTuple } from "../../formats/index.ts";
import { int64 } from "../../onnx/index.ts";
import { averageRows, emitAverage, emitColumn, numericClasses, sharedNeeds } from "./combining.ts";
import { constantNumber, emitRowArgMax, rowArgMax } from "./dense.ts";
import type { Classes, Classify, Estimator, Matrix, Step } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";

const named = (name: string) => [
  `sklearn.ensemble._voting.${name}`,
  `sklearn.ensemble.voting.${name}`,
  `sklearn.ensemble.voting_classifier.${name}`,
];

function membersOf(self: Fitted, nested: (child: Fitted) => Step): Step[] {
  return self.children("estimators_").map(nested);
}

/** Weights of the members that were not dropped. */
function weightsOf(self: Fitted): number[] | null {
  if (!self.has("weights")) return null;
  const all = self.items("weights").map((weight) => numberOf(weight) ?? Number.NaN);
  const dropped = self
    .items("estimators")
    .map((item) => item instanceof PyTuple && (item.items[1] === "drop" || item.items[1] === null));
  return all.filter((_, i) => !dropped[i]);
}

export const votingRegressor: Estimator = {
  classes: named("VotingRegressor"),
  read(self, nested) {
    const members = membersOf(self, nested);
    const weights = weightsOf(self);
    const parts = members.map(({ regress }) => {
      if (!regress || regress.targets !== null)
        throw self.unsupported("averages something else than regressors of one target");
      return regress;
    });
    return {
      columns: sharedNeeds(members),
      regress: {
        targets: null,
        emit: (x, emission) =>
          emitAverage(
            emission.g,
            parts.map((part) => part.emit(x, emission)),
            weights,
          ),
        evaluate: (x) =>
          averageRows(
            parts.map((part) => part.evaluate(x)),
            weights,
          ),
      },
    };
  },
};

export const votingClassifier: Estimator = {
  classes: named("VotingClassifier"),
  read(self, nested) {
    const members = membersOf(self, nested);
    const weights = weightsOf(self);
    const [classes] = readTargets(self) as [Classes];
    const parts = members.map(({ classify }) => {
      if (classify?.targets.length !== 1)
        throw self.unsupported("lets something else than classifiers of one target vote");
      return classify;
    });
    const classify = self.string("voting") === "soft" ? soft(classes, parts, weights) : hard(classes, parts, weights);
    return { columns: sharedNeeds(members), classify };
  },
};

function soft(classes: Classes, parts: readonly Classify[], weights: readonly number[] | null): Classify {
  return {
    targets: [classes],
    emit(x, emission) {
      const probabilities = emitAverage(
        emission.g,
        parts.map((part) => part.emit(x, emission)[0]!.probabilities!),
        weights,
      );
      return [{ index: emitRowArgMax(emission.g, probabilities), probabilities }];
    },
    evaluate(x) {
      const probabilities = averageRows(
        parts.map((part) => part.evaluate(x)[0]!.probabilities!),
        weights,
      );
      return [{ index: rowArgMax(probabilities), probabilities }];
    },
  };
}

/** Members were fitted on the numbers of the classes, so what they answer is the class to vote for. */
function hard(classes: Classes, parts: readonly Classify[], weights: readonly number[] | null): Classify {
  const votesFor = parts.map((part) => Array.from(numericClasses(part.targets[0]!)));
  return {
    targets: [classes],
    emit(x, { g, missingText }) {
      const columns = g.constant(
        int64(
          classes.map((_, k) => k),
          [1, classes.length],
        ),
      );
      const votes = parts.map((part, i) => {
        const answer = g.op("Gather", [g.constant(int64(votesFor[i]!)), part.emit(x, { g, missingText })[0]!.index]);
        const vote = g.op("Cast", [g.op("Equal", [emitColumn(g, answer), columns])], { to: 11 });
        return weights ? g.op("Mul", [vote, constantNumber(g, weights[i]!)]) : vote;
      });
      return [
        {
          index: emitRowArgMax(
            g,
            votes.reduce((sum, vote) => g.op("Add", [sum, vote])),
          ),
        },
      ];
    },
    evaluate(x) {
      const data = new Float64Array(x.rows * classes.length);
      parts.forEach((part, i) => {
        part.evaluate(x)[0]!.index.forEach((index, row) => {
          data[row * classes.length + votesFor[i]![index]!]! += weights?.[i] ?? 1;
        });
      });
      const votes: Matrix = { rows: x.rows, columns: classes.length, data };
      return [{ index: rowArgMax(votes) }];
    },
  };
}
