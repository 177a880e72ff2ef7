// Where a centred crop begins along one axis; below 0 where the image is smaller and is padded.
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { whole } from "./image_column.ts";

/**
 * `torchvision`: functional.center_crop, `int(round((size - length) / 2))`, half to even, and padding of `(length - size) // 2` first.
 * `transformers`: image_transforms.center_crop, `(size - length) // 2`, and padding of `ceil((length - size) / 2)`.
 */
export type CropRule = "torchvision" | "transformers";

export function cropStart(rule: CropRule, size: number, length: number): number {
  const rest = size - length;
  if (rest < 0) return -(rule === "torchvision" ? Math.floor(-rest / 2) : Math.ceil(-rest / 2));
  if (rule === "transformers" || rest % 2 === 0) return Math.floor(rest / 2);
  const below = (rest - 1) / 2;
  return below % 2 === 0 ? below : below + 1;
}

/** The same in the graph. @param size int64 `[]` */
export function emitCropStart(g: GraphBuilder, rule: CropRule, size: Value, length: number): Value {
  const rest = g.op("Sub", [size, whole(g, length)]);
  const isSmaller = g.op("Less", [rest, whole(g, 0)]);
  const distance = g.op("Abs", [rest]);
  const below = g.op("Div", [distance, whole(g, 2)]);
  const above = g.op("Div", [g.op("Add", [distance, whole(g, 1)]), whole(g, 2)]);
  const even = g.op("Add", [below, g.op("Mod", [below, whole(g, 2)])]);
  const isOdd = g.op("Equal", [g.op("Mod", [distance, whole(g, 2)]), whole(g, 1)]);
  const inside = rule === "transformers" ? below : g.op("Where", [isOdd, even, below]);
  return g.op("Where", [isSmaller, g.op("Neg", [rule === "transformers" ? above : below]), inside]);
}
