// Columns that hold images: which axis is what, and the pieces of graph that image steps share.
import type { Dim } from "../../core/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { Column, Frame } from "../step.ts";

export interface ImageColumn {
  readonly column: Column;
  readonly isChannelsLast: boolean;
  /** Axes of the tensor `[N, …]`, counted from the front. */
  readonly height: number;
  readonly width: number;
  readonly channel: number;
  readonly channels: number;
}

/** `[…, height, width, channels]` or `[…, channels, height, width]` of uint8 or float32. @throws PIPELINE_INVALID */
export function imageColumn(frame: Frame, name: string): ImageColumn {
  const column = frame.column(name);
  const { shape, dtype } = column;
  if (column.isBytes)
    throw frame.refuse(`column \`${name}\` is the contents of a file`, {
      option: "column",
      fix: "`decode_image` it first",
    });
  if (shape.length < 3 || (dtype !== "uint8" && dtype !== "float32"))
    throw frame.refuse(
      `column \`${name}\` is ${dtype} of shape [${shape.map((size) => size ?? "?")}], not an image of uint8 or float32`,
      { option: "column" },
    );
  const [first, last] = [shape.at(-3), shape.at(-1)];
  const isFew = (size: Dim | undefined) => typeof size === "number" && size >= 1 && size <= 4;
  if (!isFew(first) && !isFew(last))
    throw frame.refuse(
      `column \`${name}\` of shape [${shape.map((size) => size ?? "?")}] has no axis of 1 to 4 channels`,
      {
        option: "column",
      },
    );
  const isChannelsLast = isFew(last);
  const rank = shape.length + 1;
  const [height, width, channel] = isChannelsLast ? [rank - 3, rank - 2, rank - 1] : [rank - 2, rank - 1, rank - 3];
  return { column, isChannelsLast, height, width, channel, channels: (isChannelsLast ? last : first) as number };
}

/** The column with other sizes of image. */
export function resizedColumn(image: ImageColumn, height: Dim, width: Dim): Column {
  const shape = [...image.column.shape];
  shape[image.height - 1] = height;
  shape[image.width - 1] = width;
  return { ...image.column, shape };
}

/** The size of one axis, as int64 `[]`. */
export function sizeOf(g: GraphBuilder, value: Value, axis: number): Value {
  return g.op("Gather", [g.op("Shape", [value]), g.constant(int64([axis], []), "axis")], { axis: 0 });
}

/** A whole number as int64 `[]`. */
export function whole(g: GraphBuilder, value: number): Value {
  return g.constant(int64([value], []), `n${value < 0 ? "_" : ""}${Math.abs(value)}`);
}

/**
 * `length` elements of an axis from `start` on, both int64 `[]`; where there are none, `border` (one element, of the value's type).
 * `start` may be negative.
 */
export function emitWindow(
  g: GraphBuilder,
  value: Value,
  axis: number,
  start: Value,
  length: Value,
  border: Value,
): Value {
  const size = sizeOf(g, value, axis);
  const at = g.op("Add", [g.op("Range", [whole(g, 0), length, whole(g, 1)]), start]);
  const isInside = g.op("And", [g.op("GreaterOrEqual", [at, whole(g, 0)]), g.op("Less", [at, size])]);
  const nearest = g.op("Max", [g.op("Min", [at, g.op("Sub", [size, whole(g, 1)])]), whole(g, 0)]);
  const picked = g.op("Gather", [value, nearest], { axis });
  const rank = value.shape!.length;
  const mask = g.op("Reshape", [
    isInside,
    g.constant(int64(Array.from({ length: rank }, (_, d) => (d === axis ? -1 : 1))), "along_axis"),
  ]);
  return g.op("Where", [mask, picked, border]);
}
