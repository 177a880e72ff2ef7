// lag: earlier values of a window as columns of their own.
import { z } from "zod";
import { int64 } from "../../../onnx/index.ts";
import { checkReach, emitPast, emitTimes, overTimes, resultColumn, seriesColumn } from "../../series/past.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("A window of numbers, oldest first"),
  lags: z.array(z.int().min(0).max(10_000)).min(1).max(200).describe("Steps back; 0 is the last value itself"),
  at: z
    .enum(["last", "every"])
    .default("last")
    .describe(
      "`last`: one number, for the end of the window; `every`: for every time, missing where there is no earlier value",
    ),
});

export const lag = step({
  name: "lag",
  about: "Earlier values of a series: sales_lag_1, sales_lag_7, …",
  family: "series",
  options,
  example: "lag: { column: sales, lags: [1, 7] }",
  reference: "pandas.Series.shift",
  plan({ column: name, lags, at }, frame) {
    const series = seriesColumn(frame, name);
    for (const [i, back] of lags.entries()) checkReach(frame, series, back, `lags.${i}`);
    return {
      reads: [name],
      writes: lags.map((back) => resultColumn(`${name}_lag_${back}`, at, series.times)),
      emit: ([value], { g }) =>
        lags.map((back) => {
          const past = g.op("Squeeze", [emitPast(g, value!, [back], at), g.constant(int64([2]), "third")]);
          return emitTimes(g, past, at);
        }),
      evaluate: ([tensor], rows) => lags.map((back) => overTimes(tensor!, rows, at, (earlier) => earlier(back))),
    };
  },
});
