// The fixtures of LightGBM and XGBoost by Ingot and by onnxmltools, on the rows of their data sets (edge rows left out: onnxmltools takes float32 only).
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { convertModel } from "../../src/convert/index.ts";
import { detectFormat, memoryFile } from "../../src/formats/index.ts";
import { writeModel } from "../../src/onnx/index.ts";
import { openPredictor } from "../../src/runtime/index.ts";
import {
  type Cell,
  caseNames,
  type FixtureCase,
  feedsOf,
  numberOf,
  readCase,
  readModelFile,
  rowsOf,
} from "../../test/convert/fixture.ts";
import { markdown } from "../measure.ts";
import { pythonEnvironment } from "../python.ts";
import { distance, head, type Result, silentlyWrong, summary } from "./measured.ts";

/** Releases whose files the packages that onnxmltools still works with can read. */
const readable: Readonly<Record<string, readonly string[]>> = {
  lightgbm: ["2.2.3", "3.3.5", "4.0.0", "4.7.0"],
  xgboost: ["1.7.6", "2.1.4"],
};

/** @param work a folder for files in between; returns lines of Markdown */
export async function boostersSection(work: string): Promise<string[]> {
  const python = pythonEnvironment("boosters", path.join(import.meta.dirname, "boosters.txt"));
  const fixtures = Object.keys(readable).flatMap((library) =>
    caseNames(library)
      .map((name) => readCase(library, name))
      .filter(
        ({ version, options, model }) => readable[library]!.includes(version) && !options && !model.endsWith(".ubj"),
      ),
  );
  const asked = fixtures.map((fixture) => ({
    case: `${fixture.library} ${fixture.case}`,
    library: fixture.library,
    file: modelFile(work, fixture),
    isClassifier: "label" in fixture.outputs,
    columns: ownRows(fixture),
    answers: ownAnswers(fixture),
  }));
  writeFileSync(path.join(work, "boosters.json"), JSON.stringify(asked));
  execFileSync(python, [path.join(import.meta.dirname, "boosters.py"), work], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const theirs = (
    JSON.parse(readFileSync(path.join(work, "boosters.results.json"), "utf8")) as (Result & { library: string })[]
  ).map((one) => ({ ...one, family: one.library }));
  const ours: Result[] = [];
  for (const fixture of fixtures) ours.push(await measured(fixture));
  const rows: (string | number)[][] = [head];
  for (const library of Object.keys(readable))
    for (const [name, results] of [
      ["ingot", ours],
      ["onnxmltools", theirs],
    ] as const)
      rows.push([`${library}: ${name}`, ...summary(results.filter((one) => one.family === library))]);
  return [
    "Model files of LightGBM and XGBoost, with onnxmltools, on the rows of their data sets (it takes float32 only, so no edge rows; columns of XGBoost were renamed f0, f1 …, since it refuses other names):",
    "",
    markdown(rows),
    "",
    `Silently wrong with onnxmltools: ${silentlyWrong(theirs)}.`,
    "",
    `Silently wrong with Ingot: ${silentlyWrong(ours)}.`,
  ];
}

function modelFile(work: string, fixture: FixtureCase): string {
  const file = path.join(work, `${fixture.library}-${fixture.model}`);
  writeFileSync(file, readModelFile(fixture));
  return file;
}

function ownRows(fixture: FixtureCase): Cell[][] {
  const columns = rowsOf(fixture);
  return columns.map((column) => column.slice(0, column.length - fixture.edges.length));
}

function ownAnswers(fixture: FixtureCase): Record<string, Cell[]> {
  const rows = rowsOf(fixture)[0]!.length;
  const own = rows - fixture.edges.length;
  const wanted = Object.entries(fixture.outputs).filter(([name]) => name !== "margin");
  return Object.fromEntries(wanted.map(([name, values]) => [name, values.slice(0, (values.length / rows) * own)]));
}

async function measured(fixture: FixtureCase): Promise<Result> {
  const started = performance.now();
  const file = memoryFile(readModelFile(fixture), fixture.model);
  const format = await detectFormat(file);
  const { model, schema } = convertModel(format, await format.read(file));
  const bytes = writeModel(model);
  const seconds = (performance.now() - started) / 1000;
  const predictor = await openPredictor({ bytes }, schema, { runtime: "native" });
  const outputs = await predictor.run(feedsOf(ownRows(fixture), schema));
  await predictor.close();
  let wrong = 0;
  let error = 0;
  for (const [name, expected] of Object.entries(ownAnswers(fixture)))
    expected.forEach((want, at) => {
      const got = outputs[name]!.data[at]!;
      if (name === "label") wrong += Number(typeof got === "string" ? got !== want : Number(got) !== Number(want));
      else error = Math.max(error, distance(Number(got), numberOf(want)));
    });
  return {
    case: `${fixture.library} ${fixture.case}`,
    family: fixture.library,
    seconds,
    bytes: bytes.length,
    wrong,
    error,
  };
}
