// normalize_image: (value - mean) / std for every channel, in float32 as the reference does.
import { z } from "zod";
import { float32 } from "../../../onnx/index.ts";
import { imageColumn } from "../../images/image_column.ts";
import { byChannel } from "../../images/windows.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("An image of float32"),
  mean: z.array(z.number()).min(1).max(4).describe("Of every channel, in the image's order"),
  std: z.array(z.number()).min(1).max(4).describe("Of every channel, in the image's order; none may be 0"),
});

export const normalizeImage = step({
  name: "normalize_image",
  about: "Subtract the mean of every channel and divide by its deviation",
  family: "images",
  options,
  example: "normalize_image: { column: image, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }",
  reference: "transformers.image_transforms.normalize; torchvision.transforms.functional.normalize",
  plan({ column: name, mean, std }, frame) {
    const image = imageColumn(frame, name);
    const { column, channel, channels } = image;
    if (column.dtype !== "float32")
      throw frame.refuse(`column \`${name}\` is ${column.dtype}, not float32`, {
        option: "column",
        fix: "`rescale` before `normalize_image`",
      });
    for (const [option, list] of [
      ["mean", mean],
      ["std", std],
    ] as const)
      if (list.length !== channels)
        throw frame.refuse(`\`${option}\` has ${list.length} numbers for ${channels} channels`, { option });
    if (std.some((value) => Math.fround(value) === 0)) throw frame.refuse("`std` holds a 0", { option: "std" });
    const shape = new Array<number>(column.shape.length + 1).fill(1);
    shape[channel] = channels;
    const [means, deviations] = [mean.map(Math.fround), std.map(Math.fround)];
    return {
      reads: [name],
      writes: [column],
      emit: ([value], { g }) => [
        g.op("Div", [
          g.op("Sub", [value!, g.constant(float32(means, shape), "mean")]),
          g.constant(float32(deviations, shape), "std"),
        ]),
      ],
      evaluate: ([tensor]) => [
        byChannel(tensor!, channel, (value, c) => Math.fround(value - means[c]!) / deviations[c]!),
      ],
    };
  },
});
