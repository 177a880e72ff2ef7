// Probabilities corrected by a fitted curve. Rule: sklearn/calibration.py, CalibratedClassifierCV.predict_proba, _CalibratedClassifier,
// _SigmoidCalibration.predict (expit(-(a * T + b))), _TemperatureScaling.predict and _convert_to_logits.
import type { Fitted } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import {
  averageRows,
  besideRows,
  emitAverage,
  emitBeside,
  emitColumn,
  emitPick,
  emitScore,
  scoreRows,
  sharedNeeds,
} from "./combining.ts";
import {
  column,
  constantNumber,
  constantRow,
  emitFlat,
  emitRowArgMax,
  emitRowSum,
  mapped,
  rowArgMax,
} from "./dense.ts";
import type { Classes, Classify, ClassRows, Columns, Emission, Estimator, Matrix, Step, Table } from "./estimator.ts";
import { emitBoth } from "./labels.ts";
import { classesOf, readTargets } from "./tree_classes.ts";

/** A curve from scores `[N, 1]` to probabilities. */
interface Curve {
  emit(scores: Value, emission: Emission): Value;
  evaluate(scores: Float64Array): Float64Array;
}

function curveOf(self: Fitted, nested: (child: Fitted) => Step): Curve {
  if (self.className === "sklearn.calibration._SigmoidCalibration") {
    const [a, b] = [self.number("a_"), self.number("b_")];
    return {
      emit(scores, { g }) {
        const power = g.op("Exp", [g.op("Add", [g.op("Mul", [scores, constantNumber(g, a)]), constantNumber(g, b)])]);
        return g.op(
          "Div",
          [constantNumber(g, 1), g.op("Add", [constantNumber(g, 1), power])],
          {},
          { name: "calibrated" },
        );
      },
      evaluate: (scores) => scores.map((score) => 1 / (1 + Math.exp(a * score + b))),
    };
  }
  const { regress } = nested(self);
  if (!regress) throw self.unsupported(`calibrates by ${self.className}`);
  return {
    emit: (scores, emission) =>
      emitColumn(emission.g, regress.emit({ blocks: [{ value: scores, width: 1 }] }, emission)),
    evaluate: (scores) => regress.evaluate({ rows: scores.length, columns: [scores] }).data,
  };
}

/** One calibrated classifier: its probabilities, normalized. */
interface Part {
  readonly step: Step;
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Matrix;
}

function partOf(self: Fitted, nested: (child: Fitted) => Step): Part {
  const step = nested(self.has("estimator") ? self.child("estimator") : self.child("base_estimator"));
  const { classify } = step;
  if (classify?.targets.length !== 1)
    throw self.unsupported("calibrates something else than a classifier of one target");
  const classes = classesOf(self, self.array("classes"));
  const own = classify.targets[0]!;
  const calibrators = self.children(self.has("calibrators") ? "calibrators" : "calibrators_");
  if (calibrators[0]?.className === "sklearn.calibration._TemperatureScaling") {
    if (own.length !== classes.length) throw self.unsupported("calibrates a classifier that has not seen all classes");
    return { step, ...temperature(classify, classes.length, calibrators[0].number("beta_")) };
  }
  const curves = calibrators.map((child) => curveOf(child, nested));
  return {
    step,
    ...(classes.length === 2 ? binary(classify, curves[0]!) : several(self, classify, own, classes, curves)),
  };
}

function binary(classify: Classify, curve: Curve): Omit<Part, "step"> {
  return {
    emit(x, emission) {
      const { g } = emission;
      const second = curve.emit(emitColumn(g, emitScore(g, classify.emit(x, emission)[0]!)), emission);
      return emitCut(g, g.op("Concat", [g.op("Sub", [constantNumber(g, 1), second]), second], { axis: 1 }));
    },
    evaluate(x) {
      const second = curve.evaluate(scoreRows(classify.evaluate(x)[0]!));
      const data = Float64Array.from({ length: x.rows * 2 }, (_, at) =>
        at % 2 ? second[at >> 1]! : 1 - second[at >> 1]!,
      );
      return mapped({ rows: x.rows, columns: 2, data }, cut);
    },
  };
}

