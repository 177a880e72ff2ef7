// One row and ten thousand rows through every runtime: tensors only, and typed records.
import { emitTreeEnsemble, splitMode, type TreeEnsemble } from "../src/convert/tree_ensemble.ts";
import type { Schema } from "../src/core/index.ts";
import { GraphBuilder, type Tensor, writeModel } from "../src/onnx/index.ts";
import { openPredictor, type RuntimeName } from "../src/runtime/index.ts";
import { duration, functions, markdown } from "./measure.ts";

const trees = 100;
const depth = 6;
const features = 20;
const many = 10_000;
/** Calls in one measurement of a single row, so that the clock's grain does not show. */
const calls = 200;

let state = 12345;
/** Park and Miller's generator: the same forest and rows in every run. */
function random(): number {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

/** Complete trees, splits and rows from one distribution: every path is walked. */
function forest(): TreeEnsemble {
  const inner = 2 ** depth - 1;
  const nodes = trees * inner;
  const child = (side: 1 | 2) =>
    Int32Array.from({ length: nodes }, (_, node) => {
      const tree = Math.floor(node / inner);
      const next = 2 * (node % inner) + side;
      return next < inner ? tree * inner + next : ~(tree * (inner + 1) + next - inner);
    });
  const leaves = trees * (inner + 1);
  return {
    dtype: "float32",
    roots: Int32Array.from({ length: trees }, (_, tree) => tree * inner),
    feature: Int32Array.from({ length: nodes }, () => Math.floor(random() * features)),
    mode: new Uint8Array(nodes).fill(splitMode.lt),
    threshold: Float32Array.from({ length: nodes }, random),
    trueChild: child(1),
    falseChild: child(2),
    missingTracksTrue: Uint8Array.from({ length: nodes }, () => (random() < 0.5 ? 1 : 0)),
    members: [],
    leafTarget: new Int32Array(leaves),
    leafWeight: Float32Array.from({ length: leaves }, () => random() - 0.5),
    targets: 1,
  };
}

const names = Array.from({ length: features }, (_, i) => `x${i}`);
const g = new GraphBuilder("forest");
const columns = names.map((name) => g.input(name, "float32", ["N", 1]));
g.output(emitTreeEnsemble(g, g.op("Concat", columns, { axis: 1 }), forest()), "margin");
const bytes = writeModel(g.build());
const schema: Schema = {
  inputs: names.map((name) => ({
    name,
    type: "float",
    dtype: "float32",
    shape: [],
    layout: "column",
    missing: "allow",
  })),
  outputs: [{ name: "margin", type: "float", dtype: "float32", shape: [], layout: "batch" }],
};

const records = Array.from({ length: many }, () =>
  Object.fromEntries(names.map((name) => [name, random() < 0.05 ? null : random()])),
);
const feeds = (count: number): Record<string, Tensor> =>
  Object.fromEntries(
    names.map((name) => [
      name,
      {
        dtype: "float32",
        dims: [count, 1],
        data: Float32Array.from(records.slice(0, count), (record) => record[name] ?? Number.NaN),
      },
    ]),
  );
const [one, all] = [feeds(1), feeds(many)];

const rows: string[][] = [];
const answers = new Map<RuntimeName, string>();
for (const runtime of ["native", "wasm", "micro"] as const) {
  const predictor = await openPredictor({ bytes }, schema, { runtime });
  const repeat = (work: () => Promise<unknown>) => async () => {
    for (let call = 0; call < calls; call++) await work();
  };
  const found = await functions({
    "tensors, one row": repeat(() => predictor.run(one)),
    "records, one row": repeat(() => predictor.predict(records.slice(0, 1))),
    "tensors, all rows": () => predictor.run(all),
    "records, all rows": () => predictor.predict(records),
  });
  const { margin } = await predictor.run(all);
  answers.set(runtime, Buffer.from((margin!.data as Float32Array).slice().buffer).toString("base64"));
  await predictor.close();
  rows.push([
    runtime,
    duration(found["tensors, one row"]!.ms / calls),
    duration(found["records, one row"]!.ms / calls),
    duration(found["tensors, all rows"]!.ms),
    duration(found["records, all rows"]!.ms),
  ]);
}
if (new Set(answers.values()).size !== 1) throw new Error("the runtimes do not give the same bits");

console.log(
  [
    "## Predicting",
    "",
    `${trees} trees of depth ${depth}, ${features} float32 columns, one thread; the three runtimes' margins have the same bits. "Records" includes`,
    "checking typed records, making tensors and reading the answers (goal: one row on micro 50 µs).",
    "",
    markdown([["", "1 row, tensors", "1 row, records", `${many} rows, tensors`, `${many} rows, records`], ...rows]),
  ].join("\n"),
);
