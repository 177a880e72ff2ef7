// Numbers by category from given tables. Rules: sklearn/preprocessing/_target_encoder.py, TargetEncoder.transform (encodings_ by category,
// target_mean_ for others); category_encoders' CountEncoder with normalize (shares of the training rows).
import { z } from "zod";
import { float64 } from "../../../onnx/index.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";
import { step } from "../../step.ts";
import { type Category, checkCategories, emitFromTable, emitPosition, positionsOf } from "./lookup.ts";

const table = z.record(z.string(), z.number());
const tableOption = z.union([table, z.record(z.string(), table)]);
const columnsOption = z.array(z.string()).min(1).describe("Columns of texts or numbers");

function plan(
  names: readonly string[],
  given: z.infer<typeof tableOption>,
  missing: number,
  fallback: number,
  frame: Frame,
): StepPlan {
  const columns = frame.select(names);
  const tables = columns.map((column) => tableOf(frame, column, given, columns.length, missing));
  return {
    reads: columns.map(({ name }) => name),
    writes: columns.map(({ name }) => ({
      name,
      dtype: "float64",
      shape: [],
      missing: Number.isNaN(fallback) || Number.isNaN(missing),
    })),
    emit: (values, { g }) =>
      values.map((value, at) => {
        const { keys, numbers } = tables[at]!;
        return emitFromTable(g, emitPosition(g, value, keys), [...numbers, fallback]);
      }),
    evaluate: (tensors) =>
      tensors.map((tensor, at) => {
        const { keys, numbers } = tables[at]!;
        return float64(positionsOf(tensor, keys).map((position) => [...numbers, fallback][position]!));
      }),
  };
}

function tableOf(frame: Frame, column: Column, given: z.infer<typeof tableOption>, columns: number, missing: number) {
  const nested = Object.values(given).some((value) => typeof value === "object");
  const own = nested ? (given as Record<string, z.infer<typeof table>>)[column.name] : (given as z.infer<typeof table>);
  const option = nested ? ["table", column.name] : ["table"];
  if (own === undefined) throw frame.refuse(`\`table\` has nothing for \`${column.name}\``, { option: "table" });
  if (!nested && columns > 1)
    throw frame.refuse("several columns need a table each", {
      option: "table",
      fix: `write \`table: { ${column.name}: { … } }\``,
    });
  const isText = column.dtype === "string";
  const keys: Category[] = Object.keys(own).map((key) => (isText ? key : Number(key)));
  const odd = keys.findIndex((key) => typeof key === "number" && Number.isNaN(key));
  if (odd >= 0) throw frame.refuse(`\`${Object.keys(own)[odd]}\` is no number, but the column is`, { option });
  const numbers = Object.values(own);
  if (column.missing) {
    keys.push(null);
    numbers.push(missing);
  }
  checkCategories(frame, column, keys, option);
  return { keys, numbers };
}

export const targetEncode = step({
  name: "target_encode",
  about: "The mean of the target for each category, from a given table",
  family: "texts",
  options: z.strictObject({
    columns: columnsOption,
    table: tableOption.describe("Category: number; for several columns a map of such tables"),
    default: z.number().describe("For categories that are not in the table: TargetEncoder.target_mean_"),
    missing: z.number().optional().describe("For missing values; default: as others that are not in the table"),
  }),
  example: "target_encode: { columns: [city], table: { Paris: 0.31, Rome: 0.27 }, default: 0.29 }",
  reference: "sklearn.preprocessing.TargetEncoder",
  plan: ({ columns, table: given, default: fallback, missing }, frame) =>
    plan(columns, given, missing ?? fallback, fallback, frame),
});

export const frequencyEncode = step({
  name: "frequency_encode",
  about: "How frequent each category was when training, from a given table",
  family: "texts",
  options: z.strictObject({
    columns: columnsOption,
    table: tableOption.describe("Category: share or count; for several columns a map of such tables"),
    default: z.number().default(0).describe("For categories that are not in the table"),
    missing: z.number().optional().describe("For missing values; default: as others that are not in the table"),
  }),
  example: "frequency_encode: { columns: [carrier], table: { UA: 0.18, B6: 0.16 } }",
  reference: "pandas.Series.value_counts",
  plan: ({ columns, table: given, default: fallback, missing }, frame) =>
    plan(columns, given, missing ?? fallback, fallback, frame),
});
