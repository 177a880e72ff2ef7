// Rule: scipy/special/_logsumexp.py, softmax: exp(x - max) / sum(exp(x - max)) along the last axis, in float64.
import { z } from "zod";
import { float64 } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { classesOf, classNames, emitFloat64, lastAxis, number, resultName, scoreColumn, scoreRows } from "./scores.ts";

const options = z.strictObject({
  column: z.string().describe("Scores (logits), one for each class"),
  temperature: z.number().positive().optional().describe("Scores are divided by it first; default 1"),
  classes: classNames,
  as: resultName,
});

export const softmax = step({
  name: "softmax",
  about: "Scores to probabilities that add up to 1",
  family: "answers",
  options,
  example: "softmax: { column: logits, as: probabilities, classes: [negative, positive] }",
  reference: "scipy.special.softmax",
  plan({ column: name, temperature = 1, classes: given, as = name }, frame) {
    const scores = scoreColumn(frame, name);
    const classes = classesOf(frame, scores, given);
    const { column } = scores;
    return {
      reads: [name],
      writes: [{ ...column, name: as, dtype: "float64", role: "probabilities", ...(classes ? { classes } : {}) }],
      emit([value], { g }) {
        const wide = emitFloat64(g, value!);
        const x = temperature === 1 ? wide : g.op("Div", [wide, number(g, temperature)]);
        const top = g.op("ReduceMax", [x, lastAxis(g)], { keepdims: 1 });
        const power = g.op("Exp", [g.op("Sub", [x, top])]);
        return [g.op("Div", [power, g.op("ReduceSum", [power, lastAxis(g)], { keepdims: 1 })])];
      },
      evaluate([tensor]) {
        const rows = scoreRows(tensor!).map((row) => softmaxOf(row, temperature));
        return [float64(rows.flat(), tensor!.dims)];
      },
    };
  },
});

export function softmaxOf(row: Float64Array, temperature: number): number[] {
  const scaled = Array.from(row, (value) => value / temperature);
  const top = Math.max(...scaled);
  const power = scaled.map((value) => Math.exp(value - top));
  const sum = power.reduce((total, value) => total + value, 0);
  return power.map((value) => value / sum);
}
