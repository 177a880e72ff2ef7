// Graphs whose columns cross side by side answer what they answer column by column, to the last bit.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { InputSpec, Schema } from "../../../src/core/index.ts";
import {
  compileGraph,
  float64,
  GraphBuilder,
  int64,
  type Model,
  type Tensor,
  type Value,
  writeModel,
} from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { packInputs } from "../../../src/runtime/packed/pack_inputs.ts";
import { packedFeeds } from "../../../src/runtime/packed/packed_session.ts";

interface Columns {
  readonly g: GraphBuilder;
  readonly numbers: readonly Value[];
  readonly flat: readonly Value[];
  readonly texts: readonly Value[];
}

const beside = (g: GraphBuilder, values: readonly Value[], axis = 1) => g.op("Concat", [...values], { axis });
const squeezed = (g: GraphBuilder, value: Value) => g.op("Squeeze", [value, g.constant(int64([1]))]);
const table = { keys_strings: ["a", "b", "é"], values_int64s: [0, 1, 2], default_int64: 3 };
const lookup = (g: GraphBuilder, value: Value) =>
  g.op("LabelEncoder", [value], table, { domain: "ai.onnx.ml", results: [{ dtype: "int64", shape: value.shape }] });
const doubled = (g: GraphBuilder, value: Value) => g.op("Mul", [value, g.constant(float64([2], []))]);

/** What a graph does with its columns, and how many nodes are left around the inputs at most. */
const shapes: readonly [string, (columns: Columns) => Value, nodes?: number][] = [
  ["all columns in order", ({ g, numbers }) => doubled(g, beside(g, numbers)), 2],
  ["in another order", ({ g, numbers }) => doubled(g, beside(g, numbers.toReversed())), 2],
  ["along the last axis", ({ g, numbers }) => doubled(g, beside(g, numbers, -1)), 2],
  ["some of them, and one twice", ({ g, numbers: [a, b, c] }) => doubled(g, beside(g, [c!, a!, b!, a!])), 2],
  ["two matrices", ({ g, numbers: [a, b, c, d] }) => g.op("Add", [beside(g, [a!, b!]), beside(g, [c!, d!])]), 3],
  ["each alone", ({ g, numbers: [a, b, c] }) => g.op("Add", [doubled(g, a!), g.op("Mul", [b!, c!])])],
  ["beside what is computed", ({ g, numbers: [a, b, c, d] }) => beside(g, [a!, b!, doubled(g, c!), d!])],
  ["flat", ({ g, flat: [a, b, c] }) => g.op("Add", [a!, g.op("Sub", [b!, c!])])],
  ["flattened", ({ g, numbers: [a, b] }) => g.op("Sub", [squeezed(g, a!), squeezed(g, b!)]), 3],
  [
    "flat ones as columns",
    ({ g, flat }) =>
      beside(
        g,
        flat.map((value) => g.op("Unsqueeze", [value, g.constant(int64([1]))])),
      ),
    2,
  ],
  [
    "taken out of the matrix again",
    ({ g, numbers }) => doubled(g, g.op("Gather", [beside(g, numbers), g.constant(int64([2, 0]))], { axis: 1 })),
    2,
  ],
  [
    "in another type",
    ({ g, numbers }) =>
      beside(
        g,
        numbers.map((value) => g.op("Cast", [value], { to: 1 })),
      ),
    2,
  ],
  ["as they came", ({ g, numbers: [a] }) => g.op("Identity", [a!]), 2],
  [
    "texts in a table",
    ({ g, texts }) =>
      beside(
        g,
        texts.map((text) => lookup(g, text)),
      ),
  ],
  ["texts side by side in a table", ({ g, texts }) => lookup(g, beside(g, texts)), 2],
  ["texts compared", ({ g, texts: [a, b] }) => g.op("Equal", [a!, b!])],
  ["texts side by side", ({ g, texts: [a, b, c] }) => beside(g, [b!, c!, a!])],
  [
    "texts and numbers",
    ({ g, texts: [a, b], numbers: [n, m] }) => beside(g, [g.op("Cast", [g.op("Equal", [a!, b!])], { to: 11 }), m!, n!]),
  ],
];

function modelOf(body: (columns: Columns) => Value): Model {
  const g = new GraphBuilder("columns");
  const numbers = ["n0", "n1", "n2", "n3"].map((name) => g.input(name, "float64", ["N", 1]));
  const flat = ["f0", "f1", "f2"].map((name) => g.input(name, "float32", ["N"]));
  const texts = ["t0", "t1", "t2"].map((name) => g.input(name, "string", ["N", 1]));
  g.output(body({ g, numbers, flat, texts }), "y");
  return g.build();
}

