// Rule: sklearn/preprocessing/_data.py: StandardScaler.inverse_transform, X * scale_ + mean_; MinMaxScaler.inverse_transform,
// (X - min_) / scale_ with scale_ = (hi - lo) / (data_max - data_min) and min_ = lo - data_min * scale_.
import { z } from "zod";
import type { Frame } from "../../step.ts";
import { step } from "../../step.ts";
import { eachNumber, number, numberColumn } from "./scores.ts";

const each = z.union([z.number(), z.array(z.number()).min(1)]);
const columns = z.array(z.string()).min(1).describe("Columns of numbers");

/** One number for each column, from one for all or a list. */
function numbersFor(frame: Frame, option: string, given: number | readonly number[], count: number): readonly number[] {
  if (typeof given === "number") return Array.from({ length: count }, () => given);
  if (given.length === count) return given;
  throw frame.refuse(`\`${option}\` has ${given.length} numbers for ${count} columns`, { option });
}

export const inverseStandardize = step({
  name: "inverse_standardize",
  about: "Back from standardized numbers: value * scale + mean",
  family: "answers",
  options: z.strictObject({
    columns,
    mean: each.default(0).describe("`mean_`: one number, or one for each column"),
    scale: each.default(1).describe("`scale_`: one number, or one for each column"),
  }),
  example: "inverse_standardize: { columns: [price], mean: 180921.2, scale: 79415.3 }",
  reference: "sklearn.preprocessing.StandardScaler.inverse_transform",
  plan({ columns: names, mean, scale }, frame) {
    const chosen = frame.select(names).map(({ name }) => numberColumn(frame, name));
    const means = numbersFor(frame, "mean", mean, chosen.length);
    const scales = numbersFor(frame, "scale", scale, chosen.length);
    return eachNumber(
      chosen,
      (g, x, at) => g.op("Add", [g.op("Mul", [x, number(g, scales[at]!)]), number(g, means[at]!)]),
      (value, at) => value * scales[at]! + means[at]!,
    );
  },
});

export const inverseMinMax = step({
  name: "inverse_min_max",
  about: "Back from numbers scaled between two bounds",
  family: "answers",
  options: z.strictObject({
    columns,
    min: each.describe("`data_min_`: one number, or one for each column"),
    max: each.describe("`data_max_`: one number, or one for each column"),
    range: z.tuple([z.number(), z.number()]).default([0, 1]).describe("`feature_range`"),
  }),
  example: "inverse_min_max: { columns: [price], min: 34900, max: 755000 }",
  reference: "sklearn.preprocessing.MinMaxScaler.inverse_transform",
  plan({ columns: names, min, max, range: [low, high] }, frame) {
    const chosen = frame.select(names).map(({ name }) => numberColumn(frame, name));
    const lows = numbersFor(frame, "min", min, chosen.length);
    const highs = numbersFor(frame, "max", max, chosen.length);
    if (!(low < high)) throw frame.refuse(`\`range\` ${low} to ${high} is none`, { option: "range" });
    // A column that never varied is scaled by the range alone (_handle_zeros_in_scale).
    const scales = chosen.map((_, k) => (high - low) / (highs[k] === lows[k] ? 1 : highs[k]! - lows[k]!));
    const offsets = chosen.map((_, k) => low - lows[k]! * scales[k]!);
    return eachNumber(
      chosen,
      (g, x, at) => g.op("Div", [g.op("Sub", [x, number(g, offsets[at]!)]), number(g, scales[at]!)]),
      (value, at) => (value - offsets[at]!) / scales[at]!,
    );
  },
});
