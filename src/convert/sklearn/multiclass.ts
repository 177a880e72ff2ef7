// Several classes by estimators of two. Rule: sklearn/multiclass.py, OneVsRestClassifier, OneVsOneClassifier, OutputCodeClassifier;
// utils/multiclass.py, _ovr_decision_function.
import type { Fitted } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitBeside, emitColumn, emitPick, emitScore, scoreRows, sharedNeeds } from "./combining.ts";
import {
  column,
  constantMatrix,
  constantNumber,
  emitFlat,
  emitRowArgMax,
  emitRowSum,
  fittedMatrix,
  mapped,
  product,
  rowArgMax,
  transposed,
} from "./dense.ts";
import { distanceRows, emitDistances } from "./distances.ts";
import type { Classes, Classify, Columns, Emission, Estimator, Matrix, Step, Table } from "./estimator.ts";
import { emitLabel, isMultilabel, labelRows, yesOrNo } from "./labels.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

/** Answers one class always: what is fitted where all rows of a problem are of one kind. */
export const constantPredictor: Estimator = {
  classes: ["sklearn.multiclass._ConstantPredictor"],
  read(self) {
    const value = self.array("y_").floats()[0]!;
    const row = [1 - value, value];
    return {
      columns: null,
      classify: {
        targets: [[0, 1]],
        emit(x, { g }) {
          const count = g.op("Shape", [x.blocks[0]!.value], { start: 0, end: 1 });
          const repeated = (values: readonly number[]) =>
            g.op(
              "Expand",
              [
                g.constant(float64(values, [1, values.length])),
                g.op("Concat", [count, g.constant(int64([values.length]))], { axis: 0 }),
              ],
              {},
              { results: [{ dtype: "float64", shape: ["N", values.length] }] },
            );
          const decision = emitFlat(g, repeated([value]));
          return [{ index: g.op("Cast", [decision], { to: 7 }), probabilities: repeated(row), decision }];
        },
        evaluate: ({ rows }) => [
          {
            index: new Int32Array(rows).fill(value),
            probabilities: { rows, columns: 2, data: Float64Array.from({ length: rows * 2 }, (_, at) => row[at % 2]!) },
            decision: { rows, columns: 1, data: new Float64Array(rows).fill(value) },
          },
        ],
      },
    };
  },
};

function partsOf(self: Fitted, nested: (child: Fitted) => Step) {
  const steps = self.children("estimators_").map(nested);
  const parts = steps.map(({ classify, regress }) => {
    if (classify && classify.targets.length === 1) return classify;
    throw self.unsupported(
      regress ? "combines regressors" : "combines estimators that are no classifiers",
      "combine classifiers",
    );
  });
  return {
    columns: sharedNeeds(steps.filter((step) => step.columns !== null)) ?? numberColumns(self.number("n_features_in_")),
    parts,
  };
}

export const oneVsRest: Estimator = {
  classes: ["sklearn.multiclass.OneVsRestClassifier"],
  read(self, nested) {
    const binarizer = self.child("label_binarizer_");
    const { columns, parts } = partsOf(self, nested);
    if (isMultilabel(binarizer)) return { columns, classify: labels(self, parts) };
    const [classes] = readTargets(binarizer) as [Classes];
    return {
      columns,
      classify:
        parts.length === 1
          ? single(classes, parts[0]!)
          : rest(classes, parts, {
              lastWins: isBefore(self.version, 1, 8),
              zeroes: isBefore(self.version, 1, 7) ? Number.NaN : 0,
            }),
    };
  },
};

/** Two classes are one problem, and so is each of several labels: above 0, or above one half where there are probabilities only. */
function single(classes: Classes, part: Classify, least?: number): Classify {
  return {
    targets: [classes],
    emit(x, emission) {
      const { g } = emission;
      const values = part.emit(x, emission)[0]!;
      const second = values.probabilities ? emitPick(g, values.probabilities, 1) : null;
      return [emitLabel(g, emitScore(g, values), second, values, least ?? (values.decision ? 0 : 0.5))];
    },
    evaluate(x) {
      const rows = part.evaluate(x)[0]!;
      const second = rows.probabilities ? column(rows.probabilities, 1) : null;
      return [labelRows(scoreRows(rows), second, rows, least ?? (rows.decision ? 0 : 0.5))];
    },
  };
}

/** The first estimator decides for all what is above; one that answers always the same is asked for more than one half. */
function labels(self: Fitted, parts: readonly Classify[]): Classify {
  const isConstant = self.children("estimators_")[0]?.className === "sklearn.multiclass._ConstantPredictor";
  const all = parts.map((part) => single(yesOrNo, part, isConstant ? 0.5 : undefined));
  return {
    targets: all.map(() => yesOrNo),
    emit: (x, emission) => all.flatMap((one) => one.emit(x, emission)),
    evaluate: (x) => all.flatMap((one) => one.evaluate(x)),
  };
}

