// Boxes against torchvision, and on every runtime against their evaluation.
import fc from "fast-check";
import { expect, test } from "vitest";
import { float32, int64, strings, type Tensor } from "../../../src/onnx/index.ts";
import { hostKinds } from "../../../src/pipeline/index.ts";
import { stored } from "../images/pictures.ts";
import { agreeOnGenerated, column, openStep, planStep } from "../step_harness.ts";

interface Fixture {
  readonly scores: number[];
  readonly labels: number[];
  readonly forms: Record<"xyxy" | "xywh" | "cxcywh", number[]>;
  readonly batched: Record<string, number[]>;
  readonly any: Record<string, number[]>;
}

const fixture = stored<Fixture>("torchaudio/boxes");
const count = fixture.scores.length;
const boxesColumn = (boxes: number | string = count) =>
  column("boxes", "float32", { shape: [boxes, 4], missing: false });
const sizeColumn = column("size", "int64", { shape: [2] });

test.each(["xyxy", "xywh", "cxcywh"] as const)("%s becomes torchvision's corners", async (format) => {
  await using step = await openStep({
    step: "decode_boxes",
    options: { column: "boxes", format },
    columns: [boxesColumn()],
  });
  const { columns } = await step.agree([float32(fixture.forms[format], [1, count, 4])]);
  fixture.forms.xyxy.forEach((value, i) => {
    expect(Math.abs((columns[0]!.data[i] as number) - value)).toBeLessThanOrEqual(1e-4);
  });
});

const anchors = [
  [0.5, 0.5, 0.2, 0.4],
  [0.25, 0.75, 1, 0.1],
  [0, 0, 0.3, 0.3],
];

test.each<[string, Record<string, unknown>, number[], number[]]>([
  ["shares of the image that was sent", { format: "cxcywh", size: "size" }, [0.5, 0.5, 0.5, 1], [160, 0, 480, 480]],
  [
    "pixels, stretched",
    { format: "xyxy", size: "size", units: { height: 240, width: 160 } },
    [16, 24, 80, 120],
    [64, 48, 320, 240],
  ],
  [
    "pixels, letterbox",
    { format: "xyxy", size: "size", units: { height: 320, width: 320 }, fit: "letterbox" },
    [0, 40, 320, 280],
    [0, 0, 640, 480],
  ],
  [
    "pixels, border behind, ending at the image",
    { format: "xyxy", size: "size", units: { height: 320, width: 320 }, fit: "top_left", clip: true },
    [-5, 10, 160, 400],
    [0, 20, 320, 480],
  ],
  ["TensorFlow's order", { format: "yxyx" }, [1, 2, 3, 4], [2, 1, 4, 3]],
])("%s", async (_name, options, box, expected) => {
  const columns = [boxesColumn(1), sizeColumn];
  await using step = await openStep({ step: "decode_boxes", options: { column: "boxes", ...options }, columns });
  const result = await step.agree([float32(box, [1, 1, 4]), int64([480, 640], [1, 2])]);
  expect([...(result.columns[0]!.data as Float32Array)]).toEqual(expected);
});

test.each<Record<string, unknown>>([
  { format: "cxcywh", size: "size", clip: true },
  { format: "xywh", size: "size", units: { height: 640, width: 480 }, fit: "letterbox" },
  { format: "ssd", anchors },
])("decode_boxes %j: the same on every runtime", async (options) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 8, maxLength: 8 });
  const numbers = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 48, maxLength: 48 });
  await using step = await openStep({
    step: "decode_boxes",
    options: { column: "boxes", ...options },
    columns: [boxesColumn(3), sizeColumn],
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4 }), numbers, sizes, async (rows, list, edges) => {
      const tensors = [float32(list.slice(0, rows * 12), [rows, 3, 4]), int64(edges.slice(0, rows * 2), [rows, 2])];
      await step.agree(tensors, { relative: 1e-5, absolute: 1e-4 });
    }),
    { numRuns: 15 },
  );
});

const select = (scores: number, options: Record<string, unknown>, boxes: number | string = count) => ({
  step: "select_boxes",
  options: { boxes: "boxes", scores: "scores", ...options },
  columns: [boxesColumn(boxes), column("scores", "float32", { shape: [boxes, scores], missing: false })],
});

