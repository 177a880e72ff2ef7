// resize: bytes in, bytes out, as Pillow computes them.
import { z } from "zod";
import { float64, type GraphBuilder, type Tensor, type Value } from "../../../onnx/index.ts";
import { emitResize } from "../../images/emit_resize.ts";
import { imageColumn, resizedColumn, sizeOf, whole } from "../../images/image_column.ts";
import { pillowResize } from "../../images/pillow_resize.ts";
import { step } from "../../step.ts";

/** Of one resized image: what a strip of 1 × 30,000 pixels may become. */
const mostPixels = 2 ** 24;
const edge = z.int().min(1).max(8192);

const options = z.strictObject({
  column: z.string().describe("An image of uint8, `[height, width, channels]`"),
  size: z
    .union([
      z.strictObject({ height: edge, width: edge }),
      z.strictObject({ shortest_edge: edge, longest_edge: edge.optional() }),
      z.strictObject({ longest_edge: edge }),
    ])
    .describe(
      "`{height, width}`; or `{shortest_edge}`, the other edge in proportion, rounded down (torchvision, transformers), and with `longest_edge` no longer than that (DETR); or `{longest_edge}` alone",
    ),
  filter: z
    .enum(["nearest", "bilinear", "bicubic"])
    .default("bilinear")
    .describe("Pillow's filter of that name, antialiased. Lanczos has no operator in ONNX"),
});

type Size = z.infer<typeof options>["size"];

export const resize = step({
  name: "resize",
  about: "Resize an image as Pillow does",
  family: "images",
  options,
  example: "resize: { column: image, size: { shortest_edge: 256 }, filter: bicubic }",
  reference: "Pillow: Image.resize (src/libImaging/Resample.c)",
  plan({ column: name, size, filter }, frame) {
    const image = imageColumn(frame, name);
    const { column, channels } = image;
    if (column.dtype !== "uint8")
      throw frame.refuse(`column \`${name}\` is ${column.dtype}; Pillow resizes bytes`, {
        option: "column",
        fix: "`resize` before `rescale` and `normalize_image`",
      });
    if (!image.isChannelsLast || column.shape.length !== 3)
      throw frame.refuse(`column \`${name}\` is not [height, width, channels]`, {
        option: "column",
        fix: "`resize` before `layout` and `five_crop`",
      });
    const isFixed = "height" in size;
    return {
      reads: [name],
      writes: [resizedColumn(image, isFixed ? size.height : null, isFixed ? size.width : null)],
      emit([value], { g, reject }) {
        const [height, width] = [sizeOf(g, value!, 1), sizeOf(g, value!, 2)];
        let wanted = wantedSize(g, size, height, width);
        if (!isFixed) {
          const isTooLarge = g.op("Greater", [g.op("Mul", wanted), whole(g, mostPixels)]);
          const count = g.op("Shape", [value!], { start: 0, end: 1 });
          reject(g.op("Expand", [isTooLarge, count]), problem(name));
          // Nothing is computed at a size that was refused.
          wanted = wanted.map((edge) => g.op("Where", [isTooLarge, whole(g, 1), edge])) as [Value, Value];
        }
        return [emitResize(g, value!, wanted, filter, channels)];
      },
      evaluate([tensor], rows, { reject }) {
        const [, height, width] = tensor!.dims as [number, number, number];
        let [h, w] = sizeFor(size, height, width);
        if (!isFixed && h * w > mostPixels) {
          for (let row = 0; row < rows; row++) reject(row, problem(name));
          [h, w] = [1, 1];
        }
        return [resized(tensor!, rows, h, w, (data) => pillowResize({ height, width, channels, data }, h, w, filter))];
      },
    };
  },
});

function problem(name: string) {
  return {
    column: name,
    what: `an image that would be resized to more than ${mostPixels} pixels`,
    fix: "send an image that is not so long and narrow",
  };
}

function resized(tensor: Tensor, rows: number, h: number, w: number, each: (data: Uint8Array) => Uint8Array): Tensor {
  const dims = [rows, h, w, tensor.dims[3]!];
  const length = tensor.dims[1]! * tensor.dims[2]! * tensor.dims[3]!;
  const all = new Uint8Array(rows * h * w * tensor.dims[3]!);
  for (let row = 0; row < rows; row++)
    all.set(each((tensor.data as Uint8Array).subarray(row * length, (row + 1) * length)), (row * all.length) / rows);
  return { dtype: "uint8", dims, data: all };
}

/** Rule: torchvision `_compute_resized_output_size`; with `longest_edge`, transformers `get_size_with_aspect_ratio` (DETR). */
export function sizeFor(size: Size, height: number, width: number): [number, number] {
  if ("height" in size) return [size.height, size.width];
  const [short, long] = [Math.min(height, width), Math.max(height, width)];
  let [newShort, newLong] = [0, 0];
  if (!("shortest_edge" in size)) {
    newLong = size.longest_edge;
    newShort = Math.max(1, Math.trunc((newLong * short) / long));
  } else {
    const limit = size.longest_edge;
    const isLimited = limit !== undefined && (long / short) * size.shortest_edge > limit;
    // Python's round: half to even.
    const scaled = isLimited ? (limit * short) / long : size.shortest_edge;
    newShort = isLimited ? roundHalfEven(scaled) : scaled;
    newLong = short === newShort ? long : Math.trunc((scaled * long) / short);
    newShort = Math.max(1, newShort);
  }
  return height <= width ? [newShort, newLong] : [newLong, newShort];
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor > 0.5 || (value - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function wantedSize(g: GraphBuilder, size: Size, height: Value, width: Value): [Value, Value] {
  if ("height" in size) return [whole(g, size.height), whole(g, size.width)];
  const [short, long] = [g.op("Min", [height, width]), g.op("Max", [height, width])];
  const isWide = g.op("LessOrEqual", [height, width]);
  let [newShort, newLong]: [Value, Value] = [whole(g, 1), whole(g, 1)];
  if (!("shortest_edge" in size)) {
    newLong = whole(g, size.longest_edge);
    newShort = g.op("Max", [g.op("Div", [g.op("Mul", [newLong, short]), long]), whole(g, 1)]);
  } else if (size.longest_edge === undefined) {
    newShort = whole(g, size.shortest_edge);
    newLong = g.op("Div", [g.op("Mul", [newShort, long]), short]);
  } else {
    const double = (value: Value) => g.op("Cast", [value], { to: 11 });
    const number = (value: number) => g.constant(float64([value], []), "edge");
    const [s, l] = [double(short), double(long)];
    const isLimited = g.op("Greater", [
      g.op("Mul", [g.op("Div", [l, s]), number(size.shortest_edge)]),
      number(size.longest_edge),
    ]);
    const limited = g.op("Div", [g.op("Mul", [number(size.longest_edge), s]), l]);
    const scaled = g.op("Where", [isLimited, limited, number(size.shortest_edge)]);
    const rounded = g.op("Cast", [g.op("Round", [scaled])], { to: 7 });
    const proportional = g.op("Cast", [g.op("Div", [g.op("Mul", [scaled, l]), s])], { to: 7 });
    newLong = g.op("Where", [g.op("Equal", [short, rounded]), long, proportional]);
    newShort = g.op("Max", [rounded, whole(g, 1)]);
  }
  return [g.op("Where", [isWide, newShort, newLong]), g.op("Where", [isWide, newLong, newShort])];
}
