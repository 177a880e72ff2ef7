// select_boxes: the boxes that count, best first: above a score, the best of those that overlap, as many as asked for.
import { z } from "zod";
import { float32, type GraphBuilder, int64, strings, type Value } from "../../../onnx/index.ts";
import { selectedBoxes } from "../../boxes/selected_boxes.ts";
import { type Column, step } from "../../step.ts";

const options = z.strictObject({
  boxes: z.string().describe("Corners of float32, `[boxes, 4]` (`decode_boxes`)"),
  scores: z.string().describe("Scores of float32, `[boxes, classes]`"),
  activation: z
    .enum(["none", "softmax", "sigmoid"])
    .default("none")
    .describe("What makes scores of the model's numbers, over all classes"),
  background: z
    .enum(["none", "first", "last"])
    .default("none")
    .describe("A class that is no object (DETR: `last`, SSD: `first`)"),
  score: z.number().default(0.5).describe("Boxes must score more than this"),
  overlap: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "Non-maximum suppression: of boxes whose intersection over union is above this, the best stays. Absent: none (DETR)",
    ),
  suppress: z
    .enum(["within_class", "any_class"])
    .default("within_class")
    .describe("Whether boxes of other classes are suppressed too"),
  classes_per_box: z
    .enum(["best", "all"])
    .default("best")
    .describe("`best`: a box counts for its best class; `all`: for every class that scores"),
  limit: z.int().min(1).max(10_000).default(100).describe("Most boxes of one record"),
  labels: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Names of the classes without the background; absent: those that the model says, else their numbers"),
});

type Settings = z.infer<typeof options>;

export const selectBoxes = step({
  name: "select_boxes",
  about: "The best boxes with scores and labels: threshold, non-maximum suppression, top k",
  family: "answers",
  options,
  example: "select_boxes: { boxes: pred_boxes, scores: logits, activation: softmax, background: last, score: 0.9 }",
  reference: "torchvision.ops.batched_nms; transformers DetrImageProcessor.post_process_object_detection",
  plan(settings, frame) {
    const { boxes, scores, background, labels: named } = settings;
    const [corners, logits] = [frame.column(boxes), frame.column(scores)];
    for (const [column, option] of [
      [corners, "boxes"],
      [logits, "scores"],
    ] as const)
      if (column.dtype !== "float32" || column.shape.length !== 2)
        throw frame.refuse(
          `column \`${column.name}\` is ${column.dtype} of shape [${column.shape.map((each) => each ?? "?")}]`,
          { option },
        );
    const all = logits.shape[1];
    if (typeof all !== "number")
      throw frame.refuse(`column \`${scores}\` has no fixed number of classes`, { option: "scores" });
    const count = all - (background === "none" ? 0 : 1);
    if (count < 1) throw frame.refuse(`column \`${scores}\` has no class but the background`, { option: "background" });
    const own = logits.classes?.length === all ? logits.classes : undefined;
    const labels = named ?? (background === "first" ? own?.slice(1) : own?.slice(0, count));
    if (labels && labels.length !== count)
      throw frame.refuse(`${labels.length} labels for ${count} classes`, { option: "labels" });
    const { limit } = settings;
    const writes: Column[] = [
      { name: "boxes", dtype: "float32", shape: [limit, 4], missing: false },
      { name: "scores", dtype: "float32", shape: [limit], missing: false },
      {
        name: "labels",
        dtype: labels ? "string" : "int64",
        shape: [limit],
        missing: false,
        ...(labels ? { categories: labels } : {}),
      },
      { name: "count", dtype: "int64", shape: [], missing: false },
    ];
    return {
      reads: [boxes, scores],
      writes,
      drops: [boxes, scores].filter((name) => !writes.some((column) => column.name === name)),
      emit: ([cornersOf, numbers], { g }) => emitSelected(g, cornersOf!, numbers!, settings, count, labels),
      evaluate: ([cornersOf, numbers], rows) => selectedBoxes(cornersOf!, numbers!, rows, settings, count, labels),
    };
  },
});

