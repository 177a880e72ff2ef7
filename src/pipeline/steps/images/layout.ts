// layout: channels last (files, Pillow, TensorFlow) to channels first (PyTorch), and back.
import { z } from "zod";
import { imageColumn } from "../../images/image_column.ts";
import { transposed } from "../../images/windows.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("An image"),
  to: z
    .enum(["channels_first", "channels_last"])
    .default("channels_first")
    .describe("`[channels, height, width]` or `[height, width, channels]`"),
});

export const layout = step({
  name: "layout",
  about: "Move the channels of an image first (PyTorch) or last (TensorFlow)",
  family: "images",
  options,
  example: "layout: { column: image, to: channels_first }",
  reference: "numpy.transpose",
  plan({ column: name, to }, frame) {
    const { column, isChannelsLast, channel, height, width } = imageColumn(frame, name);
    if (isChannelsLast === (to === "channels_last"))
      throw frame.refuse(`the channels of \`${name}\` are ${isChannelsLast ? "last" : "first"} already`, {
        option: "to",
      });
    const before = Array.from({ length: column.shape.length - 2 }, (_, axis) => axis);
    const order = [...before, ...(isChannelsLast ? [channel, height, width] : [height, width, channel])];
    return {
      reads: [name],
      writes: [{ ...column, shape: order.slice(1).map((axis) => column.shape[axis - 1]!) }],
      emit: ([value], { g }) => [g.op("Transpose", [value!], { perm: order })],
      evaluate: ([tensor]) => [transposed(tensor!, order)],
    };
  },
});
