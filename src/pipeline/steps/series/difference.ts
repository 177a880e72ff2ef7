// difference: how far a series moved.
import { z } from "zod";
import { int64 } from "../../../onnx/index.ts";
import { checkReach, emitPast, emitTimes, overTimes, resultColumn, seriesColumn } from "../../series/past.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("A window of numbers, oldest first"),
  lags: z.array(z.int().min(1).max(10_000)).min(1).max(200).default([1]).describe("Steps back that are subtracted"),
  at: z
    .enum(["last", "every"])
    .default("last")
    .describe(
      "`last`: one number, for the end of the window; `every`: for every time, missing where there is no earlier value",
    ),
});

export const difference = step({
  name: "difference",
  about: "Differences of a series: sales_diff_1, sales_diff_7, …",
  family: "series",
  options,
  example: "difference: { column: sales, lags: [1, 7] }",
  reference: "pandas.Series.diff",
  plan({ column: name, lags, at }, frame) {
    const series = seriesColumn(frame, name);
    for (const [i, back] of lags.entries()) checkReach(frame, series, back, `lags.${i}`);
    return {
      reads: [name],
      writes: lags.map((back) => resultColumn(`${name}_diff_${back}`, at, series.times)),
      emit: ([value], { g }) =>
        lags.map((back) => {
          const third = g.constant(int64([2]), "third");
          const [own, past] = [0, back].map((steps) => g.op("Squeeze", [emitPast(g, value!, [steps], at), third]));
          return emitTimes(g, g.op("Sub", [own!, past!]), at);
        }),
      evaluate: ([tensor], rows) =>
        lags.map((back) => overTimes(tensor!, rows, at, (earlier) => earlier(0) - earlier(back))),
    };
  },
});
