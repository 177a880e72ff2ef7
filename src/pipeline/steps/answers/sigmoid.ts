// Rule: scipy.special.expit (scipy/special/_logit.h): 1 / (1 + exp(-x)), in float64, written so that no exponential overflows.
import { z } from "zod";
import type { GraphBuilder, Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { eachNumber, number, numberColumn, resultName } from "./scores.ts";

const options = z.strictObject({
  column: z.string().describe("Scores (logits)"),
  as: resultName,
});

export const sigmoid = step({
  name: "sigmoid",
  about: "Each score to a probability of its own",
  family: "answers",
  options,
  example: "sigmoid: { column: logits, as: probability }",
  reference: "scipy.special.expit",
  plan({ column: name, as = name }, frame) {
    const column = numberColumn(frame, name);
    return eachNumber([column], emitSigmoid, sigmoidOf, [{ ...column, name: as, role: "probabilities" }]);
  },
});

/** exp(-|x|) is at most 1: neither end of the curve overflows, and small probabilities keep all their digits. */
export function emitSigmoid(g: GraphBuilder, x: Value): Value {
  const small = g.op("Exp", [g.op("Neg", [g.op("Abs", [x])])]);
  const upper = g.op("Where", [g.op("Less", [x, number(g, 0)]), small, number(g, 1)]);
  return g.op("Div", [upper, g.op("Add", [small, number(g, 1)])]);
}

export function sigmoidOf(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}
