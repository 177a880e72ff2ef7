// Operators of the evaluator that image models need, against ONNX Runtime.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AttributeInput,
  compileGraph,
  float,
  float32,
  float64,
  GraphBuilder,
  int64,
  type Tensor,
  uint8,
} from "../../src/onnx/index.ts";
import { agree } from "./agree.ts";

const close = { relative: 2e-6, absolute: 2e-6 };

/** Numbers without structure, the same each time. */
function numbers(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  });
}

const floats = (...dims: number[]): Tensor =>
  float32(
    numbers(
      dims.reduce((a, b) => a * b, 1),
      dims.length + dims[0]!,
    ),
    dims,
  );

const convolutions: [string, Record<string, AttributeInput>, number[], number[]][] = [
  ["plain", {}, [2, 3, 7, 5], [4, 3, 3, 3]],
  ["strides and borders", { strides: [2, 3], pads: [1, 0, 2, 1] }, [1, 2, 8, 9], [3, 2, 3, 2]],
  ["dilated", { dilations: [2, 1], pads: [2, 1, 2, 1] }, [1, 2, 9, 6], [2, 2, 3, 3]],
  ["depthwise", { group: 4, pads: [1, 1, 1, 1] }, [1, 4, 5, 5], [4, 1, 3, 3]],
  ["groups", { group: 2 }, [1, 4, 5, 5], [6, 2, 1, 1]],
  ["same, upper", { auto_pad: "SAME_UPPER", strides: [2, 2] }, [1, 1, 7, 8], [2, 1, 3, 3]],
  ["same, lower", { auto_pad: "SAME_LOWER", strides: [2, 2] }, [1, 1, 8, 7], [2, 1, 2, 3]],
  ["one dimension", { pads: [2, 2], strides: [2] }, [2, 3, 11], [4, 3, 5]],
];

test.each(convolutions)("Conv: %s", async (_name, attributes, x, w) => {
  await agree(
    { x: floats(...x) },
    (g, [v]) => g.op("Conv", [v!, g.constant(floats(...w), "w"), g.constant(floats(w[0]!), "b")], attributes),
    close,
  );
});

const pools: [string, string, Record<string, AttributeInput>, number[]][] = [
  ["largest", "MaxPool", { kernel_shape: [2, 2], strides: [2, 2] }, [2, 3, 7, 6]],
  [
    "largest, border, up",
    "MaxPool",
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
    [1, 2, 8, 6],
  ],
  ["mean", "AveragePool", { kernel_shape: [2, 3], pads: [1, 1, 0, 1] }, [1, 2, 5, 6]],
  [
    "mean, border counted",
    "AveragePool",
    { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 },
    [1, 2, 5, 5],
  ],
  ["mean of all", "GlobalAveragePool", {}, [2, 3, 4, 5]],
  ["largest of all", "GlobalMaxPool", {}, [2, 3, 4, 5]],
];

test.each(pools)("pool: %s", async (_name, op, attributes, x) => {
  await agree({ x: floats(...x) }, (g, [v]) => g.op(op, [v!], attributes), close);
});

test("BatchNormalization of inference", async () => {
  await agree(
    { x: floats(2, 3, 4, 2) },
    (g, [x]) =>
      g.op("BatchNormalization", [
        x!,
        ...[
          [1, 2, -0.5],
          [0, 1, 2],
          [0.1, 0, -0.2],
          [1, 0.5, 2],
        ].map((v, i) => g.constant(float32(v), `c${i}`)),
      ]),
    { relative: 1e-5, absolute: 1e-6 },
  );
});

test.each(["int64", "float32"] as const)("Range of %s", async (dtype) => {
  const scalar = (value: number) => (dtype === "int64" ? int64([value], []) : float32([value], []));
  for (const [from, to, by] of [
    [0, 5, 1],
    [3, -4, -2],
    [2, 2, 1],
  ] as const)
    await agree({ a: scalar(from), b: scalar(to) }, (g, [a, b]) =>
      g.op("Range", [a!, b!, g.constant(scalar(by), "by")]),
    );
});

test.each(["constant", "edge", "reflect"])("Pad: %s", async (mode) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }), (pads) =>
      agree({ x: float64(numbers(24), [2, 4, 3]) }, (g, [x]) =>
        g.op(
          "Pad",
          [
            x!,
            g.constant(int64(mode === "reflect" ? pads.map((n) => Math.min(n, 2)) : pads), "pads"),
            mode === "constant" ? g.constant(float64([7.5], []), "value") : null,
            g.constant(int64([1, 2]), "axes"),
          ],
          { mode },
        ),
      ),
    ),
    { numRuns: 12 },
  );
});

