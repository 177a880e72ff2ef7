// Rule: pandas: a + separator + b of text columns; missing where one of them is.
import { z } from "zod";
import { strings, type Value } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";
import { step } from "../../step.ts";
import { emitIsMissing } from "./lookup.ts";

export const cross = step({
  name: "cross",
  about: "Categories of several columns as one text",
  family: "texts",
  options: z.strictObject({
    columns: z.array(z.string()).min(2).describe("Columns of texts"),
    into: z.string().min(1).describe("Name of the result"),
    separator: z.string().default("|").describe("Between the texts"),
  }),
  example: "cross: { columns: [origin, dest], into: route, separator: '-' }",
  reference: "pandas.Series.str.cat",
  plan({ columns: names, into, separator }, frame) {
    const columns = frame.select(names);
    const odd = columns.find(({ dtype, shape }) => dtype !== "string" || shape.length > 0);
    if (odd)
      throw frame.refuse(`column \`${odd.name}\` is ${odd.dtype}, not text`, {
        option: "columns",
        fix: "`cast` it to `string`",
      });
    if (columns.length < 2) throw frame.refuse("needs two columns", { option: "columns" });
    const missing = columns.some((column) => column.missing);
    return {
      reads: columns.map(({ name }) => name),
      writes: [{ name: into, dtype: "string", shape: [], missing }],
      emit(values, { g }) {
        const between = g.constant(strings([separator], []));
        const concat = (a: Value, b: Value) => g.op("StringConcat", [a, b]);
        const joined = values.reduce((text, value) => concat(separator === "" ? text : concat(text, between), value));
        const masks = values.filter((_, at) => columns[at]!.missing).map((value) => emitIsMissing(g, value));
        if (masks.length === 0) return [joined];
        const isMissing = masks.reduce((any, mask) => g.op("Or", [any, mask]));
        return [g.op("Where", [isMissing, g.constant(strings([missingText], [])), joined])];
      },
      evaluate: (tensors, rows) => [
        strings(
          Array.from({ length: rows }, (_, row) => {
            const parts = tensors.map(({ data }) => data[row] as string);
            return parts.includes(missingText) ? missingText : parts.join(separator);
          }),
        ),
      ],
    };
  },
});