const schema: Schema = {
  inputs: ["n0", "n1", "n2", "n3", "f0", "f1", "f2", "t0", "t1", "t2"].map((name): InputSpec => {
    if (name[0] === "t") return { name, type: "string", dtype: "string", shape: [], layout: "column" };
    const isFlat = name[0] === "f";
    return {
      name,
      type: "float",
      dtype: isFlat ? "float32" : "float64",
      shape: [],
      layout: isFlat ? "batch" : "column",
    };
  }),
  outputs: [],
};

const number = fc.oneof(fc.constantFrom(Number.NaN, -0, Infinity, 5e-324, 2 ** 53 + 2), fc.double());
const text = fc.oneof(fc.constantFrom("a", "b", "é", "", "🙂"), fc.string({ unit: "grapheme", maxLength: 20 }));
const rowsOf = fc.oneof({ arbitrary: fc.integer({ min: 1, max: 5 }), weight: 5 }, fc.constantFrom(40, 700));

function feedsOf(rows: number): fc.Arbitrary<Record<string, Tensor>> {
  const column = <T>(value: fc.Arbitrary<T>) =>
    // Many rows repeat few values, or have one each.
    fc.tuple(fc.array(value, { minLength: 1, maxLength: 9 }), fc.boolean()).map(([few, isOwn]): T[] =>
      Array.from({ length: rows }, (_, row) => {
        const one = few[row % few.length]!;
        return isOwn && typeof one === "string" ? (`${one}${row}` as T) : one;
      }),
    );
  const { inputs } = schema;
  return fc
    .tuple(...inputs.map(({ dtype }) => column<number | string>(dtype === "string" ? text : number)))
    .map((all) =>
      Object.fromEntries(
        inputs.map(({ name, dtype, layout }, i): [string, Tensor] => {
          const dims = layout === "column" ? [rows, 1] : [rows];
          const values = all[i]!;
          if (dtype === "string") return [name, { dtype, dims, data: values as string[] }];
          const data =
            dtype === "float32" ? Float32Array.from(values as number[]) : Float64Array.from(values as number[]);
          return [name, { dtype, dims, data }];
        }),
      ),
    );
}

test.each(shapes)("%s", async (_name, body, nodes) => {
  const model = modelOf(body);
  const packed = packInputs(model)!;
  if (nodes !== undefined)
    expect(packed.model.graph.nodes.filter(({ opType }) => opType !== "Constant").length).toBeLessThanOrEqual(nodes);
  const [plain, side] = [compileGraph(model), compileGraph(packed.model)];
  const bytes = writeModel(model);
  const predictors = [
    await openPredictor({ bytes }, schema),
    await openPredictor({ bytes }, schema, { runtime: "wasm" }),
  ];
  await fc.assert(
    fc.asyncProperty(rowsOf.chain(feedsOf), async (feeds) => {
      const { y } = plain.run(feeds);
      expect(side.run(packedFeeds(packed.groups, feeds))["y"]).toEqual(y);
      for (const predictor of predictors) expect((await predictor.run(feeds))["y"]).toEqual(y);
    }),
    { numRuns: 12 },
  );
  for (const predictor of predictors) await predictor.close();
});

test("few columns, several numbers of records, and constants stay as they are", () => {
  const g = new GraphBuilder("few");
  const [a, b] = ["a", "b"].map((name) => g.input(name, "float64", ["N", 1]));
  const c = g.input("c", "float64", ["M", 1]);
  const d = g.input("d", "float64", ["N", 2]);
  g.output(g.op("Concat", [a!, b!, d], { axis: 1 }), "y");
  g.output(g.op("Neg", [c]), "z");
  expect(packInputs(g.build())).toBeNull();
});

const wrong: readonly [string, (feeds: Record<string, Tensor>) => void, RegExp][] = [
  ["missing", (feeds) => delete feeds["n2"], /inputs.n2.*is missing/s],
  [
    "of another type",
    (feeds) => Object.assign(feeds, { n1: feeds["f0"]! }),
    /inputs.n1.*expected float64, got float32/s,
  ],
  [
    "longer",
    (feeds) => Object.assign(feeds, { n3: { dtype: "float64", dims: [3, 1], data: new Float64Array(3) } }),
    /inputs.n3.*expected shape \[2,1\], got \[3,1\]/s,
  ],
  [
    "flat",
    (feeds) => Object.assign(feeds, { t1: { ...feeds["t1"]!, dims: [2] } }),
    /inputs.t1.*expected shape \[2,1\], got \[2\]/s,
  ],
];

test.each(wrong)("a column that is %s is named", async (_name, change, message) => {
  const model = modelOf(({ g, numbers }) => beside(g, numbers));
  const predictor = await openPredictor({ bytes: writeModel(model) }, schema);
  const [feeds] = fc.sample(feedsOf(2), { numRuns: 1, seed: 1 });
  change(feeds!);
  await expect(predictor.run(feeds!)).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(message),
  });
  await predictor.close();
});
