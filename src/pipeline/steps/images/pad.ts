// pad: a border around an image, to a size or to a multiple of one.
import { z } from "zod";
import { float32, type GraphBuilder, uint8, type Value } from "../../../onnx/index.ts";
import { emitWindow, imageColumn, resizedColumn, sizeOf, whole } from "../../images/image_column.ts";
import { windowOf } from "../../images/windows.ts";
import { step } from "../../step.ts";

const edge = z.int().min(1).max(8192);

const options = z.strictObject({
  column: z.string().describe("An image"),
  to: z
    .union([z.strictObject({ height: edge, width: edge }), z.strictObject({ multiple_of: edge })])
    .describe(
      "`{height, width}` (larger images are refused), or `{multiple_of}`: the next multiple in both directions",
    ),
  place: z
    .enum(["top_left", "center"])
    .default("top_left")
    .describe(
      "Where the image stands: `top_left` as in DETR, `center` as in YOLO's letterbox (the smaller half before it)",
    ),
  value: z.number().default(0).describe("Of the border, 0 to 255 for uint8"),
});

export const pad = step({
  name: "pad",
  about: "Put a border around an image, to a size or a multiple",
  family: "images",
  options,
  example: "pad: { column: image, to: { height: 640, width: 640 }, place: center, value: 114 }",
  reference: "numpy.pad(mode='constant')",
  plan({ column: name, to, place, value: border }, frame) {
    const image = imageColumn(frame, name);
    const { dtype } = image.column;
    if (dtype === "uint8" && !(Number.isInteger(border) && border >= 0 && border <= 255))
      throw frame.refuse(`\`value\` ${border} is no byte`, { option: "value" });
    const fixed = "height" in to ? ([to.height, to.width] as const) : null;
    const multiple = "multiple_of" in to ? to.multiple_of : 0;
    const axes = [image.height, image.width];
    const problem = fixed && {
      column: name,
      what: `an image larger than the ${fixed[0]} × ${fixed[1]} it is padded to`,
      fix: "`resize` with `longest_edge` before `pad`",
    };
    const target = (size: number, i: number) => (fixed ? fixed[i]! : Math.ceil(size / multiple) * multiple);
    return {
      reads: [name],
      writes: [resizedColumn(image, fixed?.[0] ?? null, fixed?.[1] ?? null)],
      emit([value], { g, reject }) {
        if (fixed) {
          const isLarge = axes.map((axis, i) => g.op("Greater", [sizeOf(g, value!, axis), whole(g, fixed[i]!)]));
          reject(g.op("Expand", [g.op("Or", isLarge), g.op("Shape", [value!], { start: 0, end: 1 })]), problem!);
        }
        const filled = g.constant(dtype === "uint8" ? uint8([border], []) : float32([border], []), "border");
        return [
          axes.reduce((part, axis, i) => {
            const size = sizeOf(g, value!, axis);
            const length = fixed ? whole(g, fixed[i]!) : nextMultiple(g, size, multiple);
            const rest = g.op("Max", [g.op("Sub", [length, size]), whole(g, 0)]);
            const before = place === "center" ? g.op("Div", [rest, whole(g, 2)]) : whole(g, 0);
            return emitWindow(g, part, axis, g.op("Neg", [before]), length, filled);
          }, value!),
        ];
      },
      evaluate([tensor], rows, { reject }) {
        if (fixed && axes.some((axis, i) => tensor!.dims[axis]! > fixed[i]!))
          for (let row = 0; row < rows; row++) reject(row, problem!);
        return [
          axes.reduce((part, axis, i) => {
            const size = tensor!.dims[axis]!;
            const length = target(size, i);
            const before = place === "center" ? Math.floor(Math.max(0, length - size) / 2) : 0;
            return windowOf(part, axis, -before, length, border);
          }, tensor!),
        ];
      },
    };
  },
});

function nextMultiple(g: GraphBuilder, size: Value, multiple: number): Value {
  const up = g.op("Div", [g.op("Add", [size, whole(g, multiple - 1)]), whole(g, multiple)]);
  return g.op("Mul", [up, whole(g, multiple)]);
}
