import { describe, expect, test } from "vitest";
import {
  type Attribute,
  type Dimension,
  emptyGraph,
  type Graph,
  inferModel,
  int64,
  storedTensor,
} from "../../src/onnx/index.ts";
import { infoOf, modelOf, nodeOf } from "./models.ts";

const ints = (name: string, ...value: number[]): Attribute => ({ name, kind: "ints", value: Int32Array.from(value) });
const int = (name: string, value: number): Attribute => ({ name, kind: "int", value: BigInt(value) });
const graph = (name: string, value: Partial<Graph>): Attribute => ({
  name,
  kind: "graph",
  value: { ...emptyGraph(), ...value },
});

/** Shape of one node's output, with `x` of the given shape and constants for its other inputs. */
function shapeAfter(
  opType: string,
  from: Dimension[],
  constants: number[][],
  attributes: Attribute[] = [],
): readonly Dimension[] | null {
  const names = constants.map((_, i) => `c${i}`);
  const model = modelOf({
    nodes: [nodeOf(opType, ["x", ...names], ["y"], { attributes })],
    inputs: [infoOf("x", "float32", from)],
    initializers: constants.map((values, i) => storedTensor(names[i]!, int64(values))),
  });
  return inferModel(model).get("y")?.shape ?? null;
}

describe("symbolic sizes survive", () => {
  const rows: [
    opType: string,
    from: Dimension[],
    constants: number[][],
    attributes: Attribute[],
    expected: Dimension[] | null,
  ][] = [
    ["Reshape", ["N", 4], [[-1, 2, 2]], [], ["N", 2, 2]],
    ["Reshape", ["N", 4], [[0, -1]], [], ["N", 4]],
    ["Reshape", ["N", 4], [[-1]], [], [null]],
    ["Reshape", ["N", 1], [[-1]], [], ["N"]],
    ["Reshape", [2, 6], [[3, -1]], [], [3, 4]],
    ["Squeeze", ["N", 1, 3], [[1]], [], ["N", 3]],
    ["Unsqueeze", ["N"], [[-1]], [], ["N", 1]],
    ["Transpose", ["N", 2, 3], [], [ints("perm", 2, 0, 1)], [3, "N", 2]],
    ["Transpose", ["N", 2, 3], [], [], [3, 2, "N"]],
    ["Slice", ["N", 10], [[1], [-1], [1]], [], ["N", 8]],
    ["Slice", ["N", 10], [[-3], [2 ** 40], [1]], [], ["N", 3]],
    ["Slice", ["N", 10], [[9], [-100], [1], [-3]], [], ["N", 4]],
    ["Flatten", ["N", 3, 4], [], [], ["N", 12]],
    ["Gather", ["N", 5], [[0, 2]], [int("axis", 1)], ["N", 2]],
    ["ReduceSum", ["N", 5], [[1]], [int("keepdims", 0)], ["N"]],
    ["ArgMax", ["N", 5], [], [int("axis", -1), int("keepdims", 0)], ["N"]],
    ["TopK", ["N", 5], [[3]], [], ["N", 3]],
    ["Expand", ["N", 1], [[1, 7]], [], ["N", 7]],
    ["Tile", ["N", 2], [[1, 3]], [], ["N", 6]],
    ["Concat", ["N", 2], [], [int("axis", 1)], ["N", 2]],
    ["GlobalAveragePool", ["N", 8, "H", "W"], [], [], ["N", 8, 1, 1]],
  ];
  test.each(rows)("%s of %j with %j", (opType, from, constants, attributes, expected) => {
    expect(shapeAfter(opType, from, constants, attributes)).toEqual(expected);
  });
});

test("shapes that a graph computes from shapes are followed", () => {
  const facts = inferModel(
    modelOf({
      nodes: [nodeOf("Shape", ["w"], ["s"]), nodeOf("Reshape", ["x", "s"], ["y"])],
      inputs: [infoOf("x", "float32", [6]), infoOf("w", "float32", [2, 3])],
    }),
  );
  expect(facts.get("y")).toMatchObject({ dtype: "float32", shape: [2, 3] });
});

test("unknown operators give nothing; what the file says fills the gap, and goes on", () => {
  const facts = inferModel(
    modelOf({
      nodes: [
        nodeOf("Mystery", ["x"], ["t"], { domain: "acme" }),
        nodeOf("Neg", ["t"], ["y"]),
        nodeOf("Mystery", ["y"], ["z"], { domain: "acme" }),
      ],
      inputs: [infoOf("x")],
      valueInfos: [infoOf("t", "float64", ["N", 7])],
    }),
  );
  expect(facts.get("y")).toMatchObject({ dtype: "float64", shape: ["N", 7] });
  expect(facts.get("z")).toMatchObject({ dtype: null, shape: null });
});

test("If: what both branches agree on; nested graphs see outer values", () => {
  const branch = (opType: string, size: number): Partial<Graph> => ({
    nodes: [nodeOf(opType, ["x"], ["r"])],
    outputs: [infoOf("r", "float32", [null, size])],
  });
  const facts = inferModel(
    modelOf({
      nodes: [
        nodeOf("If", ["flag"], ["y"], {
          attributes: [graph("then_branch", branch("Neg", 2)), graph("else_branch", branch("Mystery", 3))],
        }),
      ],
      inputs: [infoOf("x"), infoOf("flag", "bool", [])],
    }),
  );
  expect(facts.get("y")).toMatchObject({ dtype: "float32", shape: [null, null] });
});

test("a function that calls itself, and functions that call each other twice, end", () => {
  const local = (name: string, ...calls: string[]) => ({
    ...{
      name,
      domain: "l",
      overload: "",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      attributeDefaults: [],
      docString: "",
    },
    ...{ opsetImports: [], valueInfos: [], metadata: [] },
    nodes: calls.map((call, i) => nodeOf(call, ["a"], [i === 0 ? "b" : `c${i}`], { domain: "l" })),
  });
  const functions = [
    local("self", "self"),
    ...Array.from({ length: 60 }, (_, i) => local(`f${i}`, `f${i + 1}`, `f${i + 1}`)),
  ];
  const nodes = [nodeOf("self", ["x"], ["y"], { domain: "l" }), nodeOf("f0", ["x"], ["z"], { domain: "l" })];
  const facts = inferModel(modelOf({ nodes, inputs: [infoOf("x")] }, { functions }));
  expect(facts.get("y")).toMatchObject({ dtype: null });
});

test("a shape of a million dimensions is no shape", () => {
  const huge = { name: "shape", kind: "ints" as const, value: new Int32Array(1_000_000).fill(1) };
  const model = modelOf({
    nodes: [nodeOf("Reshape", ["x"], ["y"], { attributes: [huge] }), nodeOf("Neg", ["y"], ["z"])],
    inputs: [infoOf("x")],
  });
  expect(inferModel(model).get("z")).toMatchObject({ dtype: "float32", shape: null });
});
