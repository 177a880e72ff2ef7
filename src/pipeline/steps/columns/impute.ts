// Rule: sklearn/impute/_base.py, SimpleImputer.transform: a missing value becomes the column's statistic; with an indicator, a column that says
// where (MissingIndicator: `missingindicator_age`).
import { z } from "zod";
import { float64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import { type Emission, missingText } from "../../emission.ts";
import type { Column, Frame } from "../../step.ts";
import { step } from "../../step.ts";
import { emitIsMissing } from "../categories/lookup.ts";
import { asFloat64 } from "../numbers/columnwise.ts";

const single = z.union([z.number(), z.string()]);
type Fill = number | string;

export const impute = step({
  name: "impute",
  about: "Put a value where one is missing: given, or the mean, median or most frequent one of the examples",
  family: "columns",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns that may be missing"),
    value: z
      .union([single, z.array(single).min(1), z.record(z.string(), single)])
      .optional()
      .describe("A value for all columns, a list in their order, or a map by column: SimpleImputer.statistics_"),
    strategy: z
      .enum(["constant", "mean", "median", "most_frequent"])
      .default("constant")
      .describe("Without `value`: what is taken of the project's examples"),
    indicator: z
      .boolean()
      .default(false)
      .describe("Also write `missingindicator_<column>`: 1 where the value was missing, else 0"),
  }),
  example: "impute: { columns: [age], value: 38 }",
  reference: "sklearn.impute.SimpleImputer",
  plan({ columns: names, value, strategy, indicator }, frame) {
    const columns = frame.select(names);
    for (const { name, missing, shape, isBytes } of columns) {
      if (isBytes || shape.length > 0)
        throw frame.refuse(`column \`${name}\` is not a single value`, { option: "columns" });
      if (!missing)
        throw frame.refuse(`column \`${name}\` cannot be missing`, {
          option: "columns",
          fix: `leave it out, or declare \`inputs.${name}: { missing: allow }\``,
        });
    }
    const fills = fillsOf(frame, columns, value, strategy);
    const isNumber = columns.every(({ dtype }) => dtype !== "string");
    const marks = indicator
      ? columns.map(({ name }) => ({
          name: `missingindicator_${name}`,
          dtype: "float64" as const,
          shape: [],
          missing: false,
        }))
      : [];
    return {
      reads: columns.map(({ name }) => name),
      writes: [
        ...columns.map((column) => ({
          ...column,
          dtype: column.dtype === "string" ? column.dtype : ("float64" as const),
          missing: false,
        })),
        ...marks,
      ],
      emit(values, { g }) {
        const masks = values.map((each) => emitIsMissing(g, each));
        const filled = values.map((each, at): Value => {
          const fill = fills[at]!;
          const constant = typeof fill === "string" ? strings([fill], []) : float64([fill], []);
          const plain = each.dtype === "string" ? each : asFloat64(g, each);
          return g.op("Where", [masks[at]!, g.constant(constant), plain]);
        });
        return [...filled, ...(indicator ? masks.map((mask) => g.op("Cast", [mask], { to: 11 })) : [])];
      },
      ...(isNumber && !indicator
        ? {
            packed(matrix: Value, { g }: Emission) {
              const x = asFloat64(g, matrix);
              return g.op("Where", [g.op("IsNaN", [x]), g.constant(float64(fills as number[])), x]);
            },
          }
        : {}),
      evaluate(tensors) {
        const filled = tensors.map((tensor, at): Tensor => {
          const fill = fills[at]!;
          if (typeof fill === "string")
            return strings((tensor.data as string[]).map((text) => (text === missingText ? fill : text)));
          return float64(
            Array.from(tensor.data as ArrayLike<number>, (number) => (Number.isNaN(number) ? fill : number)),
          );
        });
        const isMissing = (item: unknown) => Number(item === missingText || Number.isNaN(item));
        const marked = indicator
          ? tensors.map(({ data }) => float64(Array.from(data as ArrayLike<unknown>, isMissing)))
          : [];
        return [...filled, ...marked];
      },
    };
  },
});

function fillsOf(
  frame: Frame,
  columns: readonly Column[],
  value: Fill | Fill[] | Record<string, Fill> | undefined,
  strategy: string,
): Fill[] {
  if (value === undefined) {
    if (strategy === "constant")
      throw frame.refuse("`value` is missing", { fix: "give `value`, or a `strategy` that takes it of the examples" });
    return columns.map((column) => statisticOf(frame, column, strategy));
  }
  if (Array.isArray(value) && value.length !== columns.length)
    throw frame.refuse(`\`value\` has ${value.length} values for ${columns.length} columns`, { option: "value" });
  return columns.map(({ name, dtype }, at) => {
    const own = typeof value !== "object" ? value : Array.isArray(value) ? value[at] : value[name];
    if (own === undefined) throw frame.refuse(`\`value\` has nothing for \`${name}\``, { option: "value" });
    if ((typeof own === "string") !== (dtype === "string"))
      throw frame.refuse(
        `\`value\` of \`${name}\` must be ${dtype === "string" ? "text" : "a number"}, got ${JSON.stringify(own)}`,
        { option: "value" },
      );
    return own;
  });
}

/** Of the inputs of the project's examples: the mean, the median, or the most frequent value (the smallest of several). */
function statisticOf(frame: Frame, { name, dtype }: Column, strategy: string): Fill {
  const given = frame.examples(name).filter((value) => value !== null && value !== undefined && !Number.isNaN(value));
  if (given.length === 0)
    throw frame.refuse(`no example has a value for \`${name}\``, {
      option: "strategy",
      fix: "give `value`, or examples with this input",
    });
  if (strategy === "most_frequent") {
    const counts = new Map<Fill, number>();
    for (const item of given as Fill[]) counts.set(item, (counts.get(item) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const best = [...counts].filter(([, count]) => count === most).map(([item]) => item);
    return best.reduce((a, b) => (b < a ? b : a));
  }
  if (dtype === "string")
    throw frame.refuse(`\`${name}\` is text, which has no ${strategy}`, {
      option: "strategy",
      fix: "use `most_frequent`",
    });
  const sorted = given.map(Number).sort((a, b) => a - b);
  if (strategy === "mean") return sorted.reduce((sum, number) => sum + number, 0) / sorted.length;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
