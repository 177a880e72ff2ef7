// How sure an answer is, and no answer where it is not sure enough. Rule: max, difference of the two highest, and 1 - entropy / log(K) with
// scipy.stats.entropy (0 log 0 = 0) of a row of probabilities.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { emitBest, emitHighest, emitSum } from "./along_classes.ts";
import { emitConstant } from "./class_names.ts";
import { emitFloat64, lastAxis, number, numberColumn, numbersOf, scoreColumn, scoreRows } from "./scores.ts";

export const confidence = step({
  name: "confidence",
  about: "One number for how sure the probabilities are: highest, lead over the second, or certainty by entropy",
  family: "answers",
  options: z.strictObject({
    column: z.string().describe("Probabilities, one for each class"),
    measure: z
      .enum(["highest", "margin", "entropy"])
      .default("highest")
      .describe("highest probability; its lead over the second; 1 - entropy / log(classes)"),
    as: z.string().min(1).default("confidence").describe("Name of the result"),
  }),
  example: "confidence: { column: probabilities, measure: margin }",
  reference: "scipy.stats.entropy",
  plan({ column: name, measure, as }, frame) {
    const { column, size } = scoreColumn(frame, name);
    if (size === null || size < 2)
      throw frame.refuse(`column \`${name}\` has no fixed number of classes, two at least`, { option: "column" });
    return {
      reads: [name],
      writes: [{ name: as, dtype: "float64", shape: column.shape.slice(0, -1), missing: column.missing }],
      emit: ([value], { g }) => [emitMeasure[measure](g, emitFloat64(g, value!), size)],
      evaluate: ([tensor]) => [float64(scoreRows(tensor!).map(measures[measure]), tensor!.dims.slice(0, -1))],
    };
  },
});

type Measure = "highest" | "margin" | "entropy";

/** A row with NaN in it has no confidence: NaN. */
const measures: Readonly<Record<Measure, (row: Float64Array) => number>> = {
  highest: (row) => Math.max(...row),
  margin(row) {
    const [first, second] = [...row].sort((a, b) => b - a);
    return row.some(Number.isNaN) ? Number.NaN : first! - second!;
  },
  entropy(row) {
    const sum = row.reduce((total, p) => total + p, 0);
    const entropy = row.reduce((total, p) => total - (p === 0 ? 0 : (p / sum) * Math.log(p / sum)), 0);
    return 1 - entropy / Math.log(row.length);
  },
};

const emitMeasure: Readonly<Record<Measure, (g: GraphBuilder, x: Value, size: number) => Value>> = {
  highest: (g, x) => g.op("Add", [emitHighest(g, withoutNaN(g, x)), nanOf(g, x)]),
  margin(g, x) {
    const [best] = emitBest(g, withoutNaN(g, x), 2);
    const at = (place: number) => g.op("Gather", [best, g.constant(int64([place], []))], { axis: -1 });
    return g.op("Add", [g.op("Sub", [at(0), at(1)]), nanOf(g, x)]);
  },
  entropy(g, x, size) {
    const share = g.op("Div", [x, g.op("ReduceSum", [x, lastAxis(g)], { keepdims: 1 })]);
    const isZero = g.op("Equal", [x, number(g, 0)]);
    const logarithm = g.op("Log", [g.op("Where", [isZero, number(g, 1), share])]);
    const term = g.op("Where", [isZero, number(g, 0), g.op("Mul", [share, logarithm])]);
    const entropy = g.op("Neg", [emitSum(g, term)]);
    return g.op("Sub", [number(g, 1), g.op("Div", [entropy, number(g, Math.log(size))])]);
  },
};

function withoutNaN(g: GraphBuilder, x: Value): Value {
  return g.op("Where", [g.op("IsNaN", [x]), number(g, 0), x]);
}

/** 0 for each row, NaN where one of its numbers is NaN: what runtimes do with NaN in ReduceMax and TopK differs. */
function nanOf(g: GraphBuilder, x: Value): Value {
  const flags = g.op("Where", [g.op("IsNaN", [x]), number(g, Number.NaN), number(g, 0)]);
  return emitSum(g, flags);
}

const answer = z.union([z.string(), z.int()]);

export const abstain = step({
  name: "abstain",
  about: "No answer, or another one, where the confidence is below a number",
  family: "answers",
  options: z.strictObject({
    column: z.string().describe("The answer: texts or whole numbers, one per record"),
    confidence: z.string().default("confidence").describe("Column of numbers, one per record"),
    below: z.number().describe("Answers with less confidence are replaced; so is one whose confidence is NaN"),
    answer: answer.describe("What stands there instead"),
  }),
  example: "abstain: { column: label, confidence: confidence, below: 0.6, answer: unsure }",
  reference: "numpy.where",
  plan({ column: name, confidence: score, below, answer: instead }, frame) {
    const column = frame.column(name);
    const sure = numberColumn(frame, score);
    const wanted = typeof instead === "string" ? "string" : "int64";
    if (column.dtype !== wanted)
      throw frame.refuse(`column \`${name}\` is ${column.dtype}; its other answer must be too`, { option: "answer" });
    if (column.shape.length > 0 || sure.shape.length > 0)
      throw frame.refuse("takes one answer and one confidence per record", { option: "column" });
    const { categories, ...kept } = column;
    const known = categories ? [...new Set([...(categories as readonly (string | number)[]), instead])] : undefined;
    return {
      reads: [name, score],
      writes: [{ ...kept, ...(known ? { categories: known as string[] | number[] } : {}) }],
      emit([value, sureness], { g }) {
        const enough = g.op("GreaterOrEqual", [emitFloat64(g, sureness!), number(g, below)]);
        return [g.op("Where", [enough, value!, emitConstant(g, instead)])];
      },
      evaluate([tensor, sureness]) {
        const enough = Array.from(numbersOf(sureness!), (value) => value >= below);
        const other = typeof instead === "number" ? BigInt(instead) : instead;
        const data = Array.from(tensor!.data as ArrayLike<string | bigint>, (value, row) =>
          enough[row] ? value : other,
        );
        return [
          {
            ...tensor!,
            data: wanted === "string" ? (data as string[]) : BigInt64Array.from(data as bigint[]),
          } as Tensor,
        ];
      },
    };
  },
});
