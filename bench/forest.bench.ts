// A forest of scikit-learn: one row and ten thousand in Ingot's graph, in that of skl2onnx and in the library itself; and converting a
// large one.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { sklearnConverter } from "../src/convert/sklearn/index.ts";
import { detectFormat, openFile, type PythonModel } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";
import { duration, functions, markdown, type Sample } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";

const here = import.meta.dirname;
const python = pythonEnvironment("forest", path.join(here, "forest/requirements.txt"));
const megabytes = Number(process.env["BENCH_MEGABYTES"] ?? 500);
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-forest-"));
const features = 20;
const many = 10_000;
/** Calls in one measurement of a single row, so that the clock's grain does not show. */
const calls = 200;

try {
  execFileSync(python, [path.join(here, "forest/forest.py"), work, String(megabytes)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  // First, while this process is small: the peak is that of reading, converting and writing.
  const before = process.resourceUsage().maxRSS / 1024;
  const started = performance.now();
  const large = (await converted("large.pkl")).byteLength;
  const took = performance.now() - started;
  const peak = process.resourceUsage().maxRSS / 1024;
  const size = statSync(path.join(work, "large.pkl")).size;

  const bytes = await converted("forest.pkl");
  const library = JSON.parse(readFileSync(path.join(work, "sklearn.json"), "utf8")) as { one: number; many: number };
  const expected = floats("probabilities.bin");
  const answers = await answersOf(bytes);
  const differing = answers.filter((value, i) => value !== expected[i]).length;
  const rows: (string | number)[][] = [["", "threads", "one row", `${many} rows`, "graph"]];
  rows.push(["scikit-learn", "", duration(library.one * 1000), duration(library.many * 1000), ""]);
  for (const threads of [1, 0]) {
    const graphs: [string, Uint8Array, "float64" | "float32"][] = [
      ["ingot", bytes, "float64"],
      ["skl2onnx", readFileSync(path.join(work, "skl2onnx.onnx")), "float32"],
    ];
    const samples = await sampled(graphs, threads);
    for (const [name, graph] of graphs)
      rows.push([
        name,
        threads || "all",
        duration(samples[`${name} one`]!.ms / calls),
        duration(samples[`${name} many`]!.ms),
        `${(graph.byteLength / 1e6).toFixed(2)} MB`,
      ]);
  }
  console.log(
    [
      "## A forest of 100 trees and three classes",
      "",
      `Medians. ${differing} of ${expected.length} probabilities differ from scikit-learn's in any bit; skl2onnx's are float32.`,
      "",
      markdown(rows),
      "",
      `A pickle of ${(size / 1e6).toFixed(0)} MB: read, converted and written in ${duration(took)}, peak memory ${Math.round(peak)} MiB (${(
        ((peak - before) * 2 ** 20) / size
      ).toFixed(1)} × the file above the start of Node), graph ${(large / 1e6).toFixed(0)} MB.`,
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function converted(name: string): Promise<Uint8Array> {
  await using file = await openFile(path.join(work, name));
  const model = (await (await detectFormat(file)).read(file)) as PythonModel;
  return writeModel(sklearnConverter.convert(model, {}).model);
}

function floats(name: string): Float64Array {
  const file = readFileSync(path.join(work, name));
  return new Float64Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
}

function tensor(type: "float64" | "float32", rows: number): Tensor {
  const data = floats("rows.bin").subarray(0, rows * features);
  return type === "float64"
    ? new Tensor("float64", data.slice(), [rows, features])
    : new Tensor("float32", Float32Array.from(data), [rows, features]);
}

async function answersOf(bytes: Uint8Array): Promise<Float64Array> {
  const session = await InferenceSession.create(bytes);
  const results = await session.run({ [session.inputNames[0]!]: tensor("float64", many) });
  await session.release();
  return results["probabilities"]!.data as Float64Array;
}

async function sampled(
  graphs: readonly (readonly [string, Uint8Array, "float64" | "float32"])[],
  threads: number,
): Promise<Record<string, Sample>> {
  const work: Record<string, () => Promise<void>> = {};
  for (const [name, bytes, type] of graphs) {
    const session = await InferenceSession.create(bytes, threads > 0 ? { intraOpNumThreads: threads } : {});
    const input = session.inputNames[0]!;
    const [one, all] = [tensor(type, 1), tensor(type, many)];
    work[`${name} one`] = async () => {
      for (let call = 0; call < calls; call++) await session.run({ [input]: one });
    };
    work[`${name} many`] = async () => {
      await session.run({ [input]: all });
    };
  }
  return functions(work, 15);
}
