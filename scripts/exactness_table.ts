// How far converted models are from the libraries they come from: one row per case, over all library versions that trained it.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { convertModel } from "../src/convert/index.ts";
import { detectFormat, memoryFile } from "../src/formats/index.ts";
import { type Tensor, writeModel } from "../src/onnx/index.ts";
import { openPredictor } from "../src/runtime/index.ts";
import {
  type Cell,
  caseNames,
  type Difference,
  differenceOf,
  feedsOf,
  numberOf,
  readCase,
  readModelFile,
  rowsOf,
} from "../test/convert/fixture.ts";
import { answeredBy, answersOf, convertedCase, feedsOfCase, sklearnCases } from "../test/convert/sklearn/fixture.ts";

const runtimes = ["native", "wasm", "micro"] as const;
const root = path.join(import.meta.dirname, "..");
const titles: Readonly<Record<string, string>> = {
  catboost: "CatBoost",
  lightgbm: "LightGBM",
  sklearn: "scikit-learn",
  xgboost: "XGBoost",
};

interface Row {
  readonly about: string;
  readonly versions: string[];
  rows: number;
  readonly exact: Set<string>;
  readonly near: Set<string>;
  /** Per runtime: values that are promised exact and are not. */
  readonly broken: Record<string, number>;
  /** Per runtime: the largest difference of the others. */
  readonly distance: Record<string, number>;
}

let compared = 0;
let broken = 0;
const sections: string[] = [];
await sklearnSection();
for (const library of libraries()) {
  const table = new Map<string, Row>();
  for (const name of caseNames(library)) await compare(library, name, table);
  sections.push(section(library, table));
}
const page = [
  "# Exactness",
  "",
  "Made by `npm run exactness`: models trained by the libraries themselves, converted, and run on rows with every split threshold and its",
  "floating-point neighbours, NaN, infinities, denormals and unseen categories. The first runtime columns compare, bit for bit, what is promised",
  "exact; the last ones show the largest difference of what is promised within a tolerance. `native` is ONNX Runtime, `wasm` ONNX Runtime Web,",
  "`micro` Ingot's own evaluator. For scikit-learn the difference is relative to the larger of 1 and the library's value.",
  "",
  "Nearest neighbours are the exception that no table shows: of training rows at exactly the same distance the graph takes the first in the file,",
  "scikit-learn those that its search tree or a partial sort meets first, which depends on the release, on the processor and on how many rows are asked",
  "at once. Where such a tie stands at the border of the k nearest, an answer may be another (24 to 32 of 300 labels of rounded irises);",
  "the cases below have no such ties, and a conversion with neighbours says so.",
  "",
  `${compared.toLocaleString("en")} values compared, ${broken} of those promised exact differ.`,
  "",
  ...sections,
].join("\n");
writeFileSync(path.join(root, "docs", "exactness.md"), page);
process.stdout.write(page);
process.exitCode = broken > 0 ? 1 : 0;

function libraries(): string[] {
  const folder = path.join(root, "fixtures");
  return readdirSync(folder)
    .filter((name) => name !== "sklearn" && existsSync(path.join(folder, name, "data")))
    .sort();
}

async function compare(library: string, name: string, table: Map<string, Row>): Promise<void> {
  const fixture = readCase(library, name);
  const file = memoryFile(readModelFile(fixture), fixture.model);
  const format = await detectFormat(file);
  const { model, schema, promises } = convertModel(format, await format.read(file), fixture.options);
  const columns = rowsOf(fixture);
  const feeds = feedsOf(columns, schema);
  const bytes = writeModel(model);
  const row = rowFor(table, name.replace(`-${fixture.version}`, ""), fixture.about);
  if (!row.versions.includes(fixture.version)) row.versions.push(fixture.version);
  row.rows = Math.max(row.rows, columns[0]!.length);
  for (const runtime of runtimes) {
    const predictor = await openPredictor({ bytes }, schema, { runtime });
    const results = await predictor.run(feeds);
    await predictor.close();
    for (const [output, expected] of Object.entries(fixture.outputs))
      note(row, runtime, output, promises[output]!.exact, differenceOf(results[output]!, expected));
  }
}

