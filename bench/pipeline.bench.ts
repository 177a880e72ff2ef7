// Declared steps: how long compiling takes, and how the fused graph compares with the same steps in pandas and scikit-learn in front of the
// bare model in onnxruntime. Both programs answer in turn, in one run; answers must be equal.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Schema } from "../src/core/index.ts";
import { float64, GraphBuilder, type Model, type Tensor, writeModel } from "../src/onnx/index.ts";
import { compilePipeline, declaredSteps, type PipelineParts } from "../src/pipeline/index.ts";
import { openPredictor } from "../src/runtime/index.ts";
import { duration, functions, markdown, median } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";

const rounds = Number(process.env["INGOT_BENCH_ROUNDS"] ?? 15);
const rows = 10_000;
const folder = mkdtempSync(path.join(tmpdir(), "ingot-bench-pipeline-"));

try {
  const compiled = await compileTimes();
  const answers = await against();
  console.log(["## Declared steps", "", compiled, "", answers].join("\n"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** y = x · w on one matrix, in float64. */
function linear(width: number): { model: Model; schema: Schema } {
  const g = new GraphBuilder("linear");
  const x = g.input("features", "float64", ["N", width]);
  const weights = Array.from({ length: width }, (_, k) => ((k * 7) % 11) / 10 - 0.5);
  g.output(g.op("MatMul", [x, g.constant(float64(weights, [width, 1]))]), "y");
  const spec = { type: "float", dtype: "float64", layout: "batch" } as const;
  return {
    model: g.build(),
    schema: {
      inputs: [{ ...spec, name: "features", shape: [width], missing: "refuse" }],
      outputs: [{ ...spec, name: "y", shape: [1] }],
    },
  };
}

function partsOf(schema: Schema, inputs: PipelineParts["inputs"], before: readonly unknown[]): PipelineParts {
  const where = () => "ingot.yaml";
  return { inputs, before: declaredSteps(before, "before", where), after: [], schema, where };
}

/** 50 steps on 200 columns, from the parsed file to the bytes of the graph. */
async function compileTimes(): Promise<string> {
  const names = Array.from({ length: 200 }, (_, k) => `c${k}`);
  const list = (value: number) => names.map((_, k) => value + k / 100);
  const kinds: readonly Record<string, unknown>[] = [
    { standardize: { columns: ["c*"], mean: list(1), scale: list(2) } },
    { clip: { columns: ["c*"], min: list(-9), max: 100 } },
    { min_max: { columns: ["c*"], min: list(-10), max: list(10) } },
    { robust: { columns: ["c*"], center: list(0), scale: 3 } },
    { max_abs: { columns: ["c*"], max_abs: list(4) } },
    { compute: { c0: "c1 / (c2 + 1)", c3: "if(c4 > 0, c4, -c5)" } },
    { log1p: { columns: names.slice(0, 100) } },
    { impute: { columns: names.slice(0, 100), value: 0 } },
  ];
  const before = [{ impute: { columns: ["c*"], value: list(1) } }];
  const steps = [
    ...before,
    ...Array.from({ length: 48 }, (_, k) => kinds[k % kinds.length]!),
    { stack: { columns: ["c*"], into: "features" } },
  ];
  const { model, schema } = linear(200);
  const inputs = names.map((name) => ({ name, type: "float" as const, missing: "allow" as const }));
  let nodes = 0;
  let bytes = 0;
  const { compile } = await functions(
    {
      compile: () => {
        const made = compilePipeline(partsOf(schema, inputs, steps), model).model;
        nodes = made.graph.nodes.length;
        bytes = writeModel(made).length;
      },
    },
    rounds,
  );
  return `Compiling ${steps.length} steps on 200 columns: ${duration(compile!.ms)} (${duration(compile!.minMs)} to ${duration(compile!.maxMs)}); ${nodes} nodes in the graph beside the functions, ${(bytes / 1000).toFixed(0)} kB.`;
}

async function against(): Promise<string> {
  const numbers = Array.from({ length: 20 }, (_, k) => `n${k}`);
  const texts = Array.from({ length: 4 }, (_, k) => `t${k}`);
  const words = ["red", "green", "blue", "grey", "black", "white", "pink", "gold"];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const records = Array.from({ length: rows }, () => ({
    ...Object.fromEntries(numbers.map((name) => [name, random() < 0.1 ? null : (random() - 0.5) * 120])),
    ...Object.fromEntries(texts.map((name) => [name, words[Math.floor(random() * words.length)]!])),
  }));
  const width = numbers.length + 4 + texts.length * words.length;
  const { model, schema } = linear(width);
  writeFileSync(path.join(folder, "rows.json"), JSON.stringify(records));
  writeFileSync(path.join(folder, "model.onnx"), writeModel(model));
  const scripts = path.join(import.meta.dirname, "pipeline");
  const python = pythonEnvironment("pipeline", path.join(scripts, "requirements.txt"));
  const child = spawn(
    python,
    [path.join(scripts, "answer.py"), path.join(folder, "rows.json"), path.join(folder, "model.onnx")],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the Python program ended");
    return JSON.parse(value as string) as Record<string, never>;
  };
  const ask = async (question: unknown) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    return (await next()) as unknown as { ms: number; sum: number };
  };
  try {
    const fitted = (await next()) as unknown as {
      fill: number[];
      mean: number[];
      scale: number[];
      categories: string[][];
    };
    const ratios = Object.fromEntries(
      [0, 1, 2, 3].map((k) => [`ratio${k}`, `(n${k} ?? 0) / ((n${k + 4} ?? 0) ** 2 + 1)`]),
    );
    const steps = [
      { compute: ratios },
      { impute: { columns: numbers, value: fitted.fill } },
      { clip: { columns: numbers, min: -50, max: 50 } },
      { standardize: { columns: numbers, mean: fitted.mean, scale: fitted.scale } },
      {
        one_hot: {
          columns: texts,
          categories: Object.fromEntries(texts.map((name, k) => [name, fitted.categories[k]])),
        },
      },
      {
        stack: {
          columns: [
            ...numbers,
            ...Object.keys(ratios),
            ...texts.flatMap((name, k) => fitted.categories[k]!.map((word) => `${name}_${word}`)),
          ],
          into: "features",
        },
      },
    ];
    const inputs = [
      ...numbers.map((name) => ({ name, type: "float" as const, missing: "allow" as const })),
      ...texts.map((name) => ({ name, type: "string" as const })),
    ];
    const made = compilePipeline(partsOf(schema, inputs, steps), model);
    const predictor = await openPredictor({ bytes: writeModel(made.model) }, made.schema, {
      threads: 1,
      pipeline: { work: made.work, read: () => Promise.reject(new Error("no files")) },
    });
    const table: (string | number)[][] = [["", "pandas + scikit-learn + onnxruntime", "fused graph", "ratio"]];
    for (const count of [1, rows]) {
      const given = records.slice(0, count);
      const tensors = Object.fromEntries(
        made.schema.inputs.map(({ name, dtype }): [string, Tensor] => {
          const values = given.map((record) => (record as Record<string, number | string | null>)[name]);
          const data =
            dtype === "string"
              ? (values as string[])
              : Float64Array.from(values, (value) => (value as number | null) ?? Number.NaN);
          return [name, { dtype, dims: [count, 1], data }];
        }),
      );
      for (const form of ["records", "frame"]) {
        const [theirs, ours]: [number[], number[]] = [[], []];
        for (let round = -3; round < rounds; round++) {
          const answer = await ask({ rows: count, form });
          const start = performance.now();
          const sum =
            form === "records"
              ? (await predictor.predict(given)).reduce((total, { y }) => total + (y as number[])[0]!, 0)
              : ((await predictor.run(tensors))["y"]!.data as Float64Array).reduce((total, y) => total + y, 0);
          const ms = performance.now() - start;
          if (Math.abs(sum - answer.sum) > 1e-8 * Math.max(1, Math.abs(sum)))
            throw new Error(`answers differ: ${sum} and ${answer.sum}`);
          if (round < 0) continue;
          theirs.push(answer.ms);
          ours.push(ms);
        }
        const [a, b] = [median(theirs), median(ours)];
        const what = form === "records" ? "records (lists of dicts, of objects)" : "columns (a DataFrame, tensors)";
        table.push([
          `${count} ${count === 1 ? "row" : "rows"}, ${what}`,
          duration(a),
          duration(b),
          `${(a / b).toFixed(1)} ×`,
        ]);
      }
    }
    await predictor.close();
    return [
      "20 columns of numbers (imputed, clipped, standardized), four expressions, four columns of texts one-hot, then a linear model; one thread each:",
      "",
      markdown(table),
    ].join("\n");
  } finally {
    child.stdin.end();
  }
}
