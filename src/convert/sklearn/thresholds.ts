// Labels of two classes by a threshold of their own. Rule: sklearn/model_selection/_classification_threshold.py,
// FixedThresholdClassifier.predict, TunedThresholdClassifierCV.predict (score >= threshold).
import { type Fitted, numberOf, PyFloat } from "../../formats/index.ts";
import { emitPick, emitScore, scoreRows } from "./combining.ts";
import { column, constantNumber, emitFlat } from "./dense.ts";
import type { Classes, Classify, ClassRows, ClassValues, Emission, Estimator } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";

const module = "sklearn.model_selection._classification_threshold";

export const thresholdClassifiers: Estimator = {
  classes: [`${module}.FixedThresholdClassifier`, `${module}.TunedThresholdClassifierCV`],
  read(self, nested) {
    const inner = nested(self.child("estimator_"));
    if (inner.classify?.targets.length !== 1 || inner.classify.targets[0]!.length !== 2)
      throw self.unsupported("moves the threshold of something else than a classifier of two classes");
    return { columns: inner.columns, classify: withThreshold(self, inner.classify) };
  },
};

function withThreshold(self: Fitted, classify: Classify): Classify {
  const [classes] = readTargets(self.child("estimator_")) as [Classes];
  const positive = positiveClass(self, classes);
  const method = self.optionalString("response_method") ?? "auto";
  /** Probabilities come first where the method is left open. */
  const byProbability = (has: { readonly probabilities?: unknown }) =>
    method === "predict_proba" || (method === "auto" && has.probabilities !== undefined);
  const threshold = (ofProbability: boolean): number => {
    const tuned = numberOf(self.get("best_threshold_")) ?? numberOf(self.get("threshold"));
    return tuned ?? (ofProbability ? 0.5 : 0);
  };
  const scores = (values: ClassValues, { g }: Emission) => {
    if (byProbability(values)) return emitFlat(g, emitPick(g, values.probabilities!, positive));
    const score = emitScore(g, values);
    return positive === 1 ? score : g.op("Neg", [score]);
  };
  const rowScores = (rows: ClassRows) => {
    if (byProbability(rows)) return column(rows.probabilities!, positive);
    return positive === 1 ? scoreRows(rows) : scoreRows(rows).map((score) => -score);
  };
  return {
    targets: [classes],
    emit(x, emission) {
      const { g } = emission;
      const values = classify.emit(x, emission)[0]!;
      const isPositive = g.op("GreaterOrEqual", [
        scores(values, emission),
        constantNumber(g, threshold(byProbability(values))),
      ]);
      const index = g.op(
        "Cast",
        [positive === 1 ? isPositive : g.op("Not", [isPositive])],
        { to: 7 },
        { name: "label_index" },
      );
      return [{ ...values, index }];
    },
    evaluate(x) {
      const rows = classify.evaluate(x)[0]!;
      const limit = threshold(byProbability(rows));
      return [
        { ...rows, index: Int32Array.from(rowScores(rows), (score) => (score >= limit ? positive : 1 - positive)) },
      ];
    },
  };
}

/** Position of `pos_label`; the second class where it is not given. */
function positiveClass(self: Fitted, classes: Classes): number {
  const label = self.get("pos_label");
  if (label === null || label === undefined) return 1;
  const position = classes.indexOf((label instanceof PyFloat ? label.value : label) as Classes[number]);
  if (position < 0) throw self.invalid("has a `pos_label` that is none of its classes");
  return position;
}
