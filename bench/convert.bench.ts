// Reading, converting and writing large models, against onnxmltools doing the same in Python.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { commands, duration, markdown } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";

const here = import.meta.dirname;
const python = pythonEnvironment("onnxmltools", path.join(here, "onnxmltools/requirements.txt"));
const script = (name: string) => path.join(here, "onnxmltools", name);
const megabytes = Number(process.env["BENCH_MEGABYTES"] ?? 100);
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-convert-"));

try {
  console.log(
    [
      "## Converting",
      "",
      `Models of about ${megabytes} MB, whole process: start, read, convert, write; median time and highest peak of three runs (goals: faster than onnxmltools, memory at most 4 × the`,
      "file). Ingot's graphs have the library's own bits; those of onnxmltools are float32 throughout.",
      "",
      ...compared("LightGBM text", "lightgbm", "model.txt"),
      "",
      ...compared("XGBoost JSON", "xgboost", "model.json", "model.ubj"),
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** @param file what both convert; `other` is the same model in a form that only Ingot is given */
function compared(title: string, library: string, file: string, other?: string): string[] {
  const model = path.join(work, file);
  execFileSync(python, [script(`${library}_model.py`), model, String(megabytes)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const graph = (name: string) => path.join(work, `${library}-${name}.onnx`);
  const ingot = (from: string, name: string) => [
    process.execPath,
    path.join(here, "..", "bin", "ingot.mjs"),
    "convert",
    path.join(work, from),
    "-o",
    graph(name),
  ];
  const table: Record<string, string[]> = {
    ingot: ingot(file, "ingot"),
    ...(other ? { "ingot, UBJSON": ingot(other, "ingot, UBJSON") } : {}),
    onnxmltools: [python, script(`convert_${library}.py`), model, graph("onnxmltools")],
  };
  const runs = commands(table, 3);
  const rows = Object.entries(runs).map(([name, { ms, peakMiB }]) => {
    const size = statSync(name.includes(",") && other ? path.join(work, other) : model).size;
    return [
      name,
      duration(ms),
      `${(ms / runs["ingot"]!.ms).toPrecision(2)} ×`,
      `${Math.round(peakMiB)} MiB`,
      `${((peakMiB * 2 ** 20) / size).toFixed(1)} × the file`,
      existsSync(graph(name)) ? `${(statSync(graph(name)).size / 1e6).toFixed(1)} MB` : "",
    ];
  });
  const size = (statSync(model).size / 1e6).toFixed(0);
  return [`${title}, ${size} MB:`, "", markdown([["", "time", "", "peak memory", "", "graph"], ...rows])];
}
