// Rules: scipy/special/_boxcox.pxd, boxcox; scipy/stats/_morestats.py, _yeojohnson_transform; sklearn/preprocessing/_data.py,
// PowerTransformer.transform: the powers, then (x - mean) / scale of what comes out.
import { z } from "zod";
import type { GraphBuilder, Value } from "../../../onnx/index.ts";
import { emitExpm1, emitLog1p } from "../../near_zero.ts";
import { step } from "../../step.ts";
import {
  columnwise,
  numberColumns,
  numberConstant,
  type PerColumn,
  perColumn,
  perColumnOption,
  selectNumbers,
} from "./columnwise.ts";

export const power = step({
  name: "power",
  about: "Box-Cox or Yeo-Johnson powers, which make columns more normal",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    method: z.enum(["yeo-johnson", "box-cox"]).default("yeo-johnson").describe("box-cox takes positive numbers only"),
    lambda: perColumnOption.describe("PowerTransformer.lambdas_: a number, a list, or a map by column"),
    mean: perColumnOption.optional().describe("Mean of the powers, where they were standardized"),
    scale: perColumnOption.optional().describe("Their standard deviation"),
  }),
  example: "power: { columns: [fare], lambda: -0.22, mean: 1.41, scale: 0.48 }",
  reference: "sklearn.preprocessing.PowerTransformer",
  plan({ columns: names, method, lambda, mean, scale }, frame) {
    const columns = selectNumbers(frame, names);
    const finite = (value: number) => (Number.isFinite(value) ? null : "must be finite");
    const lambdas = perColumn(frame, columns, lambda, "lambda", finite);
    const means = perColumn(frame, columns, mean ?? 0, "mean", finite);
    const scales = perColumn(frame, columns, scale ?? 1, "scale", (value) =>
      value === 0 ? "must not be 0" : finite(value),
    );
    const isScaled = mean !== undefined || scale !== undefined;
    const [emit, evaluate] = method === "box-cox" ? [emitBoxCox, boxCox] : [emitYeoJohnson, yeoJohnson];
    return columnwise({
      columns,
      inexact: true,
      missing: (column) => column.missing || method === "box-cox",
      emit(x, per, { g }) {
        const powered = emit(g, x, lambdas, per);
        return isScaled ? g.op("Div", [g.op("Sub", [powered, per(means)]), per(scales)]) : powered;
      },
      evaluate(value, at) {
        const powered = evaluate(value, lambdas[at]!);
        return isScaled ? (powered - means[at]!) / scales[at]! : powered;
      },
    });
  },
});

/** The logarithm where lambda is (nearly) 0, the power elsewhere; both are computed, a column takes one. */
function chosen(
  g: GraphBuilder,
  lambdas: readonly number[],
  least: number,
  per: PerColumn,
  log: Value,
  grown: (row: Value) => Value,
): Value {
  const isZero = lambdas.map((lambda) => Math.abs(lambda) < least);
  const row = per(lambdas.map((lambda, at) => (isZero[at] ? 1 : lambda)));
  if (isZero.every(Boolean)) return log;
  const general = g.op("Div", [grown(row), row]);
  if (!isZero.some(Boolean)) return general;
  const flags = g.op("Greater", [per(isZero.map(Number)), numberConstant(g, 0)]);
  return g.op("Where", [flags, log, general]);
}

function emitBoxCox(g: GraphBuilder, x: Value, lambdas: readonly number[], per: PerColumn): Value {
  const log = g.op("Log", [x]);
  return chosen(g, lambdas, 1e-19, per, log, (row) => emitExpm1(g, g.op("Mul", [row, log])));
}

function boxCox(x: number, lambda: number): number {
  return Math.abs(lambda) < 1e-19 ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda;
}

function emitYeoJohnson(g: GraphBuilder, x: Value, lambdas: readonly number[], per: PerColumn): Value {
  // Magnitudes, so that the branch that is not taken meets no number that it cannot answer.
  const log = emitLog1p(g, g.op("Abs", [x]));
  const side = (list: readonly number[]) =>
    chosen(g, list, 2 ** -52, per, log, (row) => emitExpm1(g, g.op("Mul", [row, log])));
  const above = side(lambdas);
  const below = g.op("Neg", [side(lambdas.map((lambda) => 2 - lambda))]);
  return g.op("Where", [g.op("GreaterOrEqual", [x, numberConstant(g, 0)]), above, below]);
}

function yeoJohnson(x: number, lambda: number): number {
  const positive = (value: number, own: number) =>
    Math.abs(own) < 2 ** -52 ? Math.log1p(value) : Math.expm1(own * Math.log1p(value)) / own;
  return x >= 0 ? positive(x, lambda) : -positive(-x, 2 - lambda);
}
