// log(1 + x) and exp(x) - 1, as accurate near 0 as numpy's log1p and expm1. ONNX has no operators for them. Identities: W. Kahan.
import { float64, type GraphBuilder, type Value } from "../onnx/index.ts";

const number = (g: GraphBuilder, value: number) => g.constant(float64([value], []));

/** log(1 + x): x * log(u) / (u - 1) with u = 1 + x rounded. */
export function emitLog1p(g: GraphBuilder, x: Value): Value {
  const one = number(g, 1);
  const u = g.op("Add", [x, one]);
  const rounded = g.op("Sub", [u, one]);
  const general = g.op("Mul", [x, g.op("Div", [g.op("Log", [u]), rounded])]);
  // Where 1 + x is 1, and where it is 0 or infinite, the quotient says nothing.
  const isTiny = g.op("Equal", [rounded, number(g, 0)]);
  const isPlain = g.op("Or", [g.op("IsInf", [u]), g.op("LessOrEqual", [u, number(g, 0)])]);
  return g.op("Where", [isTiny, x, g.op("Where", [isPlain, g.op("Log", [u]), general])], {}, { name: "log1p" });
}

/** exp(x) - 1: (u - 1) * x / log(u) with u = exp(x). */
export function emitExpm1(g: GraphBuilder, x: Value): Value {
  const one = number(g, 1);
  const u = g.op("Exp", [x]);
  const less = g.op("Sub", [u, one]);
  const general = g.op("Mul", [less, g.op("Div", [x, g.op("Log", [u])])]);
  const isTiny = g.op("Equal", [u, one]);
  const isFar = g.op("Greater", [g.op("Abs", [x]), number(g, 2)]);
  return g.op("Where", [isTiny, x, g.op("Where", [isFar, less, general])], {}, { name: "expm1" });
}
