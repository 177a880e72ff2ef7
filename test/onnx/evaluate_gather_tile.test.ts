// Tile, GatherND, Mean, StringConcat and trigonometry of the evaluator against ONNX Runtime.
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGraph, float32, float64, GraphBuilder, int64, strings } from "../../src/onnx/index.ts";
import { agree } from "./agree.ts";

const value = fc.constantFrom(0, -0, 1.5, -2, Number.NaN, Infinity, -Infinity);
const six = fc.array(value, { minLength: 6, maxLength: 6 });

test("Tile equals ONNX Runtime bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(six, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (a, rows, columns) =>
      agree({ a: float64(a, [2, 3]) }, (g, [x]) => g.op("Tile", [x!, g.constant(int64([rows, columns]), "repeats")])),
    ),
    { numRuns: 20 },
  );
});

test.each([
  { batch: 0, index: [1, 2, 0, -1], dims: [2, 2] },
  { batch: 0, index: [1, 0, -2], dims: [3, 1] },
  { batch: 1, index: [2, -3], dims: [2, 1] },
])("GatherND equals ONNX Runtime: batch_dims $batch, indices $dims", async ({ batch, index, dims }) => {
  await fc.assert(
    fc.asyncProperty(six, (a) =>
      agree({ a: float64(a, [2, 3]), i: int64(index, dims) }, (g, [x, i]) =>
        g.op("GatherND", [x!, i!], { batch_dims: batch }),
      ),
    ),
    { numRuns: 10 },
  );
});

test("GatherND refuses indices outside of the value", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", "float64", ["N", 2]);
  g.output(g.op("GatherND", [x, g.constant(int64([0, 2], [1, 2]), "i")]), "y");
  const graph = compileGraph(g.build());
  expect(() => graph.run({ x: float64([1, 2], [1, 2]) })).toThrow("GatherND asks for 2 of 2 values");
});

test.each(["Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"])(
  "%s is within last places of ONNX Runtime",
  async (op) => {
    const range = op === "Acosh" ? { min: 2, max: 50 } : { min: -0.99, max: 0.99 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ ...range, noNaN: true }), { maxLength: 9 }), (a) =>
        agree({ a: float32(a) }, (g, [x]) => g.op(op, [x!]), { relative: 2.4e-7, absolute: 0 }),
      ),
      { numRuns: 15 },
    );
  },
);

test("Mean equals ONNX Runtime bit for bit for two inputs, with broadcasting", async () => {
  await fc.assert(
    fc.asyncProperty(six, (a) =>
      agree({ a: float32(a, [2, 3]), b: float32([0.1, 2, 7], [1, 3]) }, (g, [x, y]) => g.op("Mean", [x!, y!])),
    ),
    { numRuns: 15 },
  );
});

test("StringConcat joins texts, with broadcasting", async () => {
  await agree({ a: strings(["", "é", "日本"], [3, 1]), b: strings(["x", ""], [1, 2]) }, (g, [x, y]) =>
    g.op("StringConcat", [x!, y!]),
  );
});
