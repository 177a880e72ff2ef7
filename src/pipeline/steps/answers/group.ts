// Shape of the answer: several numbers as one object, and one number out of such an object.
import { z } from "zod";
import { float64, int64 } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import {
  classesOf,
  classNames,
  emitFloat64,
  lastAxis,
  numberColumn,
  numbersOf,
  scoreColumn,
  scoreRows,
} from "./scores.ts";

export const group = step({
  name: "group",
  about: "Numbers of their own as one object in the answer",
  family: "answers",
  options: z.strictObject({
    fields: z.record(z.string(), z.string()).describe("Name in the object: column, one number per record"),
    as: z.string().min(1).describe("Name of the result"),
    keep: z.boolean().default(false).describe("Whether the columns stay beside it"),
  }),
  example: "group: { fields: { low: lower_bound, high: upper_bound }, as: interval }",
  reference: "numpy.stack",
  plan({ fields, as, keep }, frame) {
    const names = Object.values(fields);
    if (names.length === 0) throw frame.refuse("groups nothing", { option: "fields" });
    const deep = names.find((name) => numberColumn(frame, name).shape.length > 0);
    if (deep !== undefined)
      throw frame.refuse(`column \`${deep}\` is more than one number per record`, { option: "fields" });
    const missing = names.some((name) => frame.column(name).missing);
    return {
      reads: names,
      writes: [{ name: as, dtype: "float64", shape: [names.length], missing, classes: Object.keys(fields) }],
      drops: keep ? [] : [...new Set(names)].filter((name) => name !== as),
      emit(values, { g }) {
        const each = values.map((value) => g.op("Unsqueeze", [emitFloat64(g, value), lastAxis(g)]));
        return [each.length === 1 ? each[0]! : g.op("Concat", each, { axis: -1 })];
      },
      evaluate(tensors, rows) {
        const parts = tensors.map(numbersOf);
        const data = new Float64Array(rows * parts.length);
        for (let row = 0; row < rows; row++)
          for (const [k, part] of parts.entries()) data[row * parts.length + k] = part[row]!;
        return [float64(data, [rows, parts.length])];
      },
    };
  },
});

export const pick = step({
  name: "pick",
  about: "The score of one class, by its name",
  family: "answers",
  options: z.strictObject({
    column: z.string().describe("Scores or probabilities, one for each class"),
    class: z.string().describe("Name of the class"),
    classes: classNames,
    as: z.string().min(1).describe("Name of the result"),
  }),
  example: "pick: { column: probabilities, class: yes, as: probability }",
  reference: "numpy.take",
  plan({ column: name, class: wanted, classes: given, as }, frame) {
    const scores = scoreColumn(frame, name);
    const { column } = scores;
    const classes = classesOf(frame, scores, given);
    const place = classes?.indexOf(wanted) ?? -1;
    if (place === -1)
      throw frame.refuse(
        `column \`${name}\` has no class \`${wanted}\`${classes ? `: ${classes.slice(0, 10).join(", ")}` : ""}`,
        {
          option: "class",
        },
      );
    return {
      reads: [name],
      writes: [{ name: as, dtype: "float64", shape: column.shape.slice(0, -1), missing: column.missing }],
      emit: ([value], { g }) => [
        emitFloat64(g, g.op("Gather", [value!, g.constant(int64([place], []))], { axis: -1 })),
      ],
      evaluate: ([tensor]) => [
        float64(
          scoreRows(tensor!).map((row) => row[place]!),
          tensor!.dims.slice(0, -1),
        ),
      ],
    };
  },
});
