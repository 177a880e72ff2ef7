// The evaluator against ONNX Runtime, operator by operator, on generated values: NaN, infinities, -0, empty batches.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DType } from "../../src/core/index.ts";
import {
  type AttributeInput,
  compileGraph,
  float,
  float32,
  float64,
  GraphBuilder,
  int64,
  strings,
  uint8,
  type Value,
} from "../../src/onnx/index.ts";
import { agree } from "./agree.ts";

const special = [0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, Number.NaN, Infinity, -Infinity, 1e-40, 3.4e38, 1e300];
const anyFloat = fc.oneof(fc.constantFrom(...special), fc.double({ min: -50, max: 50, noNaN: true }));
const small = fc.double({ min: -20, max: 20, noNaN: true });

const floats: readonly DType[] = ["float32", "float64"];
const make = (dtype: DType, values: number[], dims?: number[]) =>
  dtype === "float32" ? float32(values, dims) : float64(values, dims);

test.each(["Add", "Sub", "Mul", "Div"])("%s equals ONNX Runtime bit for bit, with broadcasting", async (op) => {
  for (const dtype of floats)
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFloat, { minLength: 6, maxLength: 6 }),
        fc.array(anyFloat, { minLength: 3, maxLength: 3 }),
        (a, b) => agree({ a: make(dtype, a, [2, 3]), b: make(dtype, b, [1, 3]) }, (g, [x, y]) => g.op(op, [x!, y!])),
      ),
      { numRuns: 15 },
    );
});

test.each(["Neg", "Abs", "Sqrt", "Floor", "Ceil", "Round", "Sign", "IsNaN", "IsInf", "Relu", "Reciprocal"])(
  "%s equals ONNX Runtime bit for bit",
  async (op) => {
    const kinds = op === "Sqrt" ? fc.double({ min: 0, max: 1e30, noNaN: true }) : op === "Sign" ? small : anyFloat;
    for (const dtype of op === "Sign" ? floats.slice(0, 1) : floats)
      await fc.assert(
        fc.asyncProperty(fc.array(kinds, { maxLength: 9 }), (a) =>
          agree({ a: make(dtype, a) }, (g, [x]) => g.op(op, [x!])),
        ),
        { numRuns: 15 },
      );
  },
);

test.each([
  ["Exp", { relative: 2.4e-7, absolute: 0 }, { relative: 4.5e-16, absolute: 0 }],
  ["Log", { relative: 2.4e-7, absolute: 0 }, { relative: 4.5e-16, absolute: 0 }],
  ["Sigmoid", { relative: 0, absolute: 3e-7 }, { relative: 0, absolute: 1e-15 }],
  ["Tanh", { relative: 0, absolute: 3e-7 }, { relative: 0, absolute: 1e-15 }],
] as const)("%s is within last places of ONNX Runtime", async (op, single, double) => {
  const kinds = op === "Log" ? fc.double({ min: 1e-6, max: 1e6, noNaN: true }) : small;
  for (const dtype of floats)
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { maxLength: 9 }), (a) =>
        agree({ a: make(dtype, a) }, (g, [x]) => g.op(op, [x!]), dtype === "float32" ? single : double),
      ),
      { numRuns: 15 },
    );
});

