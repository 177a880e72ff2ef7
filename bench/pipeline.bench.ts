// Declared steps: how long compiling takes, and how the fused graph compares with the same steps in pandas and scikit-learn in front of the
// bare model in onnxruntime. Both programs answer in turn, in one run; answers must be equal.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { type Tensor, writeModel } from "../src/onnx/index.ts";
import { compilePipeline } from "../src/pipeline/index.ts";
import { openPredictor } from "../src/runtime/index.ts";
import { duration, functions, markdown, median } from "./measure.ts";
import { compileWide, linear, partsOf } from "./pipeline/wide.ts";
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

/** In this process again and again, and the first time in processes of their own. */
async function compileTimes(): Promise<string> {
  const { steps, columns, nodes, bytes } = compileWide();
  const { compile } = await functions({ compile: compileWide }, rounds);
  const program = path.join(import.meta.dirname, "pipeline/wide.ts");
  const first = Array.from({ length: Math.min(rounds, 9) }, () =>
    Number(execFileSync(process.execPath, [program], { encoding: "utf8" })),
  );
  return `Compiling ${steps} steps on ${columns} columns: ${duration(compile!.ms)} (${duration(compile!.minMs)} to ${duration(compile!.maxMs)}), ${duration(median(first))} for the first in a process; ${nodes} nodes in the graph beside the functions, ${(bytes / 1000).toFixed(0)} kB.`;
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
  const json = JSON.stringify(records);
  writeFileSync(path.join(folder, "rows.json"), json);
  // As they come, and as the Python program reads them.
  const parsed = JSON.parse(json) as Record<string, number | string | null>[];
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
    return (await next()) as unknown as { ms: number[]; sum: number };
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
    // One row is asked often enough for both programs to be warm; in a row, and each time after the other program has had its turn.
    const questions = [
      { count: 1, title: "1 row, one after the other", warm: 5, asked: rounds, times: 20 },
      { count: 1, title: "1 row, after a pause", warm: 20, asked: rounds * 8, times: 1 },
      { count: rows, title: `${rows} rows`, warm: 3, asked: rounds, times: 1 },
    ];
    for (const { count, title, warm, asked, times } of questions) {
      const given = parsed.slice(0, count);
      const tensors = Object.fromEntries(
        made.schema.inputs.map(({ name, dtype }): [string, Tensor] => {
          const values = given.map((record) => record[name]);
          const data =
            dtype === "string"
              ? (values as string[])
              : Float64Array.from(values, (value) => (value as number | null) ?? Number.NaN);
          return [name, { dtype, dims: [count, 1], data }];
        }),
      );
      for (const form of ["records", "frame"]) {
        const [theirs, ours]: [number[], number[]] = [[], []];
        for (let round = -warm; round < asked; round++) {
          const answer = await ask({ rows: count, form, times });
          for (let time = 0; time < times; time++) {
            const start = performance.now();
            const sum =
              form === "records"
                ? (await predictor.predict(given)).reduce((total, { y }) => total + (y as number[])[0]!, 0)
                : ((await predictor.run(tensors))["y"]!.data as Float64Array).reduce((total, y) => total + y, 0);
            if (round >= 0) ours.push(performance.now() - start);
            if (Math.abs(sum - answer.sum) > 1e-8 * Math.max(1, Math.abs(sum)))
              throw new Error(`answers differ: ${sum} and ${answer.sum}`);
          }
          if (round >= 0) theirs.push(...answer.ms);
        }
        const [a, b] = [median(theirs), median(ours)];
        const what = form === "records" ? "records (lists of dicts, of objects)" : "columns (a DataFrame, tensors)";
        table.push([`${title}, ${what}`, duration(a), duration(b), `${(a / b).toFixed(1)} ×`]);
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