test.each(["within_class", "any_class"] as const)("suppression %s keeps torchvision's boxes", async (suppress) => {
  const spread = new Float32Array(count * 3).fill(-1);
  fixture.labels.forEach((label, i) => {
    spread[i * 3 + label] = fixture.scores[i]!;
  });
  const inputs = [float32(fixture.forms.xyxy, [1, count, 4]), float32(spread, [1, count, 3])];
  for (const [overlap, kept] of Object.entries(suppress === "any_class" ? fixture.any : fixture.batched)) {
    await using step = await openStep(
      select(3, { score: 0, overlap: Number(overlap), suppress, limit: 50, labels: ["a", "b", "c"] }),
    );
    const { columns } = await step.agree(inputs);
    const [boxes, scores, labels, counted] = columns as [Tensor, Tensor, Tensor, Tensor];
    expect(counted.data).toEqual(BigInt64Array.of(BigInt(kept.length)));
    expect([...(scores.data as Float32Array)].slice(0, kept.length)).toEqual(
      kept.map((i) => Math.fround(fixture.scores[i]!)),
    );
    expect((labels.data as string[]).slice(0, kept.length)).toEqual(kept.map((i) => "abc"[fixture.labels[i]!]));
    expect([...(boxes.data as Float32Array)].slice(0, kept.length * 4)).toEqual(
      kept.flatMap((i) => fixture.forms.xyxy.slice(i * 4, i * 4 + 4).map(Math.fround)),
    );
    expect((labels.data as string[]).slice(kept.length).every((label) => label === "")).toBe(true);
  }
});

test.each<Record<string, unknown>>([
  { score: 0.2, limit: 4 },
  { score: 0.2, limit: 3, overlap: 0.3 },
  { score: 0.2, limit: 20, overlap: 0.3, suppress: "any_class" },
  { score: 0.2, limit: 9, overlap: 0.5, classes_per_box: "all", background: "first" },
  { score: -1, limit: 2, background: "last", classes_per_box: "all", labels: ["x", "y"] },
])("select_boxes %j: equal on every runtime", async (options) => {
  await using step = await openStep(select(3, options, "boxes_found"));
  const corner = fc.integer({ min: 0, max: 12 });
  const score = fc.constantFrom(0, 0.1, 0.25, 0.5, 0.5, 0.75, 1, Number.NaN, -Infinity);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.array(corner, { minLength: 60, maxLength: 60 }),
      fc.array(score, { minLength: 45, maxLength: 45 }),
      async (rows, corners, scores) => {
        const tensors = [
          float32(corners.slice(0, rows * 20), [rows, 5, 4]),
          float32(scores.slice(0, rows * 15), [rows, 5, 3]),
        ];
        await step.agree(tensors);
      },
    ),
    { numRuns: 25 },
  );
});

test.each<Record<string, unknown>>([
  { activation: "softmax", background: "last", score: 0.3, limit: 5 },
  { activation: "sigmoid", score: 0.5, limit: 5, classes_per_box: "all" },
])("select_boxes %j: probabilities of every runtime", async (options) => {
  await using step = await openStep(select(3, options, 4));
  const logits = float32([3, 0, 0, 0, 0, 4, -1, 2, 0.5, 0.1, 0.2, 0.3], [1, 4, 3]);
  await step.agree(
    [
      float32(
        Array.from({ length: 16 }, (_, i) => i),
        [1, 4, 4],
      ),
      logits,
    ],
    { relative: 1e-6 },
  );
});

test("trim cuts lists to what each record has", async () => {
  const columns = [
    column("boxes", "float32", { shape: [3, 2] }),
    column("labels", "string", { shape: [3] }),
    column("count", "int64"),
  ];
  const options = { columns: ["boxes", "labels"] };
  const plan = planStep({ step: "trim", options, columns, place: "after" });
  expect(plan.drops).toEqual(["count"]);
  const runner = await (await hostKinds["trim"]!()).open(plan.host!.settings, async () => new Uint8Array());
  const boxes = float32([0.1, 2, 3, 4, 5, 6], [3, 2]);
  const names = strings(["a", "b", "c"]);
  const results = await runner.run(
    [
      [boxes, boxes, boxes],
      [names, names, names],
      [2n, 0n, 9n],
    ],
    3,
  );
  expect(results).toEqual([
    [
      [
        [0.1, 2],
        [3, 4],
      ],
      ["a", "b"],
    ],
    [[], []],
    [
      [
        [0.1, 2],
        [3, 4],
        [5, 6],
      ],
      ["a", "b", "c"],
    ],
  ]);
});

test("boxes of any numbers go through", async () => {
  await agreeOnGenerated(
    { step: "decode_boxes", options: { column: "boxes", format: "xyxy" }, columns: [boxesColumn("found")] },
    {},
    10,
  );
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["decode_boxes", { column: "boxes", format: "ssd" }, /`ssd` needs `anchors`/],
  ["decode_boxes", { column: "boxes", format: "xyxy", fit: "letterbox" }, /needs `size`/],
  ["decode_boxes", { column: "boxes", format: "xyxy", size: "boxes" }, /no \[height, width\]/],
  ["decode_boxes", { column: "size", format: "xyxy" }, /int64 of shape \[2\], not boxes/],
  ["select_boxes", { boxes: "boxes", scores: "size" }, /`size` is int64/],
  ["select_boxes", { boxes: "boxes", scores: "boxes", labels: ["a"] }, /1 labels for 4 classes/],
])("%s %j is refused when planned", (step, options, message) => {
  expect(() => planStep({ step, options, columns: [boxesColumn(), sizeColumn], place: "after" })).toThrow(message);
});
