// channel_order: RGB as BGR, or any other order.
import { z } from "zod";
import { int64, type Tensor } from "../../../onnx/index.ts";
import { imageColumn } from "../../images/image_column.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("An image"),
  order: z
    .union([z.enum(["bgr"]), z.array(z.int().min(0).max(3)).min(1).max(4)])
    .default("bgr")
    .describe("`bgr`, or the numbers of the channels in the new order; a number may be repeated or left out"),
});

export const channelOrder = step({
  name: "channel_order",
  about: "Put the channels of an image in another order",
  family: "images",
  options,
  example: "channel_order: { column: image, order: bgr }",
  reference: "numpy.take",
  plan({ column: name, order }, frame) {
    const { column, channel, channels } = imageColumn(frame, name);
    const indices = order === "bgr" ? [2, 1, 0] : order;
    const beyond = indices.find((index) => index >= channels);
    if (beyond !== undefined)
      throw frame.refuse(`column \`${name}\` has ${channels} channels, none with the number ${beyond}`, {
        option: "order",
      });
    const shape = [...column.shape];
    shape[channel - 1] = indices.length;
    return {
      reads: [name],
      writes: [{ ...column, shape }],
      emit: ([value], { g }) => [g.op("Gather", [value!, g.constant(int64(indices), "order")], { axis: channel })],
      evaluate: ([tensor]) => [taken(tensor!, channel, indices)],
    };
  },
});

function taken(tensor: Tensor, axis: number, indices: readonly number[]): Tensor {
  const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
  const [outer, size, inner] = [
    product(tensor.dims.slice(0, axis)),
    tensor.dims[axis]!,
    product(tensor.dims.slice(axis + 1)),
  ];
  const Elements = tensor.dtype === "uint8" ? Uint8Array : Float32Array;
  const data = new Elements(outer * indices.length * inner);
  let to = 0;
  for (let o = 0; o < outer; o++)
    for (const index of indices)
      for (let i = 0; i < inner; i++) data[to++] = tensor.data[(o * size + index) * inner + i] as number;
  return { dtype: tensor.dtype, dims: tensor.dims.map((own, d) => (d === axis ? indices.length : own)), data };
}
