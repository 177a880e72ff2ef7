// The models that serving is measured with: two that scikit-learn trains, and a network, an encoder and an image classifier whose weights are
// drawn from a seed: what they answer does not matter, what they cost does.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { float32, GraphBuilder, int64, type Value, writeModel } from "../../src/onnx/index.ts";
import { pythonEnvironment } from "../python.ts";

export interface BenchModel {
  readonly name: string;
  readonly about: string;
  /** A project that `pack` takes. */
  readonly project: string;
}

let state = 1;
function random(): number {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  return state / 0x7fffffff - 0.5;
}

function weights(g: GraphBuilder, ...dims: number[]): Value {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const scale = 2 / Math.sqrt(dims.length === 2 ? dims[0]! : count / dims[0]!);
  return g.constant(
    float32(
      Float32Array.from({ length: count }, () => random() * scale),
      dims,
    ),
  );
}

/** 256 → 1024 → 1024 → 1024 → 16: 2.4 million weights. */
function network(): GraphBuilder {
  const g = new GraphBuilder("network");
  let x = g.input("features", "float32", ["N", 256]);
  for (const [from, to] of [
    [256, 1024],
    [1024, 1024],
    [1024, 1024],
  ] as const)
    x = g.op("Relu", [g.op("Gemm", [x, weights(g, from, to), weights(g, to)])]);
  g.output(g.op("Gemm", [x, weights(g, 1024, 16), weights(g, 16)]), "scores");
  return g;
}

/** 32 word numbers → 6 layers of attention, width 384 → their mean: the shape of all-MiniLM-L6-v2, with fewer words. */
function encoder(): GraphBuilder {
  const g = new GraphBuilder("encoder");
  const [width, heads] = [384, 12];
  const split = g.constant(int64([0, 0, heads, width / heads]));
  const join = g.constant(int64([0, 0, width]));
  let x = g.op("Gather", [weights(g, 8000, width), g.input("words", "int64", ["N", 32])]);
  for (let layer = 0; layer < 6; layer++) {
    const headsOf = (value: Value) => g.op("Transpose", [g.op("Reshape", [value, split])], { perm: [0, 2, 1, 3] });
    const [query, key, value] = [0, 1, 2].map(() => headsOf(g.op("MatMul", [x, weights(g, width, width)])));
    const scores = g.op("MatMul", [query!, g.op("Transpose", [key!], { perm: [0, 1, 3, 2] })]);
    const attention = g.op("Softmax", [g.op("Mul", [scores, g.constant(float32([1 / Math.sqrt(width / heads)]))])], {
      axis: 3,
    });
    const mixed = g.op("Reshape", [
      g.op("Transpose", [g.op("MatMul", [attention, value!])], { perm: [0, 2, 1, 3] }),
      join,
    ]);
    x = g.op("Add", [x, g.op("MatMul", [mixed, weights(g, width, width)])]);
    const inner = g.op("Relu", [g.op("MatMul", [x, weights(g, width, 4 * width)])]);
    x = g.op("Add", [x, g.op("MatMul", [inner, weights(g, 4 * width, width)])]);
  }
  g.output(g.op("ReduceMean", [x, g.constant(int64([1]))], { keepdims: 0 }), "embedding");
  return g;
}

/** 1 × 28 × 28 pixels → two convolutions → 10 classes. */
function images(): GraphBuilder {
  const g = new GraphBuilder("images");
  let x = g.input("image", "float32", ["N", 1, 28, 28]);
  for (const [from, to] of [
    [1, 8],
    [8, 16],
  ] as const) {
    x = g.op("Relu", [g.op("Conv", [x, weights(g, to, from, 3, 3), weights(g, to)], { pads: [1, 1, 1, 1] })]);
    x = g.op("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  const flat = g.op("Flatten", [x]);
  g.output(g.op("Gemm", [flat, weights(g, 16 * 7 * 7, 10), weights(g, 10)]), "scores");
  return g;
}

/** Values of one example input, four digits each: what a JSON of real measures looks like. */
const values = (...dims: number[]): unknown => {
  const [length, ...inner] = dims;
  if (length === undefined) return Math.round(random() * 10_000) / 10_000;
  return Array.from({ length }, () => values(...inner));
};

/** Writes the projects into `folder`. */
export function benchModels(folder: string): BenchModel[] {
  const drawn = (name: string, about: string, graph: GraphBuilder, inputs: Record<string, unknown>, yaml: string) => {
    const project = path.join(folder, name);
    mkdirSync(project, { recursive: true });
    writeFileSync(path.join(project, "model.onnx"), writeModel(graph.build()));
    writeFileSync(path.join(project, "examples.jsonl"), `${JSON.stringify({ inputs })}\n`);
    writeFileSync(
      path.join(project, "ingot.yaml"),
      `name: ${name}\nversion: 1.0.0\nmodel: model.onnx\nexamples: examples.jsonl\n${yaml}`,
    );
    return { name, about, project };
  };
  const python = pythonEnvironment("serving", path.join(import.meta.dirname, "requirements-models.txt"));
  const trained = spawnSync(python, [path.join(import.meta.dirname, "train.py"), folder], { stdio: "inherit" });
  if (trained.status !== 0) throw new Error("train.py failed");
  const words = Array.from({ length: 32 }, () => Math.floor((random() + 0.5) * 7999));
  return [
    {
      name: "logistic",
      about: "logistic pipeline with categories and missing values, scikit-learn",
      project: path.join(folder, "logistic"),
    },
    { name: "forest", about: "100 trees, 13 columns, scikit-learn", project: path.join(folder, "forest") },
    drawn("network", "2.4 M weights, 256 numbers in", network(), { features: values(256) }, ""),
    drawn("encoder", "6 layers of attention, width 384 (MiniLM's shape), 32 words in", encoder(), { words }, ""),
    drawn("images", "2 convolutions, 28 × 28 pixels in", images(), { image: values(1, 28, 28) }, ""),
  ];
}