test("Erf is ONNX Runtime's in float32, and C's in float64", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFloat, { maxLength: 9 }), (a) =>
      agree({ a: float32(a) }, (g, [x]) => g.op("Erf", [x!]), { relative: 0, absolute: 3e-7 }),
    ),
    { numRuns: 15 },
  );
  // ONNX Runtime has none of float64. Python's math.erf:
  const values: [x: number, erf: number][] = [
    [1e-300, 1.1283791670955126e-300],
    [1e-10, 1.1283791670955126e-10],
    [0.1, 0.1124629160182849],
    [-0.5, -0.5204998778130465],
    [0.75, 0.7111556336535151],
    [0.999, 0.8422852702064969],
    [1.0, 0.8427007929497149],
    [1.0001, 0.8427422995485203],
    [-1.5, -0.9661051464753108],
    [2.0, 0.9953222650189527],
    [3.0, 0.9999779095030014],
    [-4.5, -0.9999999998033839],
    [5.8, 0.9999999999999998],
    [6.5, 1.0],
  ];
  const g = new GraphBuilder("erf");
  g.output(g.op("Erf", [g.input("x", "float64", ["N"])]), "y");
  const run = (xs: number[]) => compileGraph(g.build()).run({ x: float64(xs) })["y"]!.data as Float64Array;
  const found = run(values.map(([x]) => x));
  values.forEach(([x, erf], i) => {
    expect(Math.abs(found[i]! - erf), `erf(${x})`).toBeLessThanOrEqual(4.5e-16 * Math.abs(erf));
  });
  expect([...run([Number.NaN, Infinity, -Infinity, -0])]).toEqual([Number.NaN, 1, -1, -0]);
});

test.each(["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"])("%s equals ONNX Runtime", async (op) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFloat, { minLength: 4, maxLength: 4 }),
      fc.array(anyFloat, { minLength: 4, maxLength: 4 }),
      (a, b) => agree({ a: float64(a), b: float64(b) }, (g, [x, y]) => g.op(op, [x!, y!])),
    ),
    { numRuns: 15 },
  );
});

const box = float32(
  Array.from({ length: 12 }, (_, i) => ((i * 7) % 12) - 5),
  [2, 3, 2],
);
const i64 = (...values: number[]) => int64(values);
const layoutRows: [name: string, build: (g: GraphBuilder, x: Value) => Value][] = [
  ["Reshape with 0 and -1", (g, x) => g.op("Reshape", [x, g.constant(i64(0, -1))])],
  ["Squeeze", (g, x) => g.op("Squeeze", [g.op("Unsqueeze", [x, g.constant(i64(0, -1))]), g.constant(i64(0))])],
  ["Transpose", (g, x) => g.op("Transpose", [x], { perm: [2, 0, 1] })],
  [
    "Slice with negative step",
    (g, x) => g.op("Slice", [x, g.constant(i64(-1)), g.constant(i64(-9)), g.constant(i64(1)), g.constant(i64(-1))]),
  ],
  ["Slice beyond the end", (g, x) => g.op("Slice", [x, g.constant(i64(1)), g.constant(i64(99)), g.constant(i64(1))])],
  ["Split", (g, x) => g.ops("Split", [x, g.constant(i64(1, 2))], { axis: 1 }, 2)[1]!],
  ["Concat", (g, x) => g.op("Concat", [x, x, x], { axis: 1 })],
  ["Gather", (g, x) => g.op("Gather", [x, g.constant(i64(2, -1, 0))], { axis: 1 })],
  ["GatherElements", (g, x) => g.op("GatherElements", [x, g.constant(int64([0, 1, 2, 0], [2, 1, 2]))], { axis: 1 })],
  ["Expand", (g, x) => g.op("Expand", [g.op("ReduceSum", [x, g.constant(i64(1))]), g.constant(i64(2, 3, 2))])],
  ["Shape", (g, x) => g.op("Shape", [x])],
  ["ReduceSum", (g, x) => g.op("ReduceSum", [x, g.constant(i64(-1))], { keepdims: 0 })],
  ["ReduceMax over two axes", (g, x) => g.op("ReduceMax", [x, g.constant(i64(0, 2))])],
  ["ReduceMin", (g, x) => g.op("ReduceMin", [x, g.constant(i64(1))], { keepdims: 0 })],
  ["ReduceMean", (g, x) => g.op("ReduceMean", [x, g.constant(i64(2))])],
  ["ArgMax", (g, x) => g.op("ArgMax", [x], { axis: 1, keepdims: 0 })],
  ["ArgMin", (g, x) => g.op("ArgMin", [x], { axis: -1 })],
  ["CumSum", (g, x) => g.op("CumSum", [x, g.constant(int64([1], []))], { reverse: 1 })],
  ["TopK", (g, x) => g.ops("TopK", [x, g.constant(i64(2))], { axis: 1 }, 2)[0]!],
  ["TopK indices", (g, x) => g.ops("TopK", [x, g.constant(i64(2))], { axis: 1 }, 2)[1]!],
  ["Clip", (g, x) => g.op("Clip", [x, g.constant(float32([-2], [])), g.constant(float32([3], []))])],
  ["Where", (g, x) => g.op("Where", [g.op("Greater", [x, g.constant(float32([0]))]), x, g.constant(float32([9]))])],
  ["Min and Max", (g, x) => g.op("Max", [g.op("Min", [x, g.constant(float32([1]))]), g.constant(float32([-1]))])],
  [
    "Not, And, Or, Xor",
    (g, x) => {
      const positive = g.op("Greater", [x, g.constant(float32([0]))]);
      const even = g.op("Equal", [x, g.constant(float32([2]))]);
      return g.op("Xor", [g.op("Or", [positive, even]), g.op("And", [g.op("Not", [positive]), even])]);
    },
  ],
  [
    "Cast to int64 and back",
    (g, x) => g.op("Cast", [g.op("Cast", [g.op("Mul", [x, g.constant(float32([1.7]))])], { to: 7 })], { to: 11 }),
  ],
  ["MatMul", (g, x) => g.op("MatMul", [x, g.constant(float32([1, 2, 3, 4], [2, 2]))])],
  [
    "Gemm",
    (g, x) =>
      g.op(
        "Gemm",
        [
          g.op("Reshape", [x, g.constant(i64(-1, 4))]),
          g.constant(float32([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])),
          g.constant(float32([1, -1])),
        ],
        {
          transB: 1,
          alpha: float(0.5),
        },
      ),
  ],
];
test.each(layoutRows)("%s equals ONNX Runtime", (_name, build) => agree({ x: box }, (g, [x]) => build(g, x!)));

