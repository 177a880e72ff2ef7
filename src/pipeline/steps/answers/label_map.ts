// Rule: pandas.Series.map with a dict: the value of each label; what the map does not hold is refused, or what `otherwise` says.
import { z } from "zod";
import { int64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { emitAny } from "./along_classes.ts";

const label = z.union([z.string(), z.int()]);
const options = z.strictObject({
  column: z.string().describe("Labels: texts or whole numbers"),
  map: z
    .record(z.string(), label)
    .optional()
    .describe("What each label becomes; keys of whole numbers are written as text"),
  labels: z.array(label).min(1).optional().describe("For whole numbers: the label at position 0, 1, …"),
  otherwise: label.optional().describe("What other labels become; default: such a record is refused"),
  as: z.string().min(1).optional().describe("Name of the result; default: replaces the column"),
});

export const labelMap = step({
  name: "label_map",
  about: "Labels to other labels: numbers to names, names to numbers",
  family: "answers",
  options,
  example: 'label_map: { column: label, map: { "0": no, "1": yes } }',
  reference: "pandas.Series.map",
  plan({ column: name, map, labels, otherwise, as = name }, frame) {
    const column = frame.column(name);
    if (column.dtype !== "string" && column.dtype !== "int64" && column.dtype !== "bool")
      throw frame.refuse(`column \`${name}\` is ${column.dtype}: not texts, whole numbers or true and false`, {
        option: "column",
      });
    if ((map === undefined) === (labels === undefined)) throw frame.refuse("needs `map` or `labels`");
    const isText = column.dtype === "string";
    if (labels && isText)
      throw frame.refuse("counts positions: the column must hold whole numbers", { option: "labels" });
    const pairs: readonly (readonly [string, string | number])[] = map
      ? Object.entries(map)
      : labels!.map((value, at) => [String(at), value]);
    if (pairs.length === 0) throw frame.refuse("maps nothing", { option: "map" });
    const keys = pairs.map(([key]) => keyOf(key, column.dtype));
    const wrong = keys.indexOf(null);
    if (wrong !== -1)
      throw frame.refuse(`\`${pairs[wrong]![0]}\` cannot be in column \`${name}\` (${column.dtype})`, {
        option: "map",
      });
    const values = pairs.map(([, value]) => value);
    const toText = typeof values[0] === "string";
    if (
      [...values, ...(otherwise === undefined ? [] : [otherwise])].some(
        (value) => (typeof value === "string") !== toText,
      )
    )
      throw frame.refuse("maps to texts and to numbers; one of them, please", { option: map ? "map" : "labels" });
    const table = new Map(keys.map((key, i) => [key, values[i]!]));
    const fallback = otherwise ?? (toText ? "" : 0);
    const problem = { column: name, what: "has a label that `label_map` does not know" };
    return {
      reads: [name],
      writes: [
        {
          name: as,
          dtype: toText ? "string" : "int64",
          shape: column.shape,
          missing: false,
          ...(column.role ? { role: column.role } : {}),
          categories: [...new Set([...values, ...(otherwise === undefined ? [] : [otherwise])])] as string[] | number[],
        },
      ],
      emit([value], { g, reject }) {
        const x = column.dtype === "bool" ? g.op("Cast", [value!], { to: 7 }) : value!;
        const places = values.map((_, i) => BigInt(i));
        const keyed = isText
          ? { keys_strings: keys as string[] }
          : { keys_int64s: BigInt64Array.from(keys as bigint[]) };
        const at = g.op(
          "LabelEncoder",
          [x],
          { ...keyed, values_int64s: BigInt64Array.from(places), default_int64: values.length },
          { domain: "ai.onnx.ml", name: "known" },
        );
        if (otherwise === undefined)
          reject(anyOf(g.op("Equal", [at, g.constant(int64([values.length], []))])), problem);
        const all = [...values, fallback];
        return [
          g.op("Gather", [g.constant(toText ? strings(all as string[]) : int64(all as number[])), at], { axis: 0 }),
        ];

        /** bool `[N]` from any shape. */
        function anyOf(unknown: Value): Value {
          if (column.shape.length === 0) return unknown;
          return emitAny(g, g.op("Flatten", [unknown], { axis: 1 }));
        }
      },
      evaluate([tensor], rows, { reject }) {
        const found = Array.from(tensor!.data as ArrayLike<string | number | bigint>, (key) =>
          table.get(typeof key === "number" ? BigInt(key) : key),
        );
        const each = rows === 0 ? 0 : found.length / rows;
        if (otherwise === undefined)
          for (let row = 0; row < rows; row++)
            if (found.slice(row * each, (row + 1) * each).includes(undefined)) reject(row, problem);
        const all = found.map((value) => value ?? fallback);
        return [toText ? strings(all as string[], tensor!.dims) : int64(all as number[], tensor!.dims)];
      },
    };
  },
});

function keyOf(key: string, dtype: Tensor["dtype"]): string | bigint | null {
  if (dtype === "string") return key;
  if (dtype === "bool") return key === "true" || key === "1" ? 1n : key === "false" || key === "0" ? 0n : null;
  return /^-?\d{1,18}$/.test(key) ? BigInt(key) : null;
}