/** One row per object, over all releases that fitted it; its fixtures have a layout of their own. */
async function sklearnSection(): Promise<void> {
  const table = new Map<string, Row>();
  for (const [version, cases] of [...sklearnCases()].sort(byRelease))
    for (const one of cases) {
      const { model, schema, promises } = await convertedCase(one);
      const bytes = writeModel(model);
      const feeds = feedsOfCase(one, schema);
      const why = one.tolerance === undefined ? "" : "; large terms cancel: the order of a sum moves its last digits";
      const row = rowFor(table, `${one.family}: ${one.case}`, one.form + why);
      row.versions.push(version);
      row.rows = Math.max(row.rows, Object.values(feeds)[0]!.dims[0]!);
      for (const runtime of runtimes) {
        const predictor = await openPredictor({ bytes }, schema, { runtime });
        const results = await answeredBy(predictor, one, feeds);
        await predictor.close();
        for (const [output, expected] of answersOf(one, schema))
          note(row, runtime, output, promises[output]!.exact, relativeDifference(results[output]!, expected));
      }
    }
  for (const row of table.values()) row.versions.splice(0, row.versions.length, `${row.versions.length} releases`);
  sections.push(section("sklearn", table));
}

function byRelease([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Like `differenceOf`, with the distance relative to the larger of 1 and the library's value; labels of any type by value. */
function relativeDifference(actual: Tensor, expected: readonly Cell[]): Difference {
  let differing = 0;
  let most = 0;
  expected.forEach((want, at) => {
    const got = actual.data[at]!;
    if (typeof got === "string") {
      differing += Number(got !== want);
      return;
    }
    const [number, goal] = [Number(got), numberOf(want)];
    if (number === goal || (Number.isNaN(number) && Number.isNaN(goal))) return;
    differing++;
    const distance = Math.abs(number - goal) / Math.max(1, Math.abs(goal));
    most = Math.max(most, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
  });
  return { values: expected.length, differing, maxAbsolute: most, maxUlp: 0 };
}

function rowFor(table: Map<string, Row>, key: string, about: string): Row {
  const row = table.get(key) ?? {
    about,
    versions: [],
    rows: 0,
    exact: new Set(),
    near: new Set(),
    broken: {},
    distance: {},
  };
  table.set(key, row);
  return row;
}

function note(row: Row, runtime: string, output: string, exact: boolean, found: Difference): void {
  compared += found.values;
  (exact ? row.exact : row.near).add(output);
  if (exact) {
    row.broken[runtime] = (row.broken[runtime] ?? 0) + found.differing;
    broken += found.differing;
  } else row.distance[runtime] = Math.max(row.distance[runtime] ?? 0, found.maxAbsolute);
}

function section(library: string, table: ReadonlyMap<string, Row>): string {
  const head = ["case", "what for", "versions", "rows", "exact", ...runtimes, "near", ...runtimes];
  const lines = [...table].map(([name, row]) => [
    name,
    row.about,
    row.versions.join(", "),
    row.rows,
    [...row.exact].join(", "),
    ...runtimes.map((runtime) =>
      row.broken[runtime] === undefined ? "" : row.broken[runtime] === 0 ? "equal" : `${row.broken[runtime]} differ`,
    ),
    [...row.near].join(", "),
    ...runtimes.map((runtime) => distance(row.distance[runtime])),
  ]);
  const markdown = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
  return [`## ${titles[library] ?? library}`, "", ...markdown, ""].join("\n");
}

function distance(value: number | undefined): string {
  if (value === undefined) return "";
  return value === 0 ? "equal" : value.toExponential(1);
}
