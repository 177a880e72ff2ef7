// Rule: numpy.column_stack: columns side by side, in the order of the list.
import { z } from "zod";
import { dataType, elementCount, int64, type Tensor, type TensorData, type Value } from "../../../onnx/index.ts";
import { convertTensor } from "../../connect.ts";
import type { Emission } from "../../emission.ts";
import { step } from "../../step.ts";

export const stack = step({
  name: "stack",
  about: "Put columns of numbers side by side, as a model with one matrix reads them",
  family: "columns",
  options: z.strictObject({
    columns: z
      .array(z.string())
      .min(1)
      .describe("In order; a column may be a row of numbers itself; `*` at the end of a name matches"),
    into: z.string().min(1).describe("Name of the result"),
    dtype: z.enum(["float64", "float32"]).default("float64").describe("Element type of the result"),
    keep: z.boolean().default(false).describe("Whether the columns stay beside it"),
  }),
  example: "stack: { columns: [age, hours, 'color_*'], into: features }",
  reference: "numpy.column_stack",
  plan({ columns: names, into, dtype, keep }, frame) {
    const columns = frame.select(names);
    let width = 0;
    for (const { name, shape, dtype: own } of columns) {
      if (own === "string")
        throw frame.refuse(`column \`${name}\` is text`, {
          option: "columns",
          fix: "encode it first (`one_hot`, `ordinal`)",
        });
      const [size = 1, ...deep] = shape;
      if (deep.length > 0 || typeof size !== "number")
        throw frame.refuse(`column \`${name}\` is neither a number nor a row of known length`, { option: "columns" });
      width += size;
    }
    const to = dataType(dtype).number;
    const isPlain = columns.every(({ shape }) => shape.length === 0);
    return {
      reads: columns.map(({ name }) => name),
      writes: [
        {
          name: into,
          dtype,
          shape: [width],
          missing: columns.some(({ missing }) => missing),
        },
      ],
      drops: keep ? [] : columns.map(({ name }) => name).filter((name) => name !== into),
      emit(values, { g }) {
        const axis = g.constant(int64([1]));
        const parts = values.map((value, at) => {
          const cast = value.dtype === dtype ? value : g.op("Cast", [value], { to });
          return columns[at]!.shape.length === 0 ? g.op("Unsqueeze", [cast, axis]) : cast;
        });
        return [parts.length === 1 ? g.op("Identity", [parts[0]!]) : g.op("Concat", parts, { axis: 1 })];
      },
      ...(isPlain
        ? {
            packed: (matrix: Value, { g }: Emission) =>
              g.op(matrix.dtype === dtype ? "Identity" : "Cast", [matrix], matrix.dtype === dtype ? {} : { to }),
          }
        : {}),
      evaluate(tensors, rows): Tensor[] {
        const parts = tensors.map((tensor) => convertTensor(tensor, dtype));
        const data = new (dataType(dtype).array!)(rows * width) as Float64Array;
        let start = 0;
        for (const part of parts) {
          const size = elementCount(part.dims.slice(1));
          for (let row = 0; row < rows; row++)
            for (let k = 0; k < size; k++) data[row * width + start + k] = part.data[row * size + k] as number;
          start += size;
        }
        return [{ dtype, dims: [rows, width], data: data as TensorData }];
      },
    };
  },
});
