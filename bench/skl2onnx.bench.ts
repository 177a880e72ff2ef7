// Every scikit-learn fixture of one release, converted by Ingot and by skl2onnx in one run: how many convert, how far the answers are from
// the library's, how long it takes and how large the graphs are; one pipeline as a whole process; and boosters against onnxmltools.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { convertModel } from "../src/convert/index.ts";
import { IngotError } from "../src/core/index.ts";
import { detectFormat, memoryFile } from "../src/formats/index.ts";
import { type Tensor, writeModel } from "../src/onnx/index.ts";
import { openPredictor } from "../src/runtime/index.ts";
import { numberOf } from "../test/convert/fixture.ts";
import {
  answersOf,
  feedsOfCase,
  libraryAnswers,
  modelOf,
  type SklearnCase,
  sklearnCases,
} from "../test/convert/sklearn/fixture.ts";
import { commands, duration, markdown } from "./measure.ts";
import { pythonEnvironment } from "./python.ts";
import { boostersSection } from "./skl2onnx/boosters.ts";
import { distance, head, type Result, silentlyWrong, summary } from "./skl2onnx/measured.ts";

const version = "1.7.2";
const root = path.join(import.meta.dirname, "..");
const scripts = path.join(import.meta.dirname, "skl2onnx");
const python = pythonEnvironment("skl2onnx", path.join(scripts, "requirements.txt"));
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-skl2onnx-"));

try {
  const cases = sklearnCases()
    .get(version)!
    .filter(({ form }) => form !== "skops");
  writeFileSync(path.join(work, "cases.json"), JSON.stringify(cases));
  loose(cases);
  execFileSync(python, [path.join(scripts, "convert.py"), work], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const theirs = JSON.parse(readFileSync(path.join(work, "results.json"), "utf8")) as Result[];
  const ours: Result[] = [];
  for (const one of cases) ours.push(await measured(one));

  const families = [...new Set(cases.map(({ family }) => family))];
  const rows: (string | number)[][] = [head];
  for (const family of [...families, "all"])
    for (const [name, results] of [
      ["ingot", ours],
      ["skl2onnx", theirs],
    ] as const)
      rows.push([`${family}: ${name}`, ...summary(results.filter((one) => family === "all" || one.family === family))]);

  const target = path.join(work, "one.onnx");
  // The demo's own pipeline is beyond skl2onnx, which fills no missing texts.
  const forest = cases.find(({ case: name, form }) => name.startsWith("forest-of-") && form.startsWith("pickle"))!;
  const model = path.join(work, "models", forest.model);
  // On the project's own Node: an older one starts that first, which is a second process.
  const convert = [process.execPath, path.join(root, "bin/ingot.mjs"), "convert", model, "--quiet", "--output"];
  const whole = commands({
    graph: [...convert, path.join(work, "ours.onnx"), "--no-certificate"],
    certified: [...convert, path.join(work, "certified.onnx")],
    skl2onnx: [python, path.join(scripts, "one.py"), model, target],
  });
  const times = (name: string) => `${(whole["skl2onnx"]!.ms / whole[name]!.ms).toFixed(1)} ×`;
  const boosters = await boostersSection(work);
  console.log(
    [
      `## Converting scikit-learn ${version}: against skl2onnx`,
      "",
      "The fixtures' fitted objects (no skops files: the others cannot read them), each with its rows, in ONNX Runtime. skl2onnx gets double inputs,",
      "or float ones where those convert better. Errors are relative to the larger of 1 and the library's value. Times are of one conversion of each:",
      "Ingot's begin with the bytes of the file, skl2onnx's with the object that joblib has read.",
      "",
      markdown(rows),
      "",
      `Silently wrong with skl2onnx (wrong labels, or an error above 1e-3): ${silentlyWrong(theirs)}.`,
      "",
      `Silently wrong with Ingot: ${silentlyWrong(ours)}.`,
      "",
      `One forest (${forest.case}) as a whole process, from the pickle to the graph on disk, started on Node ${process.versions.node} itself:`,
      `ingot ${duration(whole["graph"]!.ms)}, skl2onnx ${duration(whole["skl2onnx"]!.ms)} (${times("graph")}); ingot with the certificate, for which it runs the graph`,
      `on two runtimes, ${duration(whole["certified"]!.ms)} (${times("certified")}).`,
      "",
      ...boosters,
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** The files of the cases as convert.py reads them. */
function loose(cases: readonly SklearnCase[]): void {
  for (const folder of ["models", "outputs"]) mkdirSync(path.join(work, folder));
  cpSync(path.join(root, "fixtures/sklearn/data"), path.join(work, "data"), { recursive: true });
  for (const one of cases) {
    writeFileSync(path.join(work, "models", one.model), modelOf(one));
    writeFileSync(path.join(work, "outputs", `${one.outputs}.json`), JSON.stringify(libraryAnswers(one)));
  }
}

async function measured(one: SklearnCase): Promise<Result> {
  const { family } = one;
  const file = memoryFile(modelOf(one), one.model);
  try {
    const started = performance.now();
    const format = await detectFormat(file);
    const { model, schema } = convertModel(format, await format.read(file), one.convert);
    const bytes = writeModel(model);
    const seconds = (performance.now() - started) / 1000;
    const predictor = await openPredictor({ bytes }, schema, { runtime: "native" });
    const outputs = await predictor.run(feedsOfCase(one, schema));
    await predictor.close();
    let wrong = 0;
    let error = 0;
    for (const [name, expected] of answersOf(one, schema))
      expected.forEach((want, at) => {
        const got = outputs[name]!.data[at]!;
        if (schema.outputs.find((output) => output.name === name)!.role === "label") wrong += Number(!same(got, want));
        else error = Math.max(error, distance(Number(got), numberOf(want)));
      });
    return { case: one.case, family, seconds, bytes: bytes.length, wrong, error };
  } catch (problem) {
    if (!(problem instanceof IngotError)) throw problem;
    return { case: one.case, family, problem: problem.message };
  }
}

function same(got: Tensor["data"][number], want: unknown): boolean {
  return typeof got === "string" ? got === want : Number(got) === Number(want);
}
