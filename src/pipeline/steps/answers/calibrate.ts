// Rule: sklearn/calibration.py: _SigmoidCalibration.predict, expit(-(a * score + b)); sklearn/isotonic.py, IsotonicRegression.predict, linear
// between the fitted points and constant outside of them; temperature: softmax(score / t). Rows of calibrated classes are divided by their
// sum, and are uniform where it is 0 (_CalibratedClassifier.predict_proba).
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";
import { step } from "../../step.ts";
import { emitSum } from "./along_classes.ts";
import { emitFloat64, lastAxis, number, numberColumn, numbersOf, resultName, scoreRows } from "./scores.ts";
import { emitSigmoid, sigmoidOf } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";

const perClass = (what: string) => z.union([z.number(), z.array(z.number()).min(1)]).describe(what);
/** The graph compares each score with every point. */
const mostPoints = 10_000;
const points = z.strictObject({
  x: z.array(z.number()).min(1).max(mostPoints).describe("Scores in ascending order (`X_thresholds_`)"),
  y: z.array(z.number()).min(1).max(mostPoints).describe("Probability at each (`y_thresholds_`)"),
});
const options = z.strictObject({
  column: z.string().describe("A score, or one for each class"),
  platt: z
    .strictObject({ a: perClass("`a_`, or one for each class"), b: perClass("`b_`, or one for each class") })
    .optional()
    .describe("Platt's sigmoid: 1 / (1 + exp(a * score + b))"),
  isotonic: z
    .union([points, z.array(points)])
    .optional()
    .describe("Points of an isotonic regression, or a list for each class"),
  temperature: z.number().positive().optional().describe("softmax(score / temperature)"),
  as: resultName,
});
type Options = z.infer<typeof options>;

/** What the scores of one class become. */
interface Curve {
  emit(g: GraphBuilder, x: Value): Value;
  evaluate(score: number): number;
}

export const calibrate = step({
  name: "calibrate",
  about: "Scores to probabilities as measured: Platt's sigmoid, isotonic regression, or temperature",
  family: "answers",
  options,
  example: "calibrate: { column: score, platt: { a: -1.7, b: 0.2 }, as: probability }",
  reference: "sklearn.calibration.CalibratedClassifierCV",
  plan(given, frame) {
    const kinds = (["platt", "isotonic", "temperature"] as const).filter((kind) => given[kind] !== undefined);
    if (kinds.length !== 1) throw frame.refuse("needs one of `platt`, `isotonic`, `temperature`");
    const { column, temperature, as } = given;
    if (temperature !== undefined) return softmax.plan({ column, temperature, as: as ?? column }, frame);
    const scores = numberColumn(frame, column);
    const curves = given.platt ? plattCurves(given.platt, frame) : isotonicCurves(given.isotonic!, frame);
    const writes: Column = { ...scores, name: as ?? column, dtype: "float64", role: "probabilities" };
    return scores.shape.length === 0 ? single(scores, curves, writes, frame) : several(scores, curves, writes, frame);
  },
});

function single({ name }: Column, curves: readonly Curve[], writes: Column, frame: Frame): StepPlan {
  const [curve] = curves;
  if (curves.length !== 1) throw frame.refuse(`has ${curves.length} curves for one score`);
  return {
    reads: [name],
    writes: [writes],
    emit: ([value], { g }) => [curve!.emit(g, emitFloat64(g, value!))],
    evaluate: ([tensor]) => [
      float64(
        numbersOf(tensor!).map((score) => curve!.evaluate(score)),
        tensor!.dims,
      ),
    ],
  };
}

