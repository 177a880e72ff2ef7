// Rule: numpy.argsort(-x, kind="stable")[:k]: highest first, of equal scores the one that stands first. NaN ranks as -inf.
import { z } from "zod";
import { float64, int64 } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { emitBest } from "./along_classes.ts";
import { emitName, namesAt } from "./class_names.ts";
import { classesOf, classNames, emitFloat64, number, scoreColumn, scoreRows } from "./scores.ts";

const options = z.strictObject({
  column: z.string().describe("Scores or probabilities, one for each class"),
  k: z.int().min(1).describe("How many; no more than there are classes"),
  classes: classNames,
  labels: z.string().min(1).optional().describe("Name of the result with the classes; default `labels`"),
  scores: z.string().min(1).optional().describe("Name of the result with their scores; default `scores`"),
});

export const topK = step({
  name: "top_k",
  about: "The classes with the highest scores, and these scores, highest first",
  family: "answers",
  options,
  example: "top_k: { column: probabilities, k: 2 }",
  reference: "numpy.argsort",
  plan({ column: name, k, classes: given, labels = "labels", scores = "scores" }, frame) {
    const found = scoreColumn(frame, name);
    const { column, size } = found;
    if (size === null) throw frame.refuse(`column \`${name}\` has no fixed number of classes`, { option: "column" });
    if (k > size) throw frame.refuse(`wants ${k} of ${size} classes`, { option: "k" });
    if (labels === scores) throw frame.refuse("calls both results the same", { option: "scores" });
    const classes = classesOf(frame, found, given);
    const shape = [...column.shape.slice(0, -1), k];
    return {
      reads: [name],
      writes: [
        {
          name: labels,
          dtype: classes ? "string" : "int64",
          shape,
          missing: false,
          ...(classes ? { categories: classes } : {}),
        },
        { name: scores, dtype: "float64", shape, missing: column.missing },
      ],
      emit([value], { g }) {
        const x = emitFloat64(g, value!);
        const ranked = g.op("Where", [g.op("IsNaN", [x]), number(g, -Infinity), x]);
        const [, at] = emitBest(g, ranked, k);
        return [classes ? emitName(g, at, classes) : at, g.op("GatherElements", [x, at], { axis: -1 })];
      },
      evaluate([tensor]) {
        const rows = scoreRows(tensor!);
        const places = rows.map((row) => ranksOf(row).slice(0, k));
        const dims = [...tensor!.dims.slice(0, -1), k];
        const best = places.flat();
        const values = places.flatMap((at, row) => at.map((place) => rows[row]![place]!));
        return [classes ? namesAt(best, classes, dims) : int64(best, dims), float64(values, dims)];
      },
    };
  },
});

function ranksOf(row: Float64Array): number[] {
  const rank = (at: number) => (Number.isNaN(row[at]) ? -Infinity : row[at]!);
  return Array.from(row.keys()).sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) > rank(a) ? 1 : -1));
}
