// What inputs are compared with, found in the graph behind arithmetic, joins, encoders and trees.
import { expect, test } from "vitest";
import { splitPoints } from "../../src/convert/split_points.ts";
import type { InputSpec } from "../../src/core/index.ts";
import { float64, GraphBuilder, int64, type Value } from "../../src/onnx/index.ts";

const column = (name: string, dtype: "float64" | "string" = "float64"): InputSpec => ({
  name,
  type: dtype === "string" ? "string" : "float",
  dtype,
  shape: [],
  layout: "column",
});

type Emit = (g: GraphBuilder, a: Value, b: Value) => Value;
const row = (g: GraphBuilder, ...values: number[]) => g.constant(float64(values, [1, values.length]));

const rows: [name: string, emit: Emit, a: number[], b: number[]][] = [
  ["a comparison", (g, a) => g.op("Less", [a, row(g, 2)]), [2], []],
  ["from the other side", (g, a) => g.op("Greater", [row(g, 2), a]), [2], []],
  [
    "behind a scaler",
    (g, a) => g.op("Less", [g.op("Div", [g.op("Sub", [a, row(g, 3)]), row(g, 2)]), row(g, 0.5)]),
    [4],
    [],
  ],
  ["behind what subtracts it", (g, a) => g.op("Less", [g.op("Sub", [row(g, 3), a]), row(g, 1)]), [2], []],
  ["joined columns", (g, a, b) => g.op("LessOrEqual", [g.op("Concat", [a, b], { axis: 1 }), row(g, 1, 2)]), [1], [2]],
  [
    "picked columns",
    (g, a, b) =>
      g.op("Less", [
        g.op("Gather", [g.op("Concat", [a, b], { axis: 1 }), g.constant(int64([1, 0]))], { axis: 1 }),
        row(g, 1, 2),
      ]),
    [2],
    [1],
  ],
  ["known numbers", (g, a) => g.op("Equal", [a, row(g, 7, 8, 9)]), [7, 8, 9], []],
  ["a filled gap", (g, a) => g.op("Less", [g.op("Where", [g.op("IsNaN", [a]), row(g, 0), a]), row(g, 6)]), [6], []],
  ["nothing", (g, a, b) => g.op("Add", [a, b]), [], []],
];

test.each(rows)("%s", (_name, emit, a, b) => {
  const g = new GraphBuilder("points");
  g.output(emit(g, g.input("a", "float64", ["N", 1]), g.input("b", "float64", ["N", 1])), "y");
  const found = splitPoints(g.build(), { inputs: [column("a"), column("b")], outputs: [] });
  expect([...found.get("a")![0]!.numbers]).toEqual(a);
  expect([...found.get("b")![0]!.numbers]).toEqual(b);
});

test("keys of encoders", () => {
  const g = new GraphBuilder("keys");
  const results = [{ dtype: "int64" as const, shape: ["N", 1] }];
  const attributes = { keys_strings: ["one", "two"], values_int64s: [1, 2], default_int64: 0 };
  g.output(
    g.op("LabelEncoder", [g.input("a", "string", ["N", 1])], attributes, { domain: "ai.onnx.ml", results }),
    "y",
  );
  const found = splitPoints(g.build(), { inputs: [column("a", "string")], outputs: [] });
  expect([...found.get("a")![0]!.texts]).toEqual(["one", "two"]);
});
