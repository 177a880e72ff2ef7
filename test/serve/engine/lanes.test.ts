import os from "node:os";
import { expect, test } from "vitest";
import type { Schema } from "../../../src/core/index.ts";
import { float32, GraphBuilder, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor, openThreadPredictor, type Predictor } from "../../../src/runtime/index.ts";
import { Engine } from "../../../src/serve/engine/engine.ts";
import { measuredLanes } from "../../../src/serve/engine/lanes.ts";
import { alone } from "../../../src/serve/engine/plan.ts";
import { callWithoutClient } from "../../../src/serve/index.ts";

const schema: Schema = {
  inputs: [{ name: "x", type: "float", dtype: "float32", shape: [256], layout: "batch" }],
  outputs: [{ name: "y", type: "float", dtype: "float32", shape: [8], layout: "batch" }],
};

function graph(scale = 1): Uint8Array {
  const g = new GraphBuilder("network");
  let x = g.input("x", "float32", ["N", 256]);
  const weights = (rows: number, columns: number) =>
    g.constant(
      float32(
        Float32Array.from({ length: rows * columns }, (_, i) => (scale * Math.sin(i)) / 16),
        [rows, columns],
      ),
    );
  for (let layer = 0; layer < 6; layer++) x = g.op("Relu", [g.op("MatMul", [x, weights(256, 256)])]);
  g.output(g.op("MatMul", [x, weights(256, 8)]), "y");
  return writeModel(g.build());
}

const record = (row: number) => ({ x: Array.from({ length: 256 }, (_, i) => Math.sin(row * 31 + i)) });

/** Counts how many compute at once. */
function counted(predictor: Predictor, counts: { now: number; most: number; own: number[] }, which: number): Predictor {
  return Object.assign(Object.create(predictor) as Predictor, {
    schema: predictor.schema,
    close: () => predictor.close(),
    predict: async (records: Parameters<Predictor["predict"]>[0]) => {
      counts.now++;
      counts.most = Math.max(counts.most, counts.now);
      counts.own[which] = (counts.own[which] ?? 0) + 1;
      const answers = await predictor.predict(records);
      await new Promise((resolve) => setTimeout(resolve, 20));
      counts.now--;
      return answers;
    },
  });
}

test("what would wait for a run goes to the copies; who is alone has the model itself; answers are those of one", async () => {
  const bytes = graph();
  const counts = { now: 0, most: 0, own: [] as number[] };
  const all = await Promise.all([0, 1, 2].map(() => openPredictor({ bytes }, schema, { threads: 1 })));
  const [model, ...lanes] = all.map((predictor, which) => counted(predictor, counts, which));
  const engine = new Engine(model!, alone("test"), { maxInFlight: 100 });
  engine.addLanes(lanes);
  const ask = (row: number) => engine.predict([record(row)], { ...callWithoutClient(), rows: 1 });
  const expected = [];
  for (let row = 0; row < 12; row++) expected.push(await ask(row));
  expect(counts).toEqual({ now: 0, most: 1, own: [12] });
  expect(await Promise.all(expected.map((_, row) => ask(row)))).toEqual(expected);
  expect(counts.most).toBe(2);
  expect(counts.own[1]! + counts.own[2]!).toBeGreaterThanOrEqual(10);
  const first = ask(0);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await Promise.all([first, ask(1), ask(2)])).toEqual(expected.slice(0, 3));
  expect(counts.most).toBe(3);
  expect(engine.inFlight).toBe(0);
  const running = ask(0);
  await new Promise((resolve) => setTimeout(resolve, 5));
  let waiting: Promise<unknown> | null = null;
  await engine.quietly(async () => {
    expect(counts.now).toBe(0);
    waiting = ask(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(counts.now).toBe(0);
  });
  expect([await running, await waiting]).toEqual(expected.slice(0, 2));
  await engine.close();
  await expect(all[1]!.predict([record(0)])).rejects.toThrow(/closed/);
});

test("copies that answer otherwise are closed", async () => {
  const model = await openPredictor({ bytes: graph() }, schema, { threads: 1 });
  const opened: Predictor[] = [];
  const open = async () => {
    const copy = await openThreadPredictor({ bytes: graph(1.5) }, schema, { threads: 1 });
    opened.push(copy);
    return copy;
  };
  expect(await measuredLanes(model, open, [record(1), record(2)], (work) => work())).toEqual([]);
  for (const copy of opened) await expect(copy.predict([record(0)])).rejects.toThrow(/ended/);
  await model.close();
});

// One core has no copies.
test.skipIf(os.availableParallelism() < 2)(
  "where one copy does not open, the others are closed and the reason is told",
  async () => {
    const model = await openPredictor({ bytes: graph() }, schema, { threads: 1 });
    const opened: Predictor[] = [];
    let asked = 0;
    const open = async () => {
      if (asked++ > 0) throw new Error("no memory left");
      opened.push(await openPredictor({ bytes: graph() }, schema, { threads: 1 }));
      return opened[0]!;
    };
    await expect(measuredLanes(model, open, [record(1)], (work) => work())).rejects.toThrow("no memory left");
    await expect(opened[0]!.predict([record(0)])).rejects.toThrow(/closed/);
    await model.close();
  },
);
