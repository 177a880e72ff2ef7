// Rule: numpy.expm1, numpy.exp, numpy.power(10, x), numpy.exp2. expm1 near 0 by Kahan's identity (u - 1) * x / log(u) with u = exp(x), since
// exp(x) - 1 loses its digits there and ONNX has no operator for it.
import { z } from "zod";
import type { GraphBuilder, Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { eachNumber, number, numberColumn } from "./scores.ts";

const options = z.strictObject({
  columns: z.array(z.string()).min(1).describe("Columns of logarithms"),
  of: z.enum(["log1p", "log", "log10", "log2"]).default("log1p").describe("The logarithm that was taken when training"),
});

export const inverseLog = step({
  name: "inverse_log",
  about: "Back from logarithms",
  family: "answers",
  options,
  example: "inverse_log: { columns: [price], of: log1p }",
  reference: "numpy.expm1",
  plan({ columns: names, of }, frame) {
    const chosen = frame.select(names).map(({ name }) => numberColumn(frame, name));
    if (of === "log1p") return eachNumber(chosen, emitExpm1, Math.expm1);
    if (of === "log") return eachNumber(chosen, (g, x) => g.op("Exp", [x]), Math.exp);
    const base = of === "log2" ? 2 : 10;
    return eachNumber(
      chosen,
      (g, x) => g.op("Pow", [number(g, base), x]),
      (value) => base ** value,
    );
  },
});

function emitExpm1(g: GraphBuilder, x: Value): Value {
  const one = number(g, 1);
  const power = g.op("Exp", [x]);
  const less = g.op("Sub", [power, one]);
  const isTiny = g.op("Equal", [less, number(g, 0)]);
  // Beyond these bounds the plain difference is exact to the last place, and the logarithm of 0 or of infinity would be no number.
  const isNear = g.op("Less", [g.op("Abs", [x]), one]);
  const logarithm = g.op("Where", [isTiny, one, g.op("Log", [power])]);
  const near = g.op("Where", [isTiny, x, g.op("Mul", [less, g.op("Div", [x, logarithm])])]);
  return g.op("Where", [isNear, near, less]);
}