test.each([
  ["nearest", { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }],
  ["nearest, rounded", { mode: "nearest", nearest_mode: "round_prefer_ceil" }],
  ["linear", { mode: "linear" }],
  ["linear, corners", { mode: "linear", coordinate_transformation_mode: "align_corners" }],
  ["linear, as PyTorch", { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" }],
  ["cubic", { mode: "cubic" }],
  ["cubic without the outside", { mode: "cubic", exclude_outside: 1, cubic_coeff_a: float(-0.5) }],
  ["linear, antialiased", { mode: "linear", antialias: 1, exclude_outside: 1 }],
] as const)("Resize of floats: %s", async (_name, attributes) => {
  for (const sizes of [
    [6, 9],
    [3, 2],
    [10, 4],
    [1, 1],
  ])
    await agree(
      { x: floats(1, 2, 5, 7) },
      (g, [x]) => g.op("Resize", [x!, null, null, g.constant(int64([1, 2, ...sizes]), "sizes")], attributes),
      { relative: 1e-5, absolute: 1e-5 },
    );
});

test.each([
  ["linear", { mode: "linear", antialias: 1, exclude_outside: 1 }],
  ["cubic", { mode: "cubic", antialias: 1, exclude_outside: 1, cubic_coeff_a: float(-0.5) }],
] as const)("Resize of bytes, antialiased: %s is within one level", async (_name, attributes) => {
  const bytes = uint8(
    numbers(31 * 23 * 3).map((value) => (value + 1) * 127.9),
    [1, 31, 23, 3],
  );
  for (const sizes of [
    [8, 9],
    [31, 40],
    [64, 5],
    [1, 1],
  ])
    await agree(
      { x: bytes },
      (g, [x]) => g.op("Resize", [x!, null, null, g.constant(int64([1, ...sizes, 3]), "sizes")], attributes),
      { relative: 0, absolute: 1 },
    );
});

test("NonMaxSuppression keeps the boxes that ONNX Runtime keeps", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 48, maxLength: 48 }),
      fc.constantFrom(0, 1),
      fc.constantFrom(0, 0.3, 0.5, 1),
      async (corners, centre, overlap) => {
        const boxes = float32(corners, [1, 12, 4]);
        await agree({ boxes, scores: float32(numbers(24, corners[0]), [1, 2, 12]) }, (g, [b, s]) =>
          g.op(
            "NonMaxSuppression",
            [
              b!,
              s!,
              g.constant(int64([5]), "most"),
              g.constant(float32([overlap]), "overlap"),
              g.constant(float32([-0.5]), "least"),
            ],
            { center_point_box: centre },
          ),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("ScatterND writes values and whole rows", async () => {
  await agree({ x: float32(numbers(12), [4, 3]), u: float32([9, 8], [2]) }, (g, [x, u]) =>
    g.op("ScatterND", [x!, g.constant(int64([0, 1, -1, 2], [2, 2]), "i"), u!]),
  );
  await agree({ x: float32(numbers(12), [4, 3]), u: float32([9, 8, 7], [1, 3]) }, (g, [x, u]) =>
    g.op("ScatterND", [x!, g.constant(int64([2], [1, 1]), "i"), u!]),
  );
});

test.each<[string, string, Tensor[], Record<string, AttributeInput>, RegExp]>([
  [
    "an endless range",
    "Range",
    [int64([0], []), int64([2 ** 40], []), int64([1], [])],
    {},
    /has 1099511627776 elements/,
  ],
  ["a channel too many", "Conv", [floats(1, 3, 4, 4), floats(1, 2, 3, 3)], {}, /cannot be convolved/],
  ["a window larger than all", "Conv", [floats(1, 1, 2, 2), floats(1, 1, 5, 5)], {}, /is no shape/],
  ["no boxes", "NonMaxSuppression", [floats(1, 3, 3), floats(1, 1, 3)], {}, /are no boxes/],
])("refuses %s", (_name, op, inputs, attributes, message) => {
  const g = new GraphBuilder("refused");
  const values = inputs.map((tensor, i) => g.constant(tensor, `c${i}`));
  g.output(g.op(op, values, attributes), "y");
  expect(() => compileGraph(g.build()).run({})).toThrow(message);
});
