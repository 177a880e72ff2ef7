// Projects for tests: the demo's real LightGBM model with a few of its examples.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const demo = path.join(import.meta.dirname, "..", "..", "demo");

/** @param change edits the text of ingot.yaml */
export function demoProject(folder: string, change: (yaml: string) => string = (yaml) => yaml): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["delay.txt", "requirements.txt", "README.md", "train.py"])
    copyFileSync(path.join(demo, name), path.join(folder, name));
  const rows = readFileSync(path.join(demo, "examples.jsonl"), "utf8").split("\n").slice(0, 10);
  writeFileSync(path.join(folder, "examples.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(path.join(folder, "ingot.yaml"), change(readFileSync(path.join(demo, "ingot.yaml"), "utf8")));
  return folder;
}

export function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}