interface RestRules {
  /** Of equal scores the last wins before 1.8, then the first. */
  readonly lastWins: boolean;
  /** What a row of probabilities of 0 becomes: 0 / 0 before 1.7. */
  readonly zeroes: number;
}

/** The largest score wins. Probabilities are divided by their sum. */
function rest(classes: Classes, parts: readonly Classify[], { lastWins, zeroes }: RestRules): Classify {
  const count = parts.length;
  return {
    targets: [classes],
    emit(x, emission) {
      const { g } = emission;
      const all = parts.map((part) => part.emit(x, emission)[0]!);
      const scores = emitBeside(
        g,
        all.map((values) => emitScore(g, values)),
      );
      const index = g.op("ArgMax", [scores], { axis: 1, keepdims: 0, select_last_index: lastWins ? 1 : 0 });
      const hasProbabilities = all.every((values) => values.probabilities);
      const seconds = hasProbabilities
        ? emitBeside(
            g,
            all.map((values) => emitPick(g, values.probabilities!, 1)),
          )
        : null;
      return [
        {
          index,
          ...(seconds ? { probabilities: emitShares(g, seconds, zeroes) } : {}),
          ...(all.every((values) => values.decision) ? { decision: scores } : {}),
        },
      ];
    },
    evaluate(x) {
      const all = parts.map((part) => part.evaluate(x)[0]!);
      const data = new Float64Array(x.rows * count);
      const shares = new Float64Array(x.rows * count);
      all.forEach((rows, k) => {
        scoreRows(rows).forEach((score, row) => {
          data[row * count + k] = score;
        });
        if (rows.probabilities)
          column(rows.probabilities, 1).forEach((value, row) => {
            shares[row * count + k] = value;
          });
      });
      const index = Int32Array.from({ length: x.rows }, (_, row) => {
        let best = 0;
        for (let k = 1; k < count; k++) {
          const [score, most] = [data[row * count + k]!, data[row * count + best]!];
          if (score > most || (lastWins && score === most)) best = k;
        }
        return best;
      });
      const sums = Float64Array.from({ length: x.rows }, (_, row) =>
        shares.subarray(row * count, (row + 1) * count).reduce((sum, value) => sum + value, 0),
      );
      const whole: Matrix = { rows: x.rows, columns: count, data: shares };
      return [
        {
          index,
          ...(all.every((rows) => rows.probabilities)
            ? { probabilities: mapped(whole, (value, row) => (sums[row] === 0 ? zeroes : value / sums[row]!)) }
            : {}),
          ...(all.every((rows) => rows.decision) ? { decision: { rows: x.rows, columns: count, data } } : {}),
        },
      ];
    },
  };
}

/** Each row over its sum; `zeroes` for a row of zeros. */
function emitShares(g: GraphBuilder, x: Value, zeroes: number): Value {
  const sum = emitRowSum(g, x);
  if (Number.isNaN(zeroes)) return g.op("Div", [x, sum], {}, { name: "probabilities" });
  const divisor = g.op("Where", [g.op("Equal", [sum, constantNumber(g, 0)]), constantNumber(g, 1), sum]);
  return g.op("Div", [x, divisor], {}, { name: "probabilities" });
}

/** For every pair i < j: what its vote and its confidence mean for class i and class j. */
function pairMatrices(count: number): { first: Matrix; second: Matrix } {
  const pairs = (count * (count - 1)) / 2;
  const first = new Float64Array(pairs * count);
  const second = new Float64Array(pairs * count);
  let pair = 0;
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++, pair++) {
      first[pair * count + i] = 1;
      second[pair * count + j] = 1;
    }
  return { first: { rows: pairs, columns: count, data: first }, second: { rows: pairs, columns: count, data: second } };
}

/**
 * Votes of the pairs, and confidences squeezed below one third of a vote to settle ties.
 * @param predictions float64 `[N, pairs]` of 0 and 1, @param confidences float64 `[N, pairs]`
 */
export function emitPairDecision(g: GraphBuilder, predictions: Value, confidences: Value, count: number): Value {
  const { first, second } = pairMatrices(count);
  const signs = mapped(second, (value, pair, k) => value - first.data[pair * count + k]!);
  const sums = g.op("MatMul", [confidences, constantMatrix(g, signs, "pairs")]);
  const forSecond = g.op("MatMul", [predictions, constantMatrix(g, second, "second")]);
  const forFirst = g.op("MatMul", [
    g.op("Sub", [constantNumber(g, 1), predictions]),
    constantMatrix(g, first, "first"),
  ]);
  const size = g.op("Mul", [constantNumber(g, 3), g.op("Add", [g.op("Abs", [sums]), constantNumber(g, 1)])]);
  return g.op("Add", [g.op("Add", [forFirst, forSecond]), g.op("Div", [sums, size])], {}, { name: "decision" });
}

