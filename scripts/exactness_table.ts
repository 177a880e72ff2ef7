// How far converted models are from the libraries they come from: one row per case, over all library versions that trained it.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { convertModel } from "../src/convert/index.ts";
import { detectFormat, memoryFile } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";
import { openPredictor } from "../src/runtime/index.ts";
import {
  caseNames,
  type Difference,
  differenceOf,
  feedsOf,
  readCase,
  readModelFile,
  rowsOf,
} from "../test/convert/fixture.ts";

const runtimes = ["native", "wasm", "micro"] as const;
const root = path.join(import.meta.dirname, "..");
const titles: Readonly<Record<string, string>> = { catboost: "CatBoost", lightgbm: "LightGBM", xgboost: "XGBoost" };

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
  "`micro` Ingot's own evaluator.",
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
    .filter((name) => existsSync(path.join(folder, name, "data")))
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
