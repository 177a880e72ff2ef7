// center_crop: the middle of an image; smaller images get a border first.
import { z } from "zod";
import { float32, uint8 } from "../../../onnx/index.ts";
import { cropStart, emitCropStart } from "../../images/crop_start.ts";
import { emitWindow, imageColumn, resizedColumn, sizeOf, whole } from "../../images/image_column.ts";
import { windowOf } from "../../images/windows.ts";
import { step } from "../../step.ts";

const edge = z.int().min(1).max(8192);

const options = z.strictObject({
  column: z.string().describe("An image"),
  size: z.strictObject({ height: edge, width: edge }).describe("`{height, width}` of the result"),
  like: z
    .enum(["torchvision", "transformers"])
    .default("torchvision")
    .describe("Whose rounding where an odd number of pixels is left over: `CenterCrop` or the image processors"),
});

export const centerCrop = step({
  name: "center_crop",
  about: "Cut out the middle of an image, with a border of zeros where it is smaller",
  family: "images",
  options,
  example: "center_crop: { column: image, size: { height: 224, width: 224 } }",
  reference: "torchvision.transforms.functional.center_crop; transformers.image_transforms.center_crop",
  plan({ column: name, size, like }, frame) {
    const image = imageColumn(frame, name);
    const axes = [
      [image.height, size.height],
      [image.width, size.width],
    ] as const;
    return {
      reads: [name],
      writes: [resizedColumn(image, size.height, size.width)],
      emit([value], { g }) {
        const zero = g.constant(image.column.dtype === "uint8" ? uint8([0], []) : float32([0], []), "border");
        return [
          axes.reduce((part, [axis, length]) => {
            const start = emitCropStart(g, like, sizeOf(g, value!, axis), length);
            return emitWindow(g, part, axis, start, whole(g, length), zero);
          }, value!),
        ];
      },
      evaluate: ([tensor]) => [
        axes.reduce(
          (part, [axis, length]) => windowOf(part, axis, cropStart(like, tensor!.dims[axis]!, length), length, 0),
          tensor!,
        ),
      ],
    };
  },
});
