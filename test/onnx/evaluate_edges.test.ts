// The evaluator at the edges: C's corner cases of arithmetic, 64-bit integers, and graphs that mean harm.
import { expect, test } from "vitest";
import {
  compileGraph,
  type DataType,
  dataTypes,
  float32,
  float64,
  GraphBuilder,
  int32,
  int64,
  type LocalFunction,
  type Model,
  strings,
  type Tensor,
  type Value,
} from "../../src/onnx/index.ts";
import { agree } from "./agree.ts";

/** Powers of two beside the special values: engines differ in the last place of other powers. */
const edges = [1, -1, 0, -0, 2, -2, 0.5, -0.5, Number.NaN, Infinity, -Infinity];
const long = int64([2n ** 53n, 1n, -7n, 7n, 2n ** 40n, -(2n ** 41n)], [2, 3]);
const number = (dtype: DataType["dtype"]) => dataTypes.find((type) => type.dtype === dtype)!.number;

const rows: [name: string, input: Tensor, build: (g: GraphBuilder, x: Value) => Value][] = [
  ...[Number.NaN, Infinity, -Infinity, 0, 2, 3, 0.5, -1].map((exponent): (typeof rows)[number] => [
    `Pow ${exponent}`,
    float64(edges),
    (g, x) => g.op("Pow", [x, g.constant(float64([exponent]))]),
  ]),
  ["Pow of a float32 by an int64", float32(edges), (g, x) => g.op("Pow", [x, g.constant(int64([3]))])],
  ["Pow of an int64", int64([3, -3, 0]), (g, x) => g.op("Pow", [x, g.constant(int64([3]))])],
  ["Mod of an int64", int64([-7, 7, 0, -6]), (g, x) => g.op("Mod", [x, g.constant(int64([3]))])],
  ["Mod by a negative", int64([-7, 7, 0, -6]), (g, x) => g.op("Mod", [x, g.constant(int64([-3]))])],
  ["Mod like C", float64([-7.5, 7.5]), (g, x) => g.op("Mod", [x, g.constant(float64([2]))], { fmod: 1 })],
  ["Mul of int32 beyond 2^53", int32([2147483647, -5]), (g, x) => g.op("Mul", [x, g.constant(int32([2147483629]))])],
  ["MatMul of int64", long, (g, x) => g.op("MatMul", [x, g.constant(int64([1, 2, 3], [3, 1]))])],
  ["TopK of int64", long, (g, x) => g.ops("TopK", [x, g.constant(int64([2]))], { axis: 1 }, 2)[0]!],
  [
    "TopK of infinities",
    float64([-Infinity, 1, Infinity, Infinity]),
    (g, x) => g.ops("TopK", [x, g.constant(int64([4]))], {}, 2)[1]!,
  ],
  ...["ReduceMax", "ReduceMin", "ReduceProd"].map((op): (typeof rows)[number] => [
    `${op} of int64`,
    long,
    (g, x) => g.op(op, [x, g.constant(int64([0]))]),
  ]),
  ["ReduceSum of nothing", float32([], [3, 0]), (g, x) => g.op("ReduceSum", [x, g.constant(int64([1]))])],
  [
    "OneHot",
    int64([0, 2, -1, 9], [2, 2]),
    (g, x) => g.op("OneHot", [x, g.constant(int64([3])), g.constant(float32([5, 7]))]),
  ],
  [
    "OneHot along an axis",
    int64([0, 2, -1, 9], [2, 2]),
    (g, x) => g.op("OneHot", [x, g.constant(int64([3])), g.constant(float32([5, 7]))], { axis: 1 }),
  ],
  ...(["int8", "uint8", "int16", "uint16", "int32", "int64", "bool"] as const).map((dtype): (typeof rows)[number] => [
    `Cast to ${dtype}`,
    float64([1.9, -1.9, -0.5, 300, -300, 70000, 1e10, Number.NaN, Infinity]),
    (g, x) => g.op("Cast", [x], { to: number(dtype) }),
  ]),
  // Through a double, the first would be rounded to the even neighbour below.
  [
    "Cast of int64 to float32",
    int64([2n ** 60n + 2n ** 36n + 1n, -(2n ** 60n) - 2n ** 36n - 1n, 2n ** 53n + 1n]),
    (g, x) => g.op("Cast", [x], { to: 1 }),
  ],
  [
    "Cast of texts to float32",
    strings(["1.5", "1e3", " 7", "+5", "NaN", "-inf"]),
    (g, x) => g.op("Cast", [x], { to: 1 }),
  ],
  ["Cast of texts to int64", strings(["-3", "9223372036854775807"]), (g, x) => g.op("Cast", [x], { to: 7 })],
];
test.each(rows)("%s equals ONNX Runtime", (_name, input, build) => agree({ x: input }, (g, [x]) => build(g, x!)));