/** Classes that the inner classifier has not seen have probability 0; a row of zeros is answered with all alike. */
function several(
  self: Fitted,
  classify: Classify,
  own: Classes,
  classes: Classes,
  curves: readonly Curve[],
): Omit<Part, "step"> {
  const places = own.map((one) => classes.indexOf(one));
  if (places.some((place, i) => place !== i) || places.length !== classes.length)
    throw self.unsupported(
      "calibrates a classifier that has not seen all classes",
      "calibrate with folds that hold every class",
    );
  const count = classes.length;
  return {
    emit(x, emission) {
      const { g } = emission;
      const values = classify.emit(x, emission)[0]!;
      const scores = values.decision ?? values.probabilities!;
      const each = emitBeside(
        g,
        curves.map((curve, k) => curve.emit(emitPick(g, scores, k), emission)),
      );
      const sum = emitRowSum(g, each);
      const isZero = g.op("Equal", [sum, constantNumber(g, 0)]);
      const shares = g.op("Div", [each, g.op("Where", [isZero, constantNumber(g, 1), sum])]);
      return emitCut(g, g.op("Where", [isZero, constantNumber(g, 1 / count), shares], {}, { name: "normalized" }));
    },
    evaluate(x) {
      const rows = classify.evaluate(x)[0]!;
      const scores = rows.decision ?? rows.probabilities!;
      const each = besideRows(
        curves.map((curve, k) => ({ rows: x.rows, columns: 1, data: curve.evaluate(column(scores, k)) })),
      );
      const sums = Float64Array.from({ length: x.rows }, (_, row) =>
        each.data.subarray(row * count, (row + 1) * count).reduce((sum, value) => sum + value, 0),
      );
      return mapped(each, (value, row) => cut(sums[row] === 0 ? 1 / count : value / sums[row]!));
    },
  };
}

/** Added to probabilities before their logarithm is taken. */
const logarithmic = 1e-12;

/** A softmax of scores times the inverse temperature. Two classes with one decision are -d and d; probabilities are log(p + 1e-12). */
function temperature(classify: Classify, count: number, beta: number): Omit<Part, "step"> {
  return {
    emit(x, emission) {
      const { g } = emission;
      const values = classify.emit(x, emission)[0]!;
      let logits: Value;
      if (!values.decision) {
        const shares = count === 2 ? emitBoth(g, emitPick(g, values.probabilities!, 1)) : values.probabilities!;
        logits = g.op("Log", [g.op("Add", [shares, constantNumber(g, logarithmic)])]);
      } else if (count === 2) {
        const second = emitColumn(g, emitFlat(g, values.decision));
        logits = g.op("Concat", [g.op("Neg", [second]), second], { axis: 1 });
      } else logits = values.decision;
      // One number for all would be rounded to float32 behind a MatMul (ONNX Runtime, MatMulScaleFusion).
      const scaled = g.op("Mul", [logits, constantRow(g, new Float64Array(count).fill(beta), "temperature")]);
      return emitCut(g, g.op("Softmax", [scaled], { axis: 1 }, { name: "calibrated" }));
    },
    evaluate(x) {
      const rows = classify.evaluate(x)[0]!;
      const data = new Float64Array(x.rows * count);
      for (let row = 0; row < x.rows; row++)
        data.set(softmax(logitsOf(rows, row, count).map((logit) => logit * beta)), row * count);
      return mapped({ rows: x.rows, columns: count, data }, cut);
    },
  };
}

function logitsOf({ decision, probabilities }: ClassRows, row: number, count: number): number[] {
  if (!decision) {
    const own = Array.from(probabilities!.data.subarray(row * count, (row + 1) * count));
    const shares = count === 2 ? [1 - own[1]!, own[1]!] : own;
    return shares.map((share) => Math.log(share + logarithmic));
  }
  if (count > 2) return Array.from(decision.data.subarray(row * count, (row + 1) * count));
  return [-decision.data[row]!, decision.data[row]!];
}

function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** What rounding left above 1. */
const cut = (value: number): number => (value > 1 && value <= 1 + 1e-5 ? 1 : value);

function emitCut(g: GraphBuilder, x: Value): Value {
  const isAbove = g.op("And", [
    g.op("Greater", [x, constantNumber(g, 1)]),
    g.op("LessOrEqual", [x, constantNumber(g, 1 + 1e-5)]),
  ]);
  return g.op("Where", [isAbove, constantNumber(g, 1), x]);
}

export const calibratedClassifier: Estimator = {
  classes: ["sklearn.calibration.CalibratedClassifierCV"],
  read(self, nested) {
    const [classes] = readTargets(self) as [Classes];
    const parts = self.children("calibrated_classifiers_").map((child) => partOf(child, nested));
    return {
      columns: sharedNeeds(parts.map(({ step }) => step)),
      classify: {
        targets: [classes],
        emit(x, emission) {
          const probabilities = emitAverage(
            emission.g,
            parts.map((part) => part.emit(x, emission)),
            null,
          );
          return [{ index: emitRowArgMax(emission.g, probabilities), probabilities }];
        },
        evaluate(x) {
          const probabilities = averageRows(
            parts.map((part) => part.evaluate(x)),
            null,
          );
          return [{ index: rowArgMax(probabilities), probabilities }];
        },
      },
    };
  },
};
