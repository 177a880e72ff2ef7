// rolling: mean, smallest, largest and deviation of the last values.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import { checkReach, emitPast, emitTimes, overTimes, resultColumn, seriesColumn } from "../../series/past.ts";
import { step } from "../../step.ts";

const kinds = ["mean", "min", "max", "std"] as const;
type Kind = (typeof kinds)[number];

const options = z.strictObject({
  column: z.string().describe("A window of numbers, oldest first"),
  window: z.int().min(1).max(4096).describe("How many values, the newest included"),
  functions: z.array(z.enum(kinds)).min(1).describe("`mean`, `min`, `max`, `std` (sample deviation: n - 1)"),
  min_periods: z
    .int()
    .min(1)
    .optional()
    .describe("Fewer values that are not missing give a missing result; default: `window`"),
  at: z
    .enum(["last", "every"])
    .default("last")
    .describe("`last`: one number, for the end of the window; `every`: for every time"),
});

export const rolling = step({
  name: "rolling",
  about: "Mean, min, max, deviation of the last values: sales_mean_7, sales_std_7, …",
  family: "series",
  options,
  example: "rolling: { column: sales, window: 7, functions: [mean, std] }",
  reference: "pandas.Series.rolling(window, min_periods); infinite values are missing ones, as there",
  plan({ column: name, window, functions, min_periods: least = window, at }, frame) {
    const series = seriesColumn(frame, name);
    checkReach(frame, series, window - 1, "window");
    if (least > window)
      throw frame.refuse(`\`min_periods\` ${least} is above \`window\` ${window}`, { option: "min_periods" });
    return {
      reads: [name],
      writes: functions.map((kind) => resultColumn(`${name}_${kind}_${window}`, at, series.times)),
      emit([value], { g }) {
        const back = Array.from({ length: window }, (_, i) => window - 1 - i);
        const rolled = emitRolling(g, emitPast(g, value!, back, at), least);
        return functions.map((kind) => emitTimes(g, rolled(kind), at));
      },
      evaluate: ([tensor], rows) =>
        functions.map((kind) =>
          overTimes(tensor!, rows, at, (earlier) => {
            const values = Array.from({ length: window }, (_, i) => earlier(window - 1 - i)).filter(Number.isFinite);
            return values.length < Math.max(least, kind === "std" ? 2 : 1) ? Number.NaN : folded(kind, values);
          }),
        ),
    };
  },
});

function folded(kind: Kind, values: readonly number[]): number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (kind === "min") return low;
  if (kind === "max") return high;
  // Equal values have that mean and no deviation, whatever rounding says: pandas counts them.
  if (low === high) return kind === "mean" ? low : 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (kind === "mean") return mean;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** @param past `[N, times, window]` */
function emitRolling(g: GraphBuilder, past: Value, least: number): (kind: Kind) => Value {
  const number = (value: number) => g.constant(float64([value], []), "number");
  const axis = g.constant(int64([2]), "third");
  const isMissing = g.op("Or", [g.op("IsNaN", [past]), g.op("IsInf", [g.op("Cast", [past], { to: 11 })])]);
  const filled = (value: number) => g.op("Where", [isMissing, number(value), past]);
  const fold = (op: string, value: Value) => g.op(op, [value, axis], { keepdims: 1 });
  const count = fold("ReduceSum", g.op("Where", [isMissing, number(0), number(1)]));
  const [low, high] = [fold("ReduceMin", filled(Infinity)), fold("ReduceMax", filled(-Infinity))];
  const isEqual = g.op("Equal", [low, high]);
  const mean = g.op("Where", [isEqual, low, g.op("Div", [fold("ReduceSum", filled(0)), count])]);
  const apart = g.op("Where", [isMissing, number(0), g.op("Sub", [past, mean])]);
  const squares = fold("ReduceSum", g.op("Mul", [apart, apart]));
  const spread = g.op("Sqrt", [g.op("Div", [squares, g.op("Sub", [count, number(1)])])]);
  const results = { min: low, max: high, mean, std: g.op("Where", [isEqual, number(0), spread]) };
  return (kind) => {
    const isFew = g.op("Less", [count, number(Math.max(least, kind === "std" ? 2 : 1))]);
    return g.op("Squeeze", [g.op("Where", [isFew, number(Number.NaN), results[kind]]), axis]);
  };
}