export function pairDecisionRows(predictions: Matrix, confidences: Matrix, count: number): Matrix {
  const { first, second } = pairMatrices(count);
  const sums = product(
    confidences,
    mapped(second, (value, pair, k) => value - first.data[pair * count + k]!),
  );
  const forSecond = product(predictions, second);
  const forFirst = product(
    mapped(predictions, (value) => 1 - value),
    first,
  );
  return mapped(
    sums,
    (sum, row, k) =>
      forFirst.data[row * count + k]! + forSecond.data[row * count + k]! + sum / (3 * (Math.abs(sum) + 1)),
  );
}

export const oneVsOne: Estimator = {
  classes: ["sklearn.multiclass.OneVsOneClassifier"],
  read(self, nested) {
    const [classes] = readTargets(self) as [Classes];
    const { columns, parts } = partsOf(self, nested);
    const count = classes.length;
    const asked = (x: Columns, emission: Emission) => parts.map((part) => part.emit(x, emission)[0]!);
    return {
      columns,
      classify: {
        targets: [classes],
        emit(x, emission) {
          const { g } = emission;
          const all = asked(x, emission);
          const predictions = emitBeside(
            g,
            all.map(({ index }) => emitColumn(g, g.op("Cast", [index], { to: 11 }))),
          );
          const confidences = emitBeside(
            g,
            all.map((values) => emitScore(g, values)),
          );
          const decision = emitPairDecision(g, predictions, confidences, count);
          if (count > 2) return [{ index: emitRowArgMax(g, decision), decision }];
          const second = emitFlat(g, emitPick(g, decision, 1));
          const above = g.op("Greater", [second, constantNumber(g, all[0]!.decision ? 0 : 0.5)]);
          return [{ index: g.op("Cast", [above], { to: 7 }), decision: second }];
        },
        evaluate(x: Table) {
          const all = parts.map((part) => part.evaluate(x)[0]!);
          const spread = (of: (k: number) => ArrayLike<number>): Matrix => {
            const data = new Float64Array(x.rows * all.length);
            for (let k = 0; k < all.length; k++) {
              const values = of(k);
              for (let row = 0; row < x.rows; row++) data[row * all.length + k] = values[row]!;
            }
            return { rows: x.rows, columns: all.length, data };
          };
          const decision = pairDecisionRows(
            spread((k) => all[k]!.index),
            spread((k) => scoreRows(all[k]!)),
            count,
          );
          if (count > 2) return [{ index: rowArgMax(decision), decision }];
          const second = column(decision, 1);
          const limit = all[0]!.decision ? 0 : 0.5;
          return [
            {
              index: Int32Array.from(second, (value) => Number(value > limit)),
              decision: { rows: x.rows, columns: 1, data: second },
            },
          ];
        },
      },
    };
  },
};

/** The class whose code is nearest to what the estimators say. */
export const outputCode: Estimator = {
  classes: ["sklearn.multiclass.OutputCodeClassifier"],
  read(self, nested) {
    const [classes] = readTargets(self) as [Classes];
    const { columns, parts } = partsOf(self, nested);
    const codes = fittedMatrix(self, "code_book_");
    if (codes.rows !== classes.length || codes.columns !== parts.length)
      throw self.invalid(`has codes of shape [${codes.rows}, ${codes.columns}] for ${classes.length} classes`);
    return {
      columns,
      classify: {
        targets: [classes],
        emit(x, emission) {
          const { g } = emission;
          const scores = emitBeside(
            g,
            parts.map((part) => emitScore(g, part.emit(x, emission)[0]!)),
          );
          const distances = emitDistances(g, scores, codes, { name: "sqeuclidean" });
          return [{ index: g.op("ArgMin", [distances], { axis: 1, keepdims: 0 }) }];
        },
        evaluate(x) {
          const columnsOfScores = parts.map((part) => scoreRows(part.evaluate(x)[0]!));
          const scores = transposed({
            rows: parts.length,
            columns: x.rows,
            data: Float64Array.from(columnsOfScores.flatMap((one) => [...one])),
          });
          const distances = distanceRows(scores, codes, { name: "sqeuclidean" });
          return [{ index: rowArgMax(mapped(distances, (value) => -value)) }];
        },
      },
    };
  },
};
