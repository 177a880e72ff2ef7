// five_crop: the four corners and the middle, as a new first axis.
import { z } from "zod";
import { float32, int64, type Tensor, uint8 } from "../../../onnx/index.ts";
import { cropStart, emitCropStart } from "../../images/crop_start.ts";
import { emitWindow, imageColumn, resizedColumn, sizeOf, whole } from "../../images/image_column.ts";
import { windowOf } from "../../images/windows.ts";
import { step } from "../../step.ts";

const edge = z.int().min(1).max(8192);

const options = z.strictObject({
  column: z.string().describe("An image"),
  size: z.strictObject({ height: edge, width: edge }).describe("`{height, width}` of each crop"),
});

/** Top left, top right, bottom left, bottom right, middle. */
const corners = [
  ["begin", "begin"],
  ["begin", "end"],
  ["end", "begin"],
  ["end", "end"],
  ["middle", "middle"],
] as const;

export const fiveCrop = step({
  name: "five_crop",
  about: "Cut out the four corners and the middle: [5, height, width, channels]",
  family: "images",
  options,
  example: "five_crop: { column: image, size: { height: 224, width: 224 } }",
  reference: "torchvision.transforms.functional.five_crop",
  plan({ column: name, size }, frame) {
    const image = imageColumn(frame, name);
    const axes = [
      [image.height, size.height],
      [image.width, size.width],
    ] as const;
    const column = resizedColumn(image, size.height, size.width);
    const problem = {
      column: name,
      what: `an image smaller than the crops of ${size.height} × ${size.width}`,
      fix: "send a larger image, or `resize` before `five_crop`",
    };
    return {
      reads: [name],
      writes: [{ ...column, shape: [5, ...column.shape] }],
      emit([value], { g, reject }) {
        const zero = g.constant(image.column.dtype === "uint8" ? uint8([0], []) : float32([0], []), "border");
        const isSmall = axes.map(([axis, length]) => g.op("Less", [sizeOf(g, value!, axis), whole(g, length)]));
        reject(g.op("Expand", [g.op("Or", isSmall), g.op("Shape", [value!], { start: 0, end: 1 })]), problem);
        const crops = corners.map((places) =>
          axes.reduce((part, [axis, length], i) => {
            const length64 = whole(g, length);
            const room = g.op("Sub", [sizeOf(g, value!, axis), length64]);
            const middle = emitCropStart(g, "torchvision", sizeOf(g, value!, axis), length);
            const start = { begin: whole(g, 0), end: room, middle }[places[i]!];
            return emitWindow(g, part, axis, start, length64, zero);
          }, value!),
        );
        const own = crops.map((crop) => g.op("Unsqueeze", [crop, g.constant(int64([1]), "second")]));
        return [g.op("Concat", own, { axis: 1 })];
      },
      evaluate([tensor], rows, { reject }) {
        if (axes.some(([axis, length]) => tensor!.dims[axis]! < length))
          for (let row = 0; row < rows; row++) reject(row, problem);
        const crops = corners.map((places) =>
          axes.reduce((part, [axis, length], i) => {
            const size = tensor!.dims[axis]!;
            const starts = { begin: 0, end: size - length, middle: cropStart("torchvision", size, length) };
            return windowOf(part, axis, starts[places[i]!], length, 0);
          }, tensor!),
        );
        return [stacked(crops, rows)];
      },
    };
  },
});

function stacked(crops: readonly Tensor[], rows: number): Tensor {
  const [first] = crops as [Tensor];
  const length = first.data.length / Math.max(rows, 1);
  const Elements = first.dtype === "uint8" ? Uint8Array : Float32Array;
  const data = new Elements(first.data.length * crops.length);
  for (let row = 0; row < rows; row++)
    crops.forEach((crop, i) => {
      const part = (crop.data as Uint8Array).subarray(row * length, (row + 1) * length);
      data.set(part, (row * crops.length + i) * length);
    });
  return { dtype: first.dtype, dims: [first.dims[0]!, crops.length, ...first.dims.slice(1)], data };
}
