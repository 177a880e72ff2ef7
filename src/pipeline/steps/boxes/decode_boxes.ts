// decode_boxes: what a detection model says of boxes, as corners in the image that was sent. All in float32, as the references do.
import { z } from "zod";
import { float32, type GraphBuilder, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";

const edge = z.number().positive().max(65536);

const options = z.strictObject({
  column: z.string().describe("Boxes of float32, `[boxes, 4]`"),
  format: z
    .enum(["cxcywh", "xyxy", "xywh", "yxyx", "ssd"])
    .describe(
      "`cxcywh` centre and size (DETR, YOLO), `xyxy` corners, `xywh` corner and size (COCO), `yxyx` corners (TensorFlow), `ssd` offsets from anchors",
    ),
  anchors: z
    .array(z.tuple([z.number(), z.number(), z.number(), z.number()]))
    .optional()
    .describe("For `ssd`: centre x, centre y, width, height of every box"),
  variances: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .default([0.1, 0.1, 0.2, 0.2])
    .describe("For `ssd`: what offsets are multiplied by: centre + offset × size, size × exp(offset)"),
  units: z
    .union([z.literal("share"), z.strictObject({ height: edge, width: edge })])
    .default("share")
    .describe("0 to 1 of the model's image, or pixels of the model's image of `{height, width}`"),
  size: z
    .string()
    .optional()
    .describe(
      "Column with `[height, width]` of the image that was sent (`size` of `decode_image`): boxes become pixels of it",
    ),
  fit: z
    .enum(["stretch", "letterbox", "top_left"])
    .default("stretch")
    .describe(
      "How the image was fitted: stretched, or in proportion with borders around it or behind it (needs `units` in pixels)",
    ),
  clip: z.boolean().default(false).describe("Whether boxes end at the border of the image; needs `size`"),
});

type Settings = z.infer<typeof options>;

export const decodeBoxes = step({
  name: "decode_boxes",
  about: "Boxes of a detection model as corners [x0, y0, x1, y1] of the image that was sent",
  family: "answers",
  options,
  example: "decode_boxes: { column: pred_boxes, format: cxcywh, size: image_size }",
  reference: "torchvision.ops.box_convert; transformers DetrImageProcessor.post_process_object_detection",
  plan(settings, frame) {
    const { column: name, format, anchors, units, size, fit, clip } = settings;
    const column = frame.column(name);
    const { shape } = column;
    if (column.dtype !== "float32" || shape.length !== 2 || (typeof shape[1] === "number" && shape[1] !== 4))
      throw frame.refuse(
        `column \`${name}\` is ${column.dtype} of shape [${shape.map((each) => each ?? "?")}], not boxes of float32`,
        {
          option: "column",
        },
      );
    if ((format === "ssd") !== (anchors !== undefined))
      throw frame.refuse(format === "ssd" ? "`ssd` needs `anchors`" : "`anchors` are for `ssd`", { option: "format" });
    if (anchors && typeof shape[0] === "number" && shape[0] !== anchors.length)
      throw frame.refuse(`${anchors.length} anchors for ${shape[0]} boxes`, { option: "anchors" });
    if (fit !== "stretch" && (units === "share" || size === undefined))
      throw frame.refuse(`\`fit: ${fit}\` needs \`size\`, and \`units\` in pixels`, { option: "fit" });
    if (clip && size === undefined) throw frame.refuse("`clip` needs `size`", { option: "clip" });
    if (size !== undefined) {
      const sizes = frame.column(size);
      if (sizes.dtype !== "int64" || sizes.shape.length !== 1 || sizes.shape[0] !== 2)
        throw frame.refuse(`column \`${size}\` is no [height, width] of int64`, { option: "size" });
    }
    return {
      reads: size === undefined ? [name] : [name, size],
      writes: [{ name, dtype: "float32", shape: [shape[0]!, 4], missing: false }],
      emit: ([boxes, sizes], { g }) => [emitDecoded(g, boxes!, sizes, settings)],
      evaluate: ([boxes, sizes], rows) => [decoded(boxes!, sizes, rows, settings)],
    };
  },
});

const f = Math.fround;

function emitDecoded(g: GraphBuilder, boxes: Value, sizes: Value | undefined, settings: Settings): Value {
  const number = (value: number) => g.constant(float32([value], []), "number");
  const [add, sub, mul, div] = ["Add", "Sub", "Mul", "Div"].map((op) => (a: Value, b: Value) => g.op(op, [a, b])) as [
    (a: Value, b: Value) => Value,
    (a: Value, b: Value) => Value,
    (a: Value, b: Value) => Value,
    (a: Value, b: Value) => Value,
  ];
  const parts = g.ops("Split", [boxes, g.constant(int64([1, 1, 1, 1]), "parts")], { axis: -1 }, 4) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const around = (cx: Value, cy: Value, w: Value, h: Value) => {
    const [x, y] = [mul(w, number(0.5)), mul(h, number(0.5))];
    return [sub(cx, x), sub(cy, y), add(cx, x), add(cy, y)] as const;
  };
  const [a, b, c, d] = parts;
  let corners: readonly Value[] = [a, b, c, d];
  if (settings.format === "yxyx") corners = [b, a, d, c];
  if (settings.format === "xywh") corners = [a, b, add(a, c), add(b, d)];
  if (settings.format === "cxcywh") corners = around(a, b, c, d);
  if (settings.format === "ssd") {
    const { anchors = [], variances } = settings;
    const anchor = (i: number) =>
      g.constant(
        float32(
          anchors.map((box) => box[i]!),
          [anchors.length, 1],
        ),
        "anchors",
      );
    const scaled = (part: Value, i: number) => mul(part, number(variances[i]!));
    const [cx, cy] = [0, 1].map((i) => add(anchor(i), mul(scaled(parts[i]!, i), anchor(i + 2)))) as [Value, Value];
    const [w, h] = [2, 3].map((i) => mul(anchor(i), g.op("Exp", [scaled(parts[i]!, i)]))) as [Value, Value];
    corners = around(cx, cy, w, h);
  }
  if (!sizes) return g.op("Concat", corners, { axis: -1 });
  const own = g.ops(
    "Split",
    [
      g.op("Unsqueeze", [g.op("Cast", [sizes], { to: 1 }), g.constant(int64([1]), "second")]),
      g.constant(int64([1, 1]), "halves"),
    ],
    { axis: -1 },
    2,
  ) as [Value, Value];
  const [height, width] = own;
  const { units, fit } = settings;
  let place = (value: Value, isX: boolean) => mul(value, isX ? width : height);
  if (units !== "share") {
    const [across, down] = [div(width, number(units.width)), div(height, number(units.height))];
    place = (value, isX) => mul(value, isX ? across : down);
    if (fit !== "stretch") {
      const scale = g.op("Max", [across, down]);
      const border = (length: number, size: Value) =>
        fit === "top_left" ? number(0) : mul(sub(number(length), div(size, scale)), number(0.5));
      const [left, top] = [border(units.width, width), border(units.height, height)];
      place = (value, isX) => mul(sub(value, isX ? left : top), scale);
    }
  }
  const placed = corners.map((value, i) => {
    const at = place(value, i % 2 === 0);
    return settings.clip ? g.op("Max", [g.op("Min", [at, i % 2 === 0 ? width : height]), number(0)]) : at;
  });
  return g.op("Concat", placed, { axis: -1 });
}

function decoded(boxes: Tensor, sizes: Tensor | undefined, rows: number, settings: Settings): Tensor {
  const data = new Float32Array(boxes.data.length);
  const count = rows === 0 ? 0 : boxes.data.length / 4 / rows;
  const values = boxes.data as Float32Array;
  for (let row = 0; row < rows; row++)
    for (let box = 0; box < count; box++) {
      const at = (row * count + box) * 4;
      const corners = cornersOf(values.subarray(at, at + 4), settings, box);
      const size = sizes && [Number(sizes.data[row * 2]), Number(sizes.data[row * 2 + 1])];
      data.set(size ? placed(corners, size as [number, number], settings) : corners, at);
    }
  return { dtype: "float32", dims: [rows, boxes.dims[1]!, 4], data };
}

function cornersOf(box: Float32Array, { format, anchors = [], variances }: Settings, index: number): number[] {
  const [a, b, c, d] = [...box] as [number, number, number, number];
  const around = (cx: number, cy: number, w: number, h: number) => [
    f(cx - f(w / 2)),
    f(cy - f(h / 2)),
    f(cx + f(w / 2)),
    f(cy + f(h / 2)),
  ];
  if (format === "yxyx") return [b, a, d, c];
  if (format === "xywh") return [a, b, f(a + c), f(b + d)];
  if (format === "cxcywh") return around(a, b, c, d);
  if (format === "xyxy") return [a, b, c, d];
  const anchor = anchors[index]!.map(f);
  const [x, y, w, h] = [a, b, c, d].map((value, i) => f(value * f(variances[i]!))) as [number, number, number, number];
  const centre = (offset: number, i: number) => f(anchor[i]! + f(offset * anchor[i + 2]!));
  return around(centre(x, 0), centre(y, 1), f(anchor[2]! * f(Math.exp(w))), f(anchor[3]! * f(Math.exp(h))));
}

function placed(
  corners: readonly number[],
  [height, width]: readonly [number, number],
  { units, fit, clip }: Settings,
): number[] {
  const own = [f(width), f(height)];
  return corners.map((value, i) => {
    const axis = i % 2;
    let at = f(value * own[axis]!);
    if (units !== "share") {
      const model = [f(units.width), f(units.height)];
      const scales = [f(own[0]! / model[0]!), f(own[1]! / model[1]!)];
      const scale = Math.max(scales[0]!, scales[1]!);
      const border = fit === "letterbox" ? f(f(model[axis]! - f(own[axis]! / scale)) * 0.5) : 0;
      at = fit === "stretch" ? f(value * scales[axis]!) : f(f(value - border) * scale);
    }
    return clip ? Math.max(Math.min(at, own[axis]!), 0) : at;
  });
}
