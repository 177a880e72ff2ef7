// Rule: numpy.clip (numpy/_core/_methods.py, _clip): NaN stays NaN.
import { z } from "zod";
import { float64, type Tensor } from "../../onnx/index.ts";
import { step } from "../step.ts";

const options = z.strictObject({
  columns: z.array(z.string()).min(1).describe("Columns of numbers"),
  min: z.number().optional().describe("Smaller values become this one"),
  max: z.number().optional().describe("Larger values become this one"),
});

export const clip = step({
  name: "clip",
  about: "Keep numbers between two bounds",
  family: "numbers",
  options,
  example: "clip: { columns: [age], min: 0, max: 120 }",
  reference: "numpy.clip",
  plan({ columns: names, min, max }, frame) {
    const columns = frame.select(names);
    const wrong = columns.find(({ dtype }) => dtype !== "float64" && dtype !== "float32");
    if (wrong)
      throw frame.refuse(`column \`${wrong.name}\` is ${wrong.dtype}, not a number with a fraction`, {
        fix: "`cast` it first",
      });
    if (min !== undefined && max !== undefined && min > max)
      throw frame.refuse(`\`min\` ${min} is above \`max\` ${max}`, { option: "min" });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns,
      emit: (values, { g }) =>
        values.map((value) => {
          // Max and Min of ONNX pass NaN on in every runtime; Clip does not in all.
          const bound = (limit: number) =>
            g.constant({
              ...float64([limit], []),
              dtype: value.dtype,
              data: value.dtype === "float32" ? Float32Array.of(limit) : Float64Array.of(limit),
            });
          const above = min === undefined ? value : g.op("Max", [value, bound(min)]);
          return max === undefined ? above : g.op("Min", [above, bound(max)]);
        }),
      evaluate: (tensors) => tensors.map((tensor) => clipped(tensor, min ?? -Infinity, max ?? Infinity)),
    };
  },
});

function clipped(tensor: Tensor, min: number, max: number): Tensor {
  const data = (tensor.data as Float64Array).map((value) => (value < min ? min : value > max ? max : value));
  return { ...tensor, data };
}
