// Scalers with given parameters. Rules: sklearn/preprocessing/_data.py, StandardScaler.transform ((X - mean_) / scale_), MinMaxScaler.transform
// (X * scale_ + min_, then clipped), MaxAbsScaler.transform (X / scale_), RobustScaler.transform ((X - center_) / scale_): divisions, as there.
import { z } from "zod";
import type { Frame } from "../../step.ts";
import { step } from "../../step.ts";
import {
  columnwise,
  numberColumns,
  type PerColumnOption,
  perColumn,
  perColumnOption,
  selectNumbers,
} from "./columnwise.ts";

const nonZero = (value: number) =>
  value === 0 || !Number.isFinite(value)
    ? "must be finite and not 0 (scikit-learn stores 1 where a column was constant)"
    : null;
const finite = (value: number) => (Number.isFinite(value) ? null : "must be finite");

function centred(
  frame: Frame,
  names: readonly string[],
  center: PerColumnOption,
  scale: PerColumnOption,
  name: string,
) {
  const columns = selectNumbers(frame, names);
  const centers = perColumn(frame, columns, center, name, finite);
  const scales = perColumn(frame, columns, scale, "scale", nonZero);
  return columnwise({
    columns,
    emit: (x, per, { g }) => g.op("Div", [g.op("Sub", [x, per(centers)]), per(scales)]),
    evaluate: (value, at) => (value - centers[at]!) / scales[at]!,
  });
}

export const standardize = step({
  name: "standardize",
  about: "Subtract the mean, divide by the standard deviation",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    mean: perColumnOption.default(0).describe("StandardScaler.mean_: a number, a list, or a map by column"),
    scale: perColumnOption.default(1).describe("StandardScaler.scale_, the standard deviation"),
  }),
  example: "standardize: { columns: [age, hours], mean: [38.6, 40.4], scale: [13.6, 12.3] }",
  reference: "sklearn.preprocessing.StandardScaler",
  plan: ({ columns, mean, scale }, frame) => centred(frame, columns, mean, scale, "mean"),
});

export const robust = step({
  name: "robust",
  about: "Subtract the median, divide by the range between quartiles",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    center: perColumnOption.default(0).describe("RobustScaler.center_: a number, a list, or a map by column"),
    scale: perColumnOption.default(1).describe("RobustScaler.scale_"),
  }),
  example: "robust: { columns: [fare], center: 14.45, scale: 23.09 }",
  reference: "sklearn.preprocessing.RobustScaler",
  plan: ({ columns, center, scale }, frame) => centred(frame, columns, center, scale, "center"),
});

export const maxAbs = step({
  name: "max_abs",
  about: "Divide by the largest magnitude",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    max_abs: perColumnOption.describe("MaxAbsScaler.scale_: a number, a list, or a map by column"),
  }),
  example: "max_abs: { columns: [gain], max_abs: 99999 }",
  reference: "sklearn.preprocessing.MaxAbsScaler",
  plan({ columns: names, max_abs: largest }, frame) {
    const columns = selectNumbers(frame, names);
    const scales = perColumn(frame, columns, largest, "max_abs", nonZero);
    return columnwise({
      columns,
      emit: (x, per, { g }) => g.op("Div", [x, per(scales)]),
      evaluate: (value, at) => value / scales[at]!,
    });
  },
});

export const minMax = step({
  name: "min_max",
  about: "Move the range of the training data to [0, 1] or another",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    min: perColumnOption.describe("MinMaxScaler.data_min_: a number, a list, or a map by column"),
    max: perColumnOption.describe("MinMaxScaler.data_max_"),
    range: z.tuple([z.number(), z.number()]).default([0, 1]).describe("MinMaxScaler's feature_range"),
    clip: z.boolean().default(false).describe("Keep results inside of the range"),
  }),
  example: "min_max: { columns: [age], min: 17, max: 90 }",
  reference: "sklearn.preprocessing.MinMaxScaler",
  plan({ columns: names, min, max, range: [low, high], clip }, frame) {
    if (!(low < high)) throw frame.refuse("`range` must rise", { option: "range" });
    const columns = selectNumbers(frame, names);
    const least = perColumn(frame, columns, min, "min", finite);
    const most = perColumn(frame, columns, max, "max", finite);
    // Rule: _handle_zeros_in_scale: a range below 10 epsilon counts as 1.
    const scales = least.map((value, at) => {
      const width = most[at]! - value;
      return (high - low) / (width < 10 * Number.EPSILON ? 1 : width);
    });
    const odd = least.findIndex((value, at) => value > most[at]!);
    if (odd >= 0) throw frame.refuse(`\`min\` ${least[odd]} is above \`max\` ${most[odd]}`, { option: "min" });
    const offsets = least.map((value, at) => low - value * scales[at]!);
    return columnwise({
      columns,
      emit(x, per, { g }) {
        const moved = g.op("Add", [g.op("Mul", [x, per(scales)]), per(offsets)]);
        if (!clip) return moved;
        return g.op("Min", [g.op("Max", [moved, per(offsets.map(() => low))]), per(offsets.map(() => high))]);
      },
      evaluate(value, at) {
        const moved = value * scales[at]! + offsets[at]!;
        if (!clip) return moved;
        return moved < low ? low : moved > high ? high : moved;
      },
    });
  },
});