function emitSelected(
  g: GraphBuilder,
  boxes: Value,
  numbers: Value,
  settings: Settings,
  count: number,
  labels: readonly string[] | undefined,
): Value[] {
  const { activation, background, score, overlap, suppress, classes_per_box: per, limit } = settings;
  const number = (value: number) => g.constant(float32([value], []), "number");
  const vector = (...values: number[]) => g.constant(int64(values), "vector");
  const nothing = number(-Infinity);
  let scores = numbers;
  if (activation === "softmax") scores = g.op("Softmax", [scores], { axis: -1 });
  if (activation === "sigmoid") scores = g.op("Sigmoid", [scores]);
  const first = background === "first" ? 1 : 0;
  scores = g.op("Slice", [scores, vector(first), vector(first + count), vector(2)]);
  // [N, classes, boxes], -inf where a box does not count.
  let byClass = g.op("Transpose", [g.op("Where", [g.op("Greater", [scores, number(score)]), scores, nothing])], {
    perm: [0, 2, 1],
  });
  const best = g.op("ArgMax", [g.op("Where", [g.op("IsNaN", [scores]), nothing, scores])], { axis: 2, keepdims: 0 });
  const isAny = suppress === "any_class" && per === "best";
  if (per === "best") {
    const classes = g.constant(
      int64(
        Array.from({ length: count }, (_, i) => i),
        [1, count, 1],
      ),
      "classes",
    );
    const isBest = g.op("Equal", [classes, g.op("Unsqueeze", [best, vector(1)])]);
    byClass = g.op("Where", [isBest, byClass, nothing]);
    if (isAny) byClass = g.op("ReduceMax", [byClass, vector(1)], { keepdims: 1 });
  }
  if (overlap !== undefined) {
    const kept = g.op("NonMaxSuppression", [
      boxes,
      byClass,
      vector(limit),
      g.constant(float32([overlap]), "overlap"),
      g.constant(float32([score]), "score"),
    ]);
    const zeros = g.op("ConstantOfShape", [g.op("Shape", [byClass])], { value: float32([0], [1]) });
    const ones = g.op("Expand", [number(1), g.op("Shape", [kept], { start: 0, end: 1 })]);
    const mask = g.op("ScatterND", [zeros, kept, ones]);
    byClass = g.op("Where", [g.op("Greater", [mask, number(0)]), byClass, nothing]);
  }
  const places = g.op("Flatten", [byClass], { axis: 1 });
  const rows = g.op("Shape", [numbers], { start: 0, end: 1 });
  const spare = g.op("Expand", [nothing, g.op("Concat", [rows, vector(limit)], { axis: 0 })]);
  const [top, at] = emitBest(g, g.op("Concat", [places, spare], { axis: 1 }), limit, rows);
  const isReal = g.op("Greater", [top, nothing]);
  const scalar = (value: number) => g.constant(int64([value], []), "scalar");
  const place = g.op("Where", [isReal, at, scalar(0)]);
  const boxCount = g.op("Gather", [g.op("Shape", [numbers]), scalar(1)], { axis: 0 });
  const box = g.op("Mod", [place, boxCount]);
  const label = isAny ? g.op("GatherElements", [best, box], { axis: 1 }) : g.op("Div", [place, boxCount]);
  const corners = g.op("GatherND", [boxes, g.op("Unsqueeze", [box, vector(2)])], { batch_dims: 1 });
  const names = labels && g.op("Gather", [g.constant(strings(labels), "labels"), label], { axis: 0 });
  return [
    g.op("Where", [g.op("Unsqueeze", [isReal, vector(2)]), corners, number(0)]),
    g.op("Where", [isReal, top, number(0)]),
    names
      ? g.op("Where", [isReal, names, g.constant(strings([""], []), "none")])
      : g.op("Where", [isReal, label, scalar(-1)]),
    g.op("ReduceSum", [g.op("Cast", [isReal], { to: 7 }), vector(1)], { keepdims: 0 }),
  ];
}

/**
 * The `limit` largest of every row and where they stand. A row goes along: ONNX Runtime divides by the number of rows, and an empty batch ends the
 * process.
 */
function emitBest(g: GraphBuilder, values: Value, limit: number, rows: Value): readonly [Value, Value] {
  const vector = (value: number) => g.constant(int64([value]), "vector");
  const width = g.op("Shape", [values], { start: 1, end: 2 });
  const extra = g.op("Expand", [
    g.constant(float32([-Infinity], []), "nothing"),
    g.op("Concat", [vector(1), width], { axis: 0 }),
  ]);
  const found = g.ops("TopK", [g.op("Concat", [values, extra], { axis: 0 }), vector(limit)], { axis: 1 }, 2);
  const [top, at] = found.map((all) => g.op("Slice", [all, vector(0), rows, vector(0)]));
  return [top!, at!];
}
