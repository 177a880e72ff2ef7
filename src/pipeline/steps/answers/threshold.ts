// Rule: sklearn/model_selection/_classification_threshold.py, _CurveScorer / FixedThresholdClassifier: y_score >= threshold is the positive
// class. NaN reaches no threshold.
import { z } from "zod";
import { bool, float64, int64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";
import { step } from "../../step.ts";
import { emitAny, emitArgMax } from "./along_classes.ts";
import { emitConstant, emitName } from "./class_names.ts";
import { classesOf, emitFloat64, number, numberColumn, numbersOf, scoreColumn, scoreRows } from "./scores.ts";

const answer = z.union([z.string(), z.int()]);
const options = z.strictObject({
  column: z.string().describe("A probability or score, or one for each class"),
  at: z
    .union([z.number(), z.record(z.string(), z.number())])
    .describe("From this score on it is `above`; or a score for each class, by name"),
  above: answer.optional().describe("Answer from `at` on; without it the answer is true or false"),
  below: answer.optional().describe("Answer under `at`; with a score for each class: the answer where none is reached"),
  class: z.string().optional().describe("Which class decides; default: the one that `above` names"),
  as: z.string().min(1).optional().describe("Name of the result; default `label`"),
});
type Options = z.infer<typeof options>;

export const threshold = step({
  name: "threshold",
  about: "A decision where a score reaches a number; per class: each class by its own number",
  family: "answers",
  options,
  example: 'threshold: { column: probability, at: 0.42, above: ">50K", below: "<=50K" }',
  reference: "sklearn.model_selection.FixedThresholdClassifier",
  plan(given, frame) {
    return typeof given.at === "number" ? single(given, given.at, frame) : perClass(given, given.at, frame);
  },
});

function single(
  { column: name, above, below, class: wanted, as = "label" }: Options,
  at: number,
  frame: Frame,
): StepPlan {
  if ((above === undefined) !== (below === undefined) || typeof above !== typeof below)
    throw frame.refuse("needs `above` and `below`, both texts or both whole numbers", { option: "above" });
  const column = numberColumn(frame, name);
  const place = column.shape.length === 0 ? null : placeOf(column, wanted ?? above, frame);
  const answers = above === undefined || below === undefined ? null : ([above, below] as const);
  const scores = (g: Parameters<typeof emitFloat64>[0], value: Value) =>
    emitFloat64(g, place === null ? value : g.op("Gather", [value, g.constant(int64([place], []))], { axis: -1 }));
  return {
    reads: [name],
    writes: [
      {
        name: as,
        dtype: answers === null ? "bool" : typeof above === "string" ? "string" : "int64",
        shape: place === null ? column.shape : column.shape.slice(0, -1),
        missing: false,
        role: "label",
        ...(answers ? { categories: answers as readonly string[] } : {}),
      },
    ],
    emit([value], { g }) {
      const reached = g.op("GreaterOrEqual", [scores(g, value!), number(g, at)]);
      if (!answers) return [reached];
      return [g.op("Where", [reached, emitConstant(g, answers[0]), emitConstant(g, answers[1])])];
    },
    evaluate([tensor]) {
      const picked = place === null ? [...numbersOf(tensor!)] : scoreRows(tensor!).map((row) => row[place]!);
      const dims = place === null ? tensor!.dims : tensor!.dims.slice(0, -1);
      return [
        decided(
          picked.map((score) => score >= at),
          answers,
          dims,
        ),
      ];
    },
  };
}

function decided(
  reached: boolean[],
  answers: readonly [string | number, string | number] | null,
  dims: readonly number[],
): Tensor {
  if (!answers) return bool(reached, dims);
  const values = reached.map((one) => answers[one ? 0 : 1]);
  return typeof answers[0] === "string" ? strings(values as string[], dims) : int64(values as number[], dims);
}

function placeOf(column: Column, wanted: string | number | undefined, frame: Frame): number {
  const place = column.classes?.indexOf(String(wanted)) ?? -1;
  if (wanted !== undefined && place !== -1) return place;
  throw frame.refuse(
    `column \`${column.name}\` has a score for each class${column.classes ? ` (${column.classes.slice(0, 10).join(", ")})` : ""}, and it is not said which decides`,
    { option: "class", fix: "name it: `class: …`, or let `above` be the name of a class" },
  );
}

/** Every class by its own number: true or false for each, or with `below` the best of those that reach theirs. */
function perClass(
  { column: name, above, below, class: wanted, as = "label" }: Options,
  at: Readonly<Record<string, number>>,
  frame: Frame,
): StepPlan {
  if (above !== undefined || wanted !== undefined)
    throw frame.refuse("with a score for each class takes no `above` and no `class`", {
      option: above === undefined ? "class" : "above",
    });
  if (typeof below === "number")
    throw frame.refuse("answers with names of classes: `below` must be a text", { option: "below" });
  const found = scoreColumn(frame, name);
  const classes = classesOf(frame, found, undefined);
  if (!classes)
    throw frame.refuse(`column \`${name}\` has no names of classes`, {
      option: "column",
      fix: "give `classes` to the step before it (softmax, sigmoid)",
    });
  const unknown = Object.keys(at).find((key) => !classes.includes(key));
  if (unknown !== undefined)
    throw frame.refuse(`has no class \`${unknown}\`: ${classes.slice(0, 10).join(", ")}`, { option: ["at", unknown] });
  // Classes that are not named are never answered.
  const limits = Float64Array.from(classes, (one) => at[one] ?? Number.POSITIVE_INFINITY);
  const isNamed = classes.map((one) => Object.hasOwn(at, one));
  const { shape } = found.column;
  const writes: Column =
    below === undefined
      ? { name: as, dtype: "bool", shape, missing: false, classes }
      : {
          name: as,
          dtype: "string",
          shape: shape.slice(0, -1),
          missing: false,
          role: "label",
          categories: [...new Set([...classes, below])],
        };
  const reaches = (score: number, k: number) => isNamed[k]! && score >= limits[k]!;
  return {
    reads: [name],
    writes: [writes],
    emit([value], { g }) {
      const x = emitFloat64(g, value!);
      const enough = g.op("GreaterOrEqual", [x, g.constant(float64(limits))]);
      const reached = g.op("And", [enough, g.constant(bool(isNamed))]);
      if (below === undefined) return [reached];
      const best = emitArgMax(g, g.op("Where", [reached, x, number(g, -Infinity)]));
      const any = emitAny(g, reached);
      const label = emitName(g, best, classes);
      return [g.op("Where", [any, label, g.constant(strings([below], []))])];
    },
    evaluate([tensor]) {
      const rows = scoreRows(tensor!);
      if (below === undefined)
        return [
          bool(
            rows.flatMap((row) => Array.from(row, reaches)),
            tensor!.dims,
          ),
        ];
      const labels = rows.map((row) => bestOf(row));
      return [strings(labels, tensor!.dims.slice(0, -1))];
    },
  };

  function bestOf(row: Float64Array): string {
    let best: number | null = null;
    row.forEach((score, k) => {
      if (reaches(score, k) && (best === null || score > row[best]!)) best = k;
    });
    return best === null ? (below as string) : classes![best]!;
  }
}
