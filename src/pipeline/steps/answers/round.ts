// Rule: numpy.round (numpy/_core/src/multiarray/calculation.c, PyArray_Round): times 10^digits, halves to even, divided again.
import { z } from "zod";
import { step } from "../../step.ts";
import { eachNumber, number, numberColumn } from "./scores.ts";

const options = z.strictObject({
  columns: z.array(z.string()).min(1).describe("Columns of numbers"),
  digits: z.int().min(-15).max(15).default(0).describe("Digits after the point; negative: tens, hundreds, …"),
});

export const round = step({
  name: "round",
  about: "Round numbers, halves to the even neighbour",
  family: "answers",
  options,
  example: "round: { columns: [price], digits: 2 }",
  reference: "numpy.round",
  plan({ columns: names, digits }, frame) {
    const chosen = frame.select(names).map(({ name }) => numberColumn(frame, name));
    const power = 10 ** Math.abs(digits);
    const [up, down] = digits < 0 ? (["Div", "Mul"] as const) : (["Mul", "Div"] as const);
    return eachNumber(
      chosen,
      (g, x) => {
        if (digits === 0) return g.op("Round", [x]);
        return g.op(down, [g.op("Round", [g.op(up, [x, number(g, power)])]), number(g, power)]);
      },
      (value) => (digits < 0 ? halfToEven(value / power) * power : halfToEven(value * power) / power),
    );
  },
});

function halfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
