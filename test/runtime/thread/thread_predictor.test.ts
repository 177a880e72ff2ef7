import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DType, Schema } from "../../../src/core/index.ts";
import { dataType, GraphBuilder, type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { frameOf, openPredictor, openThreadPredictor, type Predictor, tensorsOf } from "../../../src/runtime/index.ts";

const schema: Schema = {
  inputs: [
    { name: "size", type: "float", dtype: "float32", shape: [2], layout: "batch" },
    { name: "word", type: "string", dtype: "string", shape: [], layout: "batch" },
  ],
  outputs: [
    { name: "root", type: "float", dtype: "float32", shape: [2], layout: "batch" },
    { name: "again", type: "string", dtype: "string", shape: [], layout: "batch" },
  ],
};
function graph(): Uint8Array {
  const g = new GraphBuilder("roots");
  g.output(g.op("Sqrt", [g.input("size", "float32", ["N", 2])]), "root");
  g.output(g.op("Identity", [g.input("word", "string", ["N"])]), "again");
  return writeModel(g.build());
}

let predictor: Predictor;
beforeAll(async () => {
  predictor = await openThreadPredictor({ bytes: graph() }, schema);
});
afterAll(() => predictor.close());

test("answers as the same predictor here does, several at once", async () => {
  const here = await openPredictor({ bytes: graph() }, schema);
  const records = [
    { size: [4, 2], word: "é🙂" },
    { size: [0, -1], word: "" },
  ];
  const expected = await here.predict(records);
  expect(await predictor.predict(records)).toEqual(expected);
  const one = { size: [9, 16], word: "w" };
  const many = await Promise.all(Array.from({ length: 20 }, () => predictor.predict([one])));
  for (const outputs of many) expect(outputs).toEqual([{ root: [3, 4], again: "w" }]);
  const feeds: Record<string, Tensor> = {
    size: { dtype: "float32", dims: [1, 2], data: Float32Array.of(25, 36) },
    word: { dtype: "string", dims: [1], data: ["x"] },
  };
  expect((await predictor.run(feeds))["root"]).toEqual({ dtype: "float32", dims: [1, 2], data: Float32Array.of(5, 6) });
  await here.close();
});

test("errors keep their code, place and advice", async () => {
  await expect(predictor.predict([{ size: [1, 2], word: 3 }])).rejects.toMatchObject({
    code: "INPUT_INVALID",
    where: "inputs.word",
    fix: "put it in quotes",
  });
  const wrong = { size: { dtype: "float32" as const, dims: [1, 3], data: new Float32Array(3) } };
  await expect(predictor.run(wrong)).rejects.toMatchObject({ code: "RUNTIME_FAILED" });
});

test("a graph that cannot be opened is refused as here", async () => {
  await expect(openThreadPredictor({ bytes: Uint8Array.of(1, 2, 3) }, schema)).rejects.toMatchObject({
    code: "ONNX_MALFORMED",
  });
});

test("closing lets what came before finish, and refuses what comes after", async () => {
  const closing = await openThreadPredictor({ bytes: graph() }, schema);
  const before = Array.from({ length: 5 }, () => closing.predict([{ size: [1, 4], word: "a" }]));
  const closed = closing.close();
  await expect(closing.predict([{ size: [1, 4], word: "a" }])).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
  expect(await Promise.all(before)).toHaveLength(5);
  await closed;
  await closing.close();
});

test("frames carry every type and shape unchanged", () => {
  const dtypes: DType[] = ["bool", "int8", "uint16", "int32", "int64", "uint64", "float16", "float32", "float64"];
  const tensor = fc
    .tuple(fc.constantFrom<DType>("string", ...dtypes), fc.array(fc.nat(4), { maxLength: 3 }))
    .chain(([dtype, dims]) => {
      const count = dims.reduce((product, dim) => product * dim, 1);
      const { array } = dataType(dtype);
      if (array === null)
        return fc
          .array(fc.string({ unit: "grapheme" }), { minLength: count, maxLength: count })
          .map((data): Tensor => ({ dtype, dims, data }));
      const size = new array(count).byteLength;
      return fc
        .uint8Array({ minLength: size, maxLength: size })
        .map((bytes): Tensor => ({ dtype, dims, data: new array(bytes.slice().buffer, 0, count) }));
    });
  fc.assert(
    fc.property(fc.array(tensor, { maxLength: 6 }), (tensors) => {
      const names = tensors.map((_, i) => `t${i}`);
      const feeds = Object.fromEntries(tensors.map((value, i) => [`t${i}`, value]));
      expect(tensorsOf(names, frameOf(names, feeds))).toEqual(feeds);
    }),
    { numRuns: 200 },
  );
});
