// Rule: sklearn/preprocessing/_encoders.py, OneHotEncoder.transform: 1 in the column of the category, nothing for unknown ones unless they are
// errors; names as get_feature_names_out.
import { z } from "zod";
import { float64, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Emission } from "../../emission.ts";
import { step } from "../../step.ts";
import { categoriesOption, givenCategories } from "./given_categories.ts";
import { emitPosition, positionsOf } from "./lookup.ts";
import { emitMarks, sharesMarks } from "./marks.ts";

export const oneHot = step({
  name: "one_hot",
  about: "A column of 0 and 1 for each category: `color_red`",
  family: "texts",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of texts or numbers; they are replaced"),
    categories: categoriesOption,
    unknown: z
      .enum(["ignore", "reject"])
      .default("ignore")
      .describe("What another value does: no column has a 1, or the record is refused"),
    drop: z.enum(["none", "first"]).default("none").describe("Leave the column of the first category out"),
    separator: z.string().default("_").describe("Between column and category in the new names"),
    keep: z.boolean().default(false).describe("Whether the columns stay beside the new ones"),
  }),
  example: "one_hot: { columns: [color], categories: [red, green, blue] }",
  reference: "sklearn.preprocessing.OneHotEncoder",
  plan({ columns: names, categories, unknown, drop, separator, keep }, frame) {
    const columns = frame.select(names);
    const lists = givenCategories(frame, columns, categories);
    const first = drop === "first" ? 1 : 0;
    const writes = columns.flatMap(({ name }, at) =>
      lists[at]!.slice(first).map((value) => ({
        name: `${name}${separator}${value ?? "nan"}`,
        dtype: "float64" as const,
        shape: [],
        missing: false,
      })),
    );
    const twice = writes.find(({ name }, at) => writes.findIndex((other) => other.name === name) < at);
    if (twice) throw frame.refuse(`two new columns would be called \`${twice.name}\``, { option: "separator" });
    if (writes.length === 0) throw frame.refuse("makes no column", { option: "drop" });
    const what = "is not among the categories";
    return {
      reads: columns.map(({ name }) => name),
      writes,
      drops: keep ? [] : columns.map(({ name }) => name),
      together: true,
      ...(columns.every(({ dtype }) => dtype === "string") && sharesMarks(lists, unknown)
        ? {
            packed(matrix: Value, { g, reject }: Emission) {
              const { position, marks } = emitMarks(g, matrix, lists, first);
              if (unknown === "reject")
                reject(
                  g.op("Equal", [position, g.constant(int64([lists[0]!.length], []))]),
                  columns.map(({ name }) => ({ column: name, what })),
                );
              return marks;
            },
          }
        : {}),
      emit(values, { g, reject }) {
        const blocks = values.map((value, at): Value => {
          const list = lists[at]!;
          const position = emitPosition(g, value, list);
          const codes = g.constant(int64(list.slice(first).map((_, k) => k + first)));
          const isIt = g.op("Equal", [g.op("Unsqueeze", [position, g.constant(int64([1]))]), codes]);
          if (unknown === "reject")
            reject(g.op("Equal", [position, g.constant(int64([list.length], []))]), {
              column: columns[at]!.name,
              what,
            });
          return g.op("Cast", [isIt], { to: 11 });
        });
        return [blocks.length === 1 ? blocks[0]! : g.op("Concat", blocks, { axis: 1 })];
      },
      evaluate(tensors, _rows, { reject }) {
        return tensors.flatMap((tensor, at): Tensor[] => {
          const list = lists[at]!;
          const positions = positionsOf(tensor, list);
          if (unknown === "reject")
            positions.forEach((position, row) => {
              if (position === list.length) reject(row, { column: columns[at]!.name, what });
            });
          return list.slice(first).map((_, k) => float64(positions.map((position) => Number(position === k + first))));
        });
      },
    };
  },
});