test("Softmax is within last places of ONNX Runtime", async () => {
  await agree({ x: box }, (g, [x]) => g.op("Softmax", [x!], { axis: 1 }), { relative: 3e-7, absolute: 0 });
});

test("LabelEncoder maps strings, numbers and unknown values like ONNX Runtime", async () => {
  const words = strings(["a", "", "unknown", "é", "b"]);
  await agree({ x: words }, (g, [x]) =>
    g.op(
      "LabelEncoder",
      [x!],
      {
        keys_tensor: strings(["a", "b", "é", ""]),
        values_tensor: float64([1, 2, 3, Number.NaN]),
        default_tensor: float64([-1]),
      },
      { domain: "ai.onnx.ml" },
    ),
  );
  await agree({ x: int64([0, 1, 7]) }, (g, [x]) =>
    g.op(
      "LabelEncoder",
      [x!],
      { keys_int64s: [0, 1], values_strings: ["no", "yes"], default_string: "?" },
      { domain: "ai.onnx.ml" },
    ),
  );
});

/** Random forests of every split mode, shared leaves, NaN routing, several targets. */
const forest = fc
  .record({
    dtype: fc.constantFrom<DType>("float32", "float64"),
    trees: fc.integer({ min: 1, max: 5 }),
    depth: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    rows: fc.array(
      fc.array(fc.oneof(fc.constantFrom(...special), fc.integer({ min: -3, max: 3 })), { minLength: 3, maxLength: 3 }),
      { maxLength: 6 },
    ),
  })
  .map(({ dtype, trees, depth, seed, rows }) => {
    let state = seed;
    const next = (below: number) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    const nodes = {
      feature: [] as number[],
      mode: [] as number[],
      split: [] as number[],
      t: [] as number[],
      tl: [] as number[],
      f: [] as number[],
      fl: [] as number[],
      nan: [] as number[],
    };
    const leaves = { target: [] as number[], weight: [] as number[] };
    const sets: number[] = [];
    const grow = (level: number): [id: number, isLeaf: number] => {
      if (level === 0 || next(5) === 0) {
        leaves.target.push(next(2));
        leaves.weight.push((next(2000) - 1000) / 7);
        return [leaves.weight.length - 1, 1];
      }
      const at = nodes.feature.push(next(3)) - 1;
      nodes.mode.push(next(7));
      nodes.split.push([0, 0.5, -1, 2, 1e-40][next(5)]!);
      nodes.nan.push(next(2));
      for (const list of [nodes.t, nodes.tl, nodes.f, nodes.fl]) list.push(0);
      [nodes.t[at], nodes.tl[at]] = grow(level - 1);
      [nodes.f[at], nodes.fl[at]] = grow(level - 1);
      return [at, 0];
    };
    const roots: number[] = [];
    while (roots.length < trees) {
      const [id, isLeaf] = grow(depth);
      if (!isLeaf) roots.push(id);
    }
    for (const mode of nodes.mode) if (mode === 6) sets.push(next(3), next(3) - 3, Number.NaN);
    const attributes: Record<string, AttributeInput> = {
      aggregate_function: 1,
      n_targets: 2,
      tree_roots: roots,
      nodes_featureids: nodes.feature,
      nodes_modes: uint8(nodes.mode),
      nodes_splits: make(dtype, nodes.split),
      nodes_truenodeids: nodes.t,
      nodes_trueleafs: nodes.tl,
      nodes_falsenodeids: nodes.f,
      nodes_falseleafs: nodes.fl,
      nodes_missing_value_tracks_true: nodes.nan,
      leaf_targetids: leaves.target,
      leaf_weights: make(dtype, leaves.weight),
      ...(sets.length > 0 ? { membership_values: make(dtype, sets) } : {}),
    };
    // ONNX Runtime keeps sets of small integers as bit masks and truncates what it looks up; ONNX says equality. Converters
    // only ever look up integers, so only these are compared.
    const plain =
      sets.length === 0 ? rows.flat() : rows.flat().map((value) => (Math.abs(value) >= 4 ? 1 : Math.trunc(value)));
    return { attributes, matrix: make(dtype, plain, [rows.length, 3]) };
  });

