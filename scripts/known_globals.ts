// Writes src/scan/globals/estimators.ts from the lines of scripts/known_globals.py: one line per module, names sorted.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const byModule = new Map<string, Set<string>>();
for (const line of readFileSync(0, "utf8").split("\n")) {
  const [module, name] = line.trim().split(" ");
  if (module === undefined || name === undefined) continue;
  const names = byModule.get(module) ?? new Set<string>();
  byModule.set(module, names.add(name));
}
const lines = [...byModule]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([module, names]) => `${module}: ${[...names].sort().join(" ")}`);
const text = `// Written by scripts/known_globals.ts from the libraries themselves: do not edit. One module and its safe names per line.

const listed = \`
${lines.join("\n")}
\`;

/** Module to names of classes that only hold parameters and numbers, and of functions that only compute. */
export const safeEstimators: Readonly<Record<string, string>> = Object.fromEntries(
  listed
    .trim()
    .split("\\n")
    .map((line) => line.split(": ", 2) as [string, string]),
);
`;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
writeFileSync(path.join(root, "src", "scan", "globals", "estimators.ts"), text);
console.log(`${lines.length} modules, ${[...byModule.values()].reduce((sum, names) => sum + names.size, 0)} names`);
