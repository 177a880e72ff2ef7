// What each scanner says of the malicious corpus and of real files, and what it misses.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { atLeast, type ScanReport } from "../../src/scan/index.ts";
import { corpus } from "../../test/scan/corpus/index.ts";
import { markdown } from "../measure.ts";
import { writeHonestFiles } from "./honest_files.ts";

type Verdicts = Readonly<Record<string, "found" | "gave up" | "clean">>;

const others = ["modelscan", "picklescan", "strict", "fickling"] as const;
const titles: Readonly<Record<string, string>> = { strict: "picklescan --strict" };
const shown = 400;

/** The section of the page. `ingot` is the command line. */
export function compareDetection(work: string, python: string, ingot: string): string {
  const [malicious, honest] = [path.join(work, "malicious"), path.join(work, "honest")];
  mkdirSync(malicious);
  mkdirSync(honest);
  const samples = corpus();
  for (const { name, bytes } of samples) writeFileSync(path.join(malicious, name), bytes);
  const real = writeHonestFiles(honest);
  const techniques = new Map(samples.map(({ name, technique }) => [name, technique]));

  const rows: (string | number)[][] = [
    [
      "",
      `malicious files found (of ${samples.length})`,
      "gave up",
      "called clean",
      `real files reported (of ${real})`,
      "gave up on",
    ],
  ];
  const misses: string[] = [];
  const ours = { malicious: judged(ingot, malicious), honest: judged(ingot, honest) };
  for (const tool of ["ingot", ...others]) {
    const bad = tool === "ingot" ? ours.malicious : judgedBy(python, tool, malicious);
    const good = tool === "ingot" ? ours.honest : judgedBy(python, tool, honest);
    const title = titles[tool] ?? tool;
    rows.push([
      title,
      count(bad, "found"),
      count(bad, "gave up"),
      count(bad, "clean"),
      count(good, "found"),
      count(good, "gave up"),
    ]);
    const missed = Object.keys(bad).filter((name) => bad[name] === "clean");
    if (missed.length > 0)
      misses.push(
        `<details><summary>${title} calls ${missed.length} malicious files clean</summary>\n`,
        ...missed.slice(0, shown).map((name) => `- \`${name}\`: ${techniques.get(name) ?? ""}`),
        "</details>",
        "",
      );
    const wrong = Object.keys(good).filter((name) => good[name] === "found");
    if (wrong.length > 0)
      misses.push(`${title} reports real files: ${wrong.slice(0, 40).join(", ")}${wrong.length > 40 ? " …" : ""}`, "");
  }
  return [
    "Found: the scanner reports the file (Ingot: a critical or high finding). Gave up: it says that it could not judge (an error, not",
    "scanned; Ingot: `unknown`, which exits 1 like a finding, or a medium finding alone). The malicious corpus is `test/scan/corpus`, the",
    "real files are the fixtures: scikit-learn of ten releases, XGBoost, LightGBM, CatBoost, PyTorch, Keras, TensorFlow, joblib, NumPy, ONNX.",
    "",
    markdown(rows),
    "",
    ...misses,
  ].join("\n");
}

function count(verdicts: Verdicts, verdict: string): number {
  return Object.values(verdicts).filter((one) => one === verdict).length;
}

function judgedBy(python: string, tool: string, folder: string): Verdicts {
  const script = path.join(import.meta.dirname, "judge.py");
  return JSON.parse(
    execFileSync(python, [script, tool, folder], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
}

/** One scan of the whole folder; a file is as good as what is in it. */
function judged(ingot: string, folder: string): Verdicts {
  const run = spawnSync(process.execPath, [ingot, "scan", folder, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 });
  const report = JSON.parse(run.stdout) as ScanReport;
  const top = (file: string) => file.slice(folder.length + 1).split("!/", 1)[0]!;
  const verdicts: Record<string, "found" | "gave up" | "clean"> = {};
  for (const file of report.files) {
    const name = top(file.path);
    verdicts[name] ??= "clean";
    if (file.covered < file.size || file.unread.length > 0) verdicts[name] = "gave up";
  }
  for (const finding of report.findings)
    if (atLeast(finding.severity, "high")) verdicts[top(finding.file)] = "found";
    else if (finding.severity === "medium" && verdicts[top(finding.file)] === "clean")
      verdicts[top(finding.file)] = "gave up";
  return verdicts;
}
