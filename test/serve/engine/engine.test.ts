import { expect, test } from "vitest";
import { IngotError, type Schema } from "../../../src/core/index.ts";
import { float32, float64, GraphBuilder, type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { type Feeds, openPredictor, openThreadPredictor, type Predictor } from "../../../src/runtime/index.ts";
import { pickRows, splitResults } from "../../../src/serve/engine/batch.ts";
import { Engine } from "../../../src/serve/engine/engine.ts";
import { handoverMs } from "../../../src/serve/engine/placement.ts";
import { type BatchPlan, planBatches } from "../../../src/serve/engine/plan.ts";
import { type Call, callWithoutClient } from "../../../src/serve/index.ts";

let seed = 7;
function random(): number {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff - 0.5;
}
const numbers = (count: number) => Float32Array.from({ length: count }, random);

const schemaOf = (width: number, out: number, dtype: "float32" | "float64" = "float32"): Schema => ({
  inputs: [{ name: "x", type: "float", dtype, shape: [width], layout: "batch" }],
  outputs: [{ name: "y", type: "float", dtype, shape: [out], layout: "batch" }],
});

/** Graphs of rows whose kernels ONNX Runtime chooses by size. */
const graphs: Record<string, (g: GraphBuilder) => Schema> = {
  "a network of matrix products": (g) => {
    let x = g.input("x", "float32", ["N", 37]);
    for (const [from, to] of [
      [37, 130],
      [130, 64],
      [64, 5],
    ] as const) {
      const weights = g.constant(float32(numbers(from * to), [from, to]));
      x = g.op("Relu", [g.op("Add", [g.op("MatMul", [x, weights]), g.constant(float32(numbers(to)))])]);
    }
    g.output(x, "y");
    return schemaOf(37, 5);
  },
  "Gemm in doubles": (g) => {
    const weights = g.constant(float64(Array.from({ length: 19 * 3 }, random), [19, 3]));
    g.output(g.op("Gemm", [g.input("x", "float64", ["N", 19]), weights]), "y");
    return schemaOf(19, 3, "float64");
  },
  "a logistic link in doubles": (g) => {
    const weights = g.constant(float64(Array.from({ length: 7 }, random), [7, 1]));
    g.output(g.op("Sigmoid", [g.op("MatMul", [g.input("x", "float64", ["N", 7]), weights])]), "y");
    return schemaOf(7, 1, "float64");
  },
  "exponentials and their sum": (g) => {
    g.output(g.op("Softmax", [g.input("x", "float32", ["N", 11])], { axis: 1 }), "y");
    return schemaOf(11, 11);
  },
};

async function opened(build: (g: GraphBuilder) => Schema): Promise<Predictor> {
  const g = new GraphBuilder("rows");
  const schema = build(g);
  return openPredictor({ bytes: writeModel(g.build()) }, schema, { threads: 1 });
}

const rowFeeds = (predictor: Predictor, row: number): Feeds => {
  const { dtype, shape } = predictor.schema.inputs[0]!;
  const width = shape[0] as number;
  const values = Array.from({ length: width }, (_, i) => Math.sin(row * 31 + i));
  const data = dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  return { x: { dtype, dims: [1, width], data } };
};

function engineOf(predictor: Predictor, plan: BatchPlan, maxInFlight = 1000): Engine {
  return new Engine(predictor, plan, { maxInFlight });
}

function call(more: Partial<Call> = {}): Call {
  return { ...callWithoutClient(), rows: 1, ...more };
}

test.each(Object.entries(graphs))(
  "%s: requests run together, and every row has the bits it has alone",
  async (_name, build) => {
    const predictor = await opened(build);
    const { shape } = predictor.schema.inputs[0]!;
    const example = { x: Array.from({ length: shape[0] as number }, random) };
    const plan = await planBatches(predictor, predictor.schema, [example]);
    expect(plan.reason).toMatch(/same bits/);
    const engine = engineOf(predictor, plan);
    const alone: Tensor[] = [];
    for (let row = 0; row < 48; row++) alone.push((await engine.run(rowFeeds(predictor, row), call()))["y"]!);
    const calls = alone.map(() => call());
    const together = await Promise.all(calls.map((one, row) => engine.run(rowFeeds(predictor, row), one)));
    expect(Math.max(...calls.map(({ batchSize }) => batchSize))).toBe(48);
    for (const [row, results] of together.entries()) expect(results["y"]).toEqual(alone[row]);
    await engine.close();
  },
);

test("rows that are mixed by the graph never run together", async () => {
  const predictor = await opened((g) => {
    const x = g.input("x", "float32", ["N", 4]);
    g.output(g.op("Sub", [x, g.op("ReduceMean", [x], { keepdims: 1, noop_with_empty_axes: 0 })]), "y");
    return schemaOf(4, 4);
  });
  const plan = await planBatches(predictor, predictor.schema, [{ x: [1, 2, 3, 4] }]);
  expect(plan).toMatchObject({ rows: 1, reason: "its rows are not independent" });
  const engine = engineOf(predictor, plan);
  const calls = [call(), call(), call()];
  await Promise.all(calls.map((one, row) => engine.run(rowFeeds(predictor, row), one)));
  expect(calls.map(({ batchSize }) => batchSize)).toEqual([1, 1, 1]);
  await engine.close();
});

/** Answers with its input after `release`; fails on rows whose first number is NaN. Nothing here computes: queueing is what is tested. */
function held(schema: Schema) {
  const seen: number[] = [];
  const waiting: (() => void)[] = [];
  const predictor: Predictor = {
    runtime: "micro",
    schema,
    async run(feeds) {
      const { data, dims } = feeds["x"]!;
      seen.push(
        ...Array.from({ length: dims[0]! }, (_, row) => (data as Float32Array)[row * schema.inputs[0]!.shape.length]!),
      );
      await new Promise<void>((resolve) => waiting.push(resolve));
      if ((data as Float32Array).some(Number.isNaN)) throw new Error("not a number");
      return { y: feeds["x"]! };
    },
    predict: () => Promise.reject(new Error("only tensors here")),
    predictEach: () => Promise.reject(new Error("only tensors here")),
    close: async () => {},
  };
  const release = async () => {
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { predictor, seen, release };
}
const together: BatchPlan = { rows: 16, multiple: 1, reason: "", expectedMs: () => 0 };
const one = (value: number): Feeds => ({ x: { dtype: "float32", dims: [1, 1], data: Float32Array.of(value) } });

test("what queued during a run goes together in the next, the urgent first; what nobody waits for is dropped", async () => {
  const { predictor, seen, release } = held(schemaOf(1, 1));
  const engine = engineOf(predictor, together);
  const first = engine.run(one(0), call());
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const calls = [call(), call({ isGone: true }), call({ priority: 1 }), call()];
  const asked = calls.map((each, i) => engine.run(one(i + 1), each));
  const gone = expect(asked[1]).rejects.toThrow("left");
  expect(engine.inFlight).toBe(5);
  await release();
  await release();
  await gone;
  expect(seen).toEqual([0, 3, 1, 4]);
  expect((await first)["y"]!.data).toEqual(Float32Array.of(0));
  expect((await asked[2]!)["y"]!.data).toEqual(Float32Array.of(3));
  expect(calls.map(({ batchSize }) => batchSize)).toEqual([3, 0, 3, 3]);
  expect(engine.inFlight).toBe(0);
});

test("a request that makes a run fail harms none that went with it", async () => {
  const { predictor, release } = held(schemaOf(1, 1));
  const engine = engineOf(predictor, together);
  const asked = [1, Number.NaN, 3].map((value) => engine.run(one(value), call()));
  const failed = expect(asked[1]).rejects.toThrow("not a number");
  for (let run = 0; run < 4; run++) await release();
  await failed;
  expect((await asked[0]!)["y"]!.data).toEqual(Float32Array.of(1));
  expect((await asked[2]!)["y"]!.data).toEqual(Float32Array.of(3));
});

test("full is refused, late is refused, sizes that differ do not mix", async () => {
  const { predictor, release } = held({ ...schemaOf(1, 1), inputs: [{ ...schemaOf(1, 1).inputs[0]!, shape: [null] }] });
  const engine = engineOf(predictor, together, 3);
  const two: Feeds = { x: { dtype: "float32", dims: [1, 2], data: Float32Array.of(5, 6) } };
  const calls = [call(), call(), call({ deadline: performance.now() + 300 })];
  const asked = [engine.run(one(1), calls[0]!), engine.run(two, calls[1]!), engine.run(one(2), calls[2]!)];
  const late = expect(asked[2]).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(engine.run(one(3), call())).rejects.toMatchObject({ code: "OVERLOADED" });
  await expect(engine.run(one(3), call({ deadline: 0 }))).rejects.toMatchObject({ code: "OVERLOADED" });
  await late;
  await release();
  await release();
  expect((await asked[1]!)["y"]).toEqual({ dtype: "float32", dims: [1, 2], data: Float32Array.of(5, 6) });
  await asked[0];
  expect(calls[1]!.batchSize).toBe(1);
  await expect(engine.run(one(3), call({ deadline: 0 }))).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

test("a model moves to its thread while it answers, and answers the same", async () => {
  const g = new GraphBuilder("rows");
  const schema = graphs["a network of matrix products"]!(g);
  const bytes = writeModel(g.build());
  const here = await openPredictor({ bytes }, schema, { threads: 1 });
  const plan = await planBatches(here, schema, [{ x: Array.from({ length: 37 }, random) }]);
  const engine = new Engine(here, plan, { maxInFlight: 100 }, () =>
    openThreadPredictor({ bytes: bytes.slice() }, schema, { threads: 1 }),
  );
  const before = await engine.run(rowFeeds(here, 3), call());
  const moved = engine.moveElsewhere();
  const during = await Promise.all([1, 2, 3].map((row) => engine.run(rowFeeds(here, row), call())));
  await moved;
  expect(during[2]).toEqual(before);
  expect(await engine.run(rowFeeds(here, 3), call())).toEqual(before);
  await engine.close();
  await expect(here.run(rowFeeds(here, 3))).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
});

test("handing tensors to a thread takes a time that is measured", async () => {
  expect(await handoverMs(one(1))).toBeGreaterThan(0);
});

test("rows are picked and cut apart in every type", () => {
  const feeds: Feeds = {
    a: { dtype: "string", dims: [3, 2], data: ["a", "b", "c", "d", "e", "f"] },
    b: { dtype: "int64", dims: [3], data: BigInt64Array.of(1n, 2n, 3n) },
  };
  const picked = pickRows(feeds, [2, 0, 2]);
  expect(picked["a"]).toEqual({ dtype: "string", dims: [3, 2], data: ["e", "f", "a", "b", "e", "f"] });
  const [left, right] = splitResults(picked, [1, 2]);
  expect(left!["b"]).toEqual({ dtype: "int64", dims: [1], data: BigInt64Array.of(3n) });
  expect(right!["a"]).toEqual({ dtype: "string", dims: [2, 2], data: ["a", "b", "e", "f"] });
  expect(() => splitResults(picked, [1, 1])).toThrow("has shape [3,2] for 2 records");
});

test("records of several requests go together where steps need records; a refused one is told its own row", async () => {
  const asked: number[] = [];
  const answer = (record: Readonly<Record<string, unknown>>, row: number | null) =>
    record["x"] === "no"
      ? new IngotError("INPUT_INVALID", { what: `is refused (row ${row})`, where: "inputs.x" })
      : { y: String(record["x"]) };
  const predictor: Predictor = {
    ...held(schemaOf(1, 1)).predictor,
    needsRecords: true,
    async predict(records) {
      asked.push(records.length);
      return records.map((record, row) => {
        const given = answer(record, row);
        if (given instanceof Error) throw given;
        return given;
      });
    },
    async predictEach(records) {
      asked.push(records.length);
      return records.map(answer);
    },
  };
  const plan = await planBatches(predictor, predictor.schema, [{ x: "a" }, { x: "b" }]);
  expect(plan).toMatchObject({ multiple: 1 });
  asked.length = 0;
  const engine = engineOf(predictor, plan);
  const both = engine.predict([{ x: "p" }, { x: "no" }], call({ rows: 2 }));
  const refused = expect(both).rejects.toThrow("(row 1)");
  const other = engine.predict([{ x: "q" }], call());
  expect(await other).toEqual([{ y: "q" }]);
  await refused;
  expect(asked).toEqual([3, 2]);
});