const refused: [name: string, input: Tensor, build: (g: GraphBuilder, x: Value) => Value, message: RegExp][] = [
  [
    "a shape with a fraction",
    float32([1, 2, 3]),
    (g, x) => g.op("Reshape", [x, g.constant(int64([2, -1]))]),
    /\[2,1\.5\] is no shape/,
  ],
  [
    "a shape below zero",
    float32([1, 2, 3]),
    (g, x) => g.op("Reshape", [x, g.constant(int64([-3, -1]))]),
    /is no shape/,
  ],
  [
    "a value beyond memory",
    float32([1]),
    (g, x) => g.op("Expand", [x, g.constant(int64([2 ** 31]))]),
    /takes more than 512 MiB/,
  ],
  ["a vast constant", int64([2 ** 20, 2 ** 20]), (g, x) => g.op("ConstantOfShape", [x]), /takes more than 512 MiB/],
  [
    "parts beyond the value",
    float32([1, 2, 3]),
    (g, x) => g.ops("Split", [x, g.constant(int64([2, 2 ** 31]))], {}, 2)[1]!,
    /cannot be split into/,
  ],
  [
    "a step of zero",
    float32([1, 2]),
    (g, x) => g.op("Slice", [x, ...[0, 2, 0, 0].map((at) => g.constant(int64([at])))]),
    /do not fit/,
  ],
  [
    "matrices that do not fit",
    float32([1, 2], [1, 2]),
    (g, x) => g.op("Gemm", [x, g.constant(float32([1, 2, 3], [3, 1]))]),
    /do not fit a matrix product/,
  ],
  ["text that is no integer", strings(["1.5"]), (g, x) => g.op("Cast", [x], { to: 7 }), /"1\.5" is no int64/],
  ["text beyond int32", strings(["3000000000"]), (g, x) => g.op("Cast", [x], { to: 6 }), /is no int32/],
];
test.each(refused)("%s is refused", (_name, input, build, message) => {
  const g = new GraphBuilder("test");
  g.output(build(g, g.input("x", input.dtype, ["N", ...input.dims.slice(1)])), "y");
  const evaluator = compileGraph(g.build());
  expect(() => evaluator.run({ x: input })).toThrow(message);
});

test("inputs must be what the graph declares", () => {
  const g = new GraphBuilder("test");
  g.output(g.op("Neg", [g.input("x", "float64", ["N", 2])]), "y");
  const { run } = compileGraph(g.build());
  expect(() => run({ x: float32([1, 2], [1, 2]) })).toThrow("inputs.x: expected float64 elements, got float32");
  expect(() => run({ x: float64([1, 2, 3], [1, 3]) })).toThrow("inputs.x: expected shape [N,2], got [1,3]");
  expect(() => run({ x: float64([1], [1, 2]) })).toThrow("inputs.x: shape [1,2] does not fit 1 elements");
  expect(() => run({})).toThrow("inputs.x: is missing");
});

test("sums of 64-bit integers are exact, where ONNX Runtime adds them as doubles", () => {
  const g = new GraphBuilder("test");
  g.output(g.op("ReduceSum", [g.input("x", "int64", ["N"])], { keepdims: 0 }), "y");
  const { y } = compileGraph(g.build()).run({ x: int64([2n ** 53n, 1n, 6n]) });
  expect(y!.data).toEqual(BigInt64Array.of(2n ** 53n + 7n));
});

/** f0 negates; every other function calls the one below it twice. */
function doubling(levels: number): Model {
  const g = new GraphBuilder("test");
  g.output(g.op("Neg", [g.input("x", "float32", ["N"])]), "y");
  const model = g.build();
  const [neg] = model.graph.nodes;
  const call = (level: number, from: string, to: string) => ({
    ...neg!,
    domain: "f",
    opType: `f${level}`,
    inputs: [from],
    outputs: [to],
  });
  const functions = Array.from(
    { length: levels + 1 },
    (_, level): LocalFunction => ({
      name: `f${level}`,
      domain: "f",
      overload: "",
      docString: "",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      attributeDefaults: [],
      opsetImports: [
        { domain: "", version: 21 },
        { domain: "f", version: 1 },
      ],
      nodes:
        level === 0
          ? [{ ...neg!, inputs: ["a"], outputs: ["b"] }]
          : [call(level - 1, "a", "c"), call(level - 1, "c", "b")],
      valueInfos: [],
      metadata: [],
    }),
  );
  const graph = { ...model.graph, nodes: [call(levels, "x", "y")] };
  return { ...model, graph, functions, opsetImports: [...model.opsetImports, { domain: "f", version: 1 }] };
}

test("functions run in place; those that double at every level are refused, not expanded", () => {
  const { y } = compileGraph(doubling(3)).run({ x: float32([1, -2]) });
  expect(y!.data).toEqual(Float32Array.of(1, -2));
  expect(() => compileGraph(doubling(30))).toThrow(/more than 65536 nodes/);
});
