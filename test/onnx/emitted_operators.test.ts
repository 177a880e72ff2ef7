// What steps and converters write into graphs runs on micro: the operators are read off their source.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { operators } from "../../src/onnx/evaluate/operators.ts";
import { ruleFor } from "../../src/onnx/infer/rules.ts";

const source = path.join(import.meta.dirname, "../../src");

/** Classes of scikit-learn that are called as an operator is. */
const classes = new Set(["Normalizer", "Binarizer"]);

/** Operators named in `g.op("…")`; where a file takes the name from elsewhere, all its texts that are names of operators. */
function operatorsIn(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const direct = [...text.matchAll(/\.ops?\(\s*"([A-Z]\w*)"/g)].map(([, name]) => name!);
  const isIndirect = /\.ops?\(\s*[a-z(]/.test(text);
  const others = isIndirect ? [...text.matchAll(/"([A-Z][A-Za-z0-9]*)"/g)].map(([, name]) => name!) : [];
  const isOperator = (name: string) => !classes.has(name) && (ruleFor("", name) ?? ruleFor("ai.onnx.ml", name));
  return [...direct, ...others.filter(isOperator)];
}

function emitted(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(path.join(source, folder), { recursive: true, encoding: "utf8" }))
    if (entry.endsWith(".ts"))
      for (const name of operatorsIn(path.join(source, folder, entry))) found.set(name, `${folder}/${entry}`);
  return found;
}

test.each(["pipeline", "convert"])("micro has every operator that %s emits", (folder) => {
  const found = emitted(folder);
  expect(found.size).toBeGreaterThan(50);
  const known = new Set(Object.values(operators).flatMap((table) => Object.keys(table)));
  expect([...found].filter(([name]) => !known.has(name))).toEqual([]);
});
