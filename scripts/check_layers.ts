// Enforces the import rule of ARCHITECTURE.md: a folder under src/ imports only folders to its left, and never a file
// inside another layer except its index.ts. Type-only imports count too. Also refuses vague folder and file names.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "rolldown/experimental";

/** Layers from left to right; layers in one row do not know each other. */
export const layers: readonly (readonly string[])[] = [
  ["core"],
  ["onnx"],
  ["formats"],
  ["scan", "pipeline"],
  ["convert"],
  ["runtime"],
  ["oci"],
  ["package"],
  ["serve", "batch", "edge", "staging", "trust"],
  ["registry"],
  ["cli"],
];
const rank = new Map(layers.flatMap((row, index) => row.map((name) => [name, index])));
const vague = /^(utils?|helpers?|common|misc|shared)(\.|$)/;

/** @returns one line per violation */
export function violations(source: string): string[] {
  const found: string[] = [];
  for (const file of readdirSync(source, { recursive: true }).map(String).sort()) {
    const parts = file.split(path.sep);
    if (parts.some((part) => vague.test(part))) found.push(`src/${file}: a name that says what it holds, please`);
    if (!/\.tsx?$/.test(file)) continue;
    const layer = parts[0]!;
    if (!rank.has(layer)) {
      found.push(`src/${file}: no layer is called ${layer} (scripts/check_layers.ts lists them)`);
      continue;
    }
    const absolute = path.join(source, file);
    for (const specifier of importsOf(absolute)) {
      if (!specifier.startsWith(".")) continue;
      const target = path.relative(source, path.resolve(path.dirname(absolute), specifier)).split(path.sep);
      const other = target[0]!;
      if (other === layer) continue;
      if (!rank.has(other)) found.push(`src/${file}: imports ${specifier}, outside src/`);
      else if (rank.get(other)! >= rank.get(layer)!)
        found.push(`src/${file}: ${layer} must not know ${other} (${specifier})`);
      else if (target.length > 2 || target[1] !== "index.ts")
        found.push(`src/${file}: imports ${specifier}; other layers are reached through their index.ts`);
    }
  }
  return found;
}

function importsOf(file: string): string[] {
  const { module, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const text = readFileSync(file, "utf8");
  return [
    ...module.staticImports.map((item) => item.moduleRequest.value),
    ...module.staticExports.flatMap((item) => item.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...module.dynamicImports.map((item) => text.slice(item.moduleRequest.start + 1, item.moduleRequest.end - 1)),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const source = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "src");
  const found = violations(source);
  for (const line of found) console.error(line);
  console.log(found.length === 0 ? "layers: every import points left" : `layers: ${found.length} violations`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
