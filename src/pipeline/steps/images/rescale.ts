// rescale: bytes become float32. A byte has 256 values, so the answers are a table that was computed in double: `Gather` instead of arithmetic.
import { z } from "zod";
import { float32, float64 } from "../../../onnx/index.ts";
import { imageColumn } from "../../images/image_column.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("An image"),
  factor: z
    .number()
    .default(1 / 255)
    .describe("What every value is multiplied by, in double: transformers' `rescale_factor` (default 1/255)"),
  offset: z.number().default(0).describe("Added after that; -1 for EfficientNet's `rescale_offset`"),
});

export const rescale = step({
  name: "rescale",
  about: "Multiply the values of an image, and add: bytes become float32",
  family: "images",
  options,
  example: "rescale: { column: image, factor: 0.00392156862745098 }",
  reference: "transformers.image_transforms.rescale",
  plan({ column: name, factor, offset }, frame) {
    const { column } = imageColumn(frame, name);
    // Double, rounded once where the reference rounds: after the product, and after the sum.
    const value = (level: number) => (offset === 0 ? level * factor : Math.fround(level * factor) + offset);
    return {
      reads: [name],
      writes: [{ ...column, dtype: "float32" }],
      emit([image], { g }) {
        if (column.dtype === "uint8") {
          const table = g.constant(float32(Float32Array.from({ length: 256 }, (_, level) => value(level))), "levels");
          return [g.op("Gather", [table, g.op("Cast", [image!], { to: 6 })], { axis: 0 })];
        }
        const double = g.op("Cast", [image!], { to: 11 });
        const product = g.op("Cast", [g.op("Mul", [double, g.constant(float64([factor], []), "factor")])], { to: 1 });
        if (offset === 0) return [product];
        const moved = g.op("Add", [g.op("Cast", [product], { to: 11 }), g.constant(float64([offset], []), "offset")]);
        return [g.op("Cast", [moved], { to: 1 })];
      },
      evaluate: ([tensor]) => [
        {
          dtype: "float32",
          dims: tensor!.dims,
          data: Float32Array.from(tensor!.data as ArrayLike<number>, value),
        },
      ],
    };
  },
});
