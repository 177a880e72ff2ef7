// Rule: sklearn/preprocessing/_encoders.py, OrdinalEncoder.transform: the position among the categories, as float64; unknown values as told;
// missing ones NaN unless null is a category.
import { z } from "zod";
import { float64 } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { categoriesOption, givenCategories } from "./given_categories.ts";
import { emitFromTable, emitIsMissing, emitPosition, positionsOf } from "./lookup.ts";

export const ordinal = step({
  name: "ordinal",
  about: "The position of a category in its list",
  family: "texts",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of texts or numbers"),
    categories: categoriesOption,
    unknown: z
      .union([z.number(), z.enum(["reject", "missing"])])
      .default("reject")
      .describe("What another value becomes: a number, a missing one, or the record is refused"),
  }),
  example: "ordinal: { columns: [size], categories: [S, M, L, XL], unknown: -1 }",
  reference: "sklearn.preprocessing.OrdinalEncoder",
  plan({ columns: names, categories, unknown }, frame) {
    const columns = frame.select(names);
    const lists = givenCategories(frame, columns, categories);
    const fallback = typeof unknown === "number" ? unknown : Number.NaN;
    const what = "is not among the categories";
    // A missing value is no unknown one: it stays missing.
    const staysMissing = columns.map(({ missing }, at) => missing && !lists[at]!.includes(null));
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ name }, at) => ({
        name,
        dtype: "float64",
        shape: [],
        missing: staysMissing[at]! || unknown === "missing",
      })),
      emit: (values, { g, reject }) =>
        values.map((value, at) => {
          const list = lists[at]!;
          const position = emitPosition(g, value, list);
          const code = emitFromTable(g, position, [...list.keys(), fallback]);
          const isMissing = staysMissing[at] ? emitIsMissing(g, value) : null;
          if (unknown === "reject") {
            const isUnknown = g.op("Equal", [code, code]);
            const refused = g.op("Not", [isUnknown]);
            reject(isMissing ? g.op("And", [refused, g.op("Not", [isMissing])]) : refused, {
              column: columns[at]!.name,
              what,
            });
          }
          if (!isMissing) return code;
          const nothing = g.constant(float64([Number.NaN], []));
          return g.op("Where", [isMissing, nothing, code]);
        }),
      evaluate: (tensors, _rows, { reject }) =>
        tensors.map((tensor, at) => {
          const list = lists[at]!;
          const isMissing = positionsOf(tensor, [null]).map((place) => place === 0 && staysMissing[at]!);
          return float64(
            positionsOf(tensor, list).map((position, row) => {
              if (isMissing[row]) return Number.NaN;
              if (position < list.length) return position;
              if (unknown === "reject") reject(row, { column: columns[at]!.name, what });
              return fallback;
            }),
          );
        }),
    };
  },
});
