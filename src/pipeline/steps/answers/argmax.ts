// Rule: numpy.argmax along the last axis: the first of equal scores; where a score is NaN, the first NaN.
import { z } from "zod";
import { int64, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { emitAny, emitArgMax } from "./along_classes.ts";
import { emitName, namesAt } from "./class_names.ts";
import { classesOf, classNames, scoreColumn, scoreRows } from "./scores.ts";

const options = z.strictObject({
  column: z.string().describe("Scores or probabilities, one for each class"),
  classes: classNames,
  as: z.string().min(1).optional().describe("Name of the result; default `label`"),
});

export const argmax = step({
  name: "argmax",
  about: "The class with the highest score; its position where classes have no names",
  family: "answers",
  options,
  example: "argmax: { column: logits, classes: [negative, positive], as: label }",
  reference: "numpy.argmax",
  plan({ column: name, classes: given, as = "label" }, frame) {
    const scores = scoreColumn(frame, name);
    if (scores.size === 0) throw frame.refuse(`column \`${name}\` has no classes`, { option: "column" });
    const classes = classesOf(frame, scores, given);
    const shape = scores.column.shape.slice(0, -1);
    return {
      reads: [name],
      writes: [
        {
          name: as,
          dtype: classes ? "string" : "int64",
          shape,
          missing: false,
          role: "label",
          ...(classes ? { categories: classes } : {}),
        },
      ],
      emit([value], { g }) {
        const best = emitArgMax(g, value!);
        const at = isFraction(value!) ? firstNaN(value!, best) : best;
        return [classes ? emitName(g, at, classes) : at];

        function firstNaN(x: Value, otherwise: Value): Value {
          const missing = g.op("IsNaN", [x]);
          const first = emitArgMax(g, g.op("Cast", [missing], { to: 6 }));
          return g.op("Where", [emitAny(g, missing), first, otherwise]);
        }
      },
      evaluate([tensor]) {
        const at = scoreRows(tensor!).map(argmaxOf);
        const dims = tensor!.dims.slice(0, -1);
        return [classes ? namesAt(at, classes, dims) : int64(at, dims)];
      },
    };
  },
});

const isFraction = ({ dtype }: Pick<Tensor, "dtype">) => dtype === "float64" || dtype === "float32";

export function argmaxOf(row: Float64Array): number {
  const missing = row.findIndex(Number.isNaN);
  if (missing !== -1) return missing;
  let best = 0;
  row.forEach((value, at) => {
    if (value > row[best]!) best = at;
  });
  return best;
}