function several({ name, shape }: Column, curves: readonly Curve[], writes: Column, frame: Frame): StepPlan {
  const size = shape.at(-1);
  if (typeof size !== "number" || (curves.length !== size && curves.length !== 1))
    throw frame.refuse(`has ${curves.length} curves for ${size} classes`);
  const curveOf = (k: number) => curves[curves.length === 1 ? 0 : k]!;
  return {
    reads: [name],
    writes: [writes],
    emit([value], { g }) {
      const x = emitFloat64(g, value!);
      const parts = Array.from({ length: size }, (_, k) => {
        const own = g.op("Gather", [x, g.constant(int64([k]))], { axis: -1 });
        return curveOf(k).emit(g, own);
      });
      const all = parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: -1 });
      const sum = g.op("ReduceSum", [all, lastAxis(g)], { keepdims: 1 });
      const isZero = g.op("Equal", [sum, number(g, 0)]);
      const share = g.op("Div", [all, g.op("Where", [isZero, number(g, 1), sum])]);
      return [g.op("Where", [isZero, number(g, 1 / size), share])];
    },
    evaluate([tensor]) {
      const rows = scoreRows(tensor!).map((row) => {
        const each = Array.from(row, (score, k) => curveOf(k).evaluate(score));
        const sum = each.reduce((total, value) => total + value, 0);
        return each.map((value) => (sum === 0 ? 1 / size : value / sum));
      });
      return [float64(rows.flat(), tensor!.dims)];
    },
  };
}

function plattCurves({ a, b }: NonNullable<Options["platt"]>, frame: Frame): Curve[] {
  const [slopes, offsets] = [[a].flat(), [b].flat()];
  if (slopes.length !== offsets.length)
    throw frame.refuse("has as many `a` as `b`, one for each class", { option: "platt" });
  return slopes.map((slope, k) => ({
    emit: (g, x) =>
      emitSigmoid(g, g.op("Neg", [g.op("Add", [g.op("Mul", [x, number(g, slope)]), number(g, offsets[k]!)])])),
    evaluate: (score) => sigmoidOf(-(slope * score + offsets[k]!)),
  }));
}

function isotonicCurves(given: NonNullable<Options["isotonic"]>, frame: Frame): Curve[] {
  return [given].flat().map(({ x, y }) => {
    if (x.length !== y.length || x.some((value, i) => i > 0 && value <= x[i - 1]!))
      throw frame.refuse("needs `x` in strictly ascending order and as many `y`", { option: "isotonic" });
    return isotonic(x, y);
  });
}

/** Linear interpolation, as numpy.interp. */
function isotonic(x: readonly number[], y: readonly number[]): Curve {
  const last = x.length - 1;
  const inner = x.slice(1, -1);
  const slopes = Array.from({ length: Math.max(last, 1) }, (_, i) =>
    last === 0 ? 0 : (y[i + 1]! - y[i]!) / (x[i + 1]! - x[i]!),
  );
  return {
    emit(g, score) {
      const above = g.op("Max", [score, number(g, x[0]!)]);
      const within = g.op("Min", [above, number(g, x[last]!)]);
      const segment =
        inner.length === 0
          ? g.op("Cast", [g.op("Less", [within, number(g, -Infinity)])], { to: 7 })
          : emitSum(g, reached(g, within));
      const at = (numbers: readonly number[]) => g.op("Gather", [g.constant(float64(numbers)), segment], { axis: 0 });
      const rise = g.op("Mul", [g.op("Sub", [within, at(x.slice(0, Math.max(last, 1)))]), at(slopes)]);
      return g.op("Add", [rise, at(y.slice(0, Math.max(last, 1)))]);
    },
    evaluate(score) {
      const within = score < x[0]! ? x[0]! : score > x[last]! ? x[last]! : score;
      const segment = inner.filter((point) => within >= point).length;
      return slopes[segment]! * (within - x[segment]!) + y[segment]!;
    },
  };

  function reached(g: GraphBuilder, value: Value): Value {
    const each = g.op("Unsqueeze", [value, lastAxis(g)]);
    return g.op("Cast", [g.op("GreaterOrEqual", [each, g.constant(float64(inner))])], { to: 7 });
  }
}
