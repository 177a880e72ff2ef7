// Reading, converting and writing a large LightGBM model, against onnxmltools doing the same in Python.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { commands, duration, markdown } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";

const here = import.meta.dirname;
const python = pythonEnvironment("onnxmltools", path.join(here, "onnxmltools/requirements.txt"));
const script = (name: string) => path.join(here, "onnxmltools", name);
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-lightgbm-"));
try {
  const megabytes = Number(process.env["BENCH_MEGABYTES"] ?? 100);
  const model = path.join(work, "model.txt");
  execFileSync(python, [script("lightgbm_model.py"), model, String(megabytes)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const graphs = { ingot: path.join(work, "ingot.onnx"), onnxmltools: path.join(work, "onnxmltools.onnx") };
  const runs = commands(
    {
      ingot: [process.execPath, path.join(here, "convert_child.ts"), model, graphs.ingot],
      onnxmltools: [python, script("convert_lightgbm.py"), model, graphs.onnxmltools],
    },
    1,
  );
  const size = statSync(model).size;
  const megabytesOf = (file: string) => (existsSync(file) ? `${(statSync(file).size / 1e6).toFixed(1)} MB` : "");
  const row = (name: keyof typeof graphs) => {
    const { ms, peakMiB } = runs[name]!;
    const times = ms / runs["ingot"]!.ms;
    return [
      name,
      duration(ms),
      `${times.toPrecision(2)} ×`,
      `${Math.round(peakMiB)} MiB`,
      `${((peakMiB * 2 ** 20) / size).toFixed(1)} × the file`,
      megabytesOf(graphs[name]),
    ];
  };
  console.log(
    [
      "## Converting LightGBM",
      "",
      `A LightGBM text model of ${(size / 1e6).toFixed(0)} MB, whole process: start, read, convert, write (goals: faster than onnxmltools, memory at most`,
      "4 × the file). Ingot writes float64 with the library's own bits, onnxmltools float32.",
      "",
      markdown([["", "time", "", "peak memory", "", "graph"], row("ingot"), row("onnxmltools")]),
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