test("TreeEnsemble equals ONNX Runtime bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(forest, ({ attributes, matrix }) =>
      agree({ x: matrix }, (g, [x]) =>
        g.op("TreeEnsemble", [x!], attributes, {
          domain: "ai.onnx.ml",
          results: [{ dtype: matrix.dtype, shape: ["N", 2] }],
        }),
      ),
    ),
    { numRuns: 80 },
  );
});

test("an operator it does not have is named", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", "float32", ["N", 1, 8, 8]);
  g.output(g.op("GridSample", [x, x], {}, { results: [{ dtype: "float32" }] }), "y");
  expect(() => compileGraph(g.build())).toThrow(/no operator GridSample/);
});

test("a forest that leads back to itself is refused, not walked forever", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", "float32", ["N", 1]);
  const trees = {
    n_targets: 1,
    tree_roots: [0],
    nodes_featureids: [0, 0],
    nodes_modes: uint8([0, 0]),
    nodes_splits: float32([0, 0]),
    nodes_truenodeids: [1, 0],
    nodes_trueleafs: [0, 0],
    nodes_falsenodeids: [0, 0],
    nodes_falseleafs: [1, 1],
    leaf_targetids: [0],
    leaf_weights: float32([1]),
  };
  const options = { domain: "ai.onnx.ml", results: [{ dtype: "float32" as const }] };
  g.output(g.op("TreeEnsemble", [x], trees, options), "y");
  expect(() => compileGraph(g.build())).toThrow(/leads back to itself/);
});
