// Reading, writing and inferring ONNX models, against the onnx package (C++ behind Python).
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  float32,
  float64,
  GraphBuilder,
  inferModel,
  type Model,
  readModel,
  uint8,
  writeModel,
} from "../src/onnx/index.ts";
import { duration, functions, markdown } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";

const runs = 7;
const folder = path.join(import.meta.dirname, "onnx_codec");
const python = pythonEnvironment("onnx-codec", path.join(folder, "requirements.txt"));
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-onnx-"));

/** A TreeEnsemble of a million nodes: six lists of integers, two tensors. */
function forest(): Model {
  const count = 1_000_000;
  const g = new GraphBuilder("forest");
  const ints = (value: (i: number) => number) => Int32Array.from({ length: count }, (_, i) => value(i));
  const y = g.op(
    "TreeEnsemble",
    [g.input("x", "float64", ["N", 10])],
    {
      tree_roots: [0],
      nodes_splits: float64(new Float64Array(count)),
      nodes_modes: uint8(new Uint8Array(count)),
      nodes_featureids: ints((i) => i % 10),
      nodes_truenodeids: ints((i) => i + 1),
      nodes_trueleafs: ints((i) => i & 1),
      nodes_falsenodeids: ints((i) => i + 2),
      nodes_falseleafs: ints((i) => i & 1),
      leaf_targetids: ints(() => 0),
      leaf_weights: float64(new Float64Array(count)),
      n_targets: 1,
      aggregate_function: 1,
      post_transform: 0,
    },
    { domain: "ai.onnx.ml" },
  );
  g.output(y, "y");
  return g.build();
}

/** Twenty thousand small nodes, each with a constant of its own. */
function chain(): Model {
  const g = new GraphBuilder("chain");
  let x = g.input("x", "float32", ["N", 8]);
  for (let i = 0; i < 20_000; i++) x = g.op("Add", [x, g.constant(float32([i], [1]))]);
  g.output(x, "y");
  return g.build();
}

try {
  const rows: string[][] = [];
  for (const [name, model] of [
    ["forest, 1,000,000 nodes in attributes", forest()],
    ["graph of 20,000 nodes", chain()],
  ] as const) {
    const bytes = writeModel(model);
    const file = path.join(work, "model.onnx");
    writeFileSync(file, bytes);
    const own = await functions(
      { read: () => readModel(bytes), write: () => writeModel(model), infer: () => inferModel(model) },
      runs,
    );
    const script = path.join(folder, "codec.py");
    const other = JSON.parse(execFileSync(python, [script, file, `${runs}`], { encoding: "utf8" })) as Record<
      string,
      number
    >;
    for (const step of ["read", "write", "infer"])
      rows.push([name, `${(bytes.length / 1e6).toFixed(1)} MB`, step, duration(own[step]!.ms), duration(other[step]!)]);
  }
  console.log(
    [
      "## Reading and writing ONNX",
      "",
      "In one process, median. The onnx package parses in C++; `infer` is `onnx.shape_inference.infer_shapes` there.",
      "",
      markdown([["model", "file", "", "ingot", "onnx 1.20.1"], ...rows]),
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
