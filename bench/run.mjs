// `npm run bench [name …]`: runs the benchmarks one after the other and writes docs/benchmarks.md. Each prints a Markdown section.
// `npm run bench soak -- --minutes 30` runs the soak of the server, which prints what it counted and writes nothing.
// Plain JavaScript: it first brings the project's own Node.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { root, setUp } from "../scripts/setup.mjs";

const page = path.join(root, "docs", "benchmarks.md");
const all = readdirSync(path.join(root, "bench"))
  .filter((name) => name.endsWith(".bench.ts"))
  .sort();
const known = all.map((name) => name.replace(".bench.ts", ""));
const [soak, ...soakArguments] = process.argv.slice(2);
const unknown = soak === "soak" ? undefined : process.argv.slice(2).find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`error: there is no benchmark \`${unknown}\`\n  fix: one of ${known.join(", ")}, soak\n`);
  process.exit(2);
}
const node = setUp();
if (soak === "soak") {
  const run = spawnSync(node, [path.join(root, "bench", "soak.ts"), ...soakArguments], { cwd: root, stdio: "inherit" });
  process.exit(run.status ?? 1);
}
const chosen = process.argv.slice(2);
const names = chosen.length === 0 ? all : all.filter((name) => chosen.includes(name.replace(".bench.ts", "")));

const sections = sectionsOf(page);
for (const name of names) {
  const key = name.replace(".bench.ts", "");
  process.stderr.write(`• ${key}\n`);
  const run = spawnSync(node, ["--expose-gc", path.join(root, "bench", name)], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) {
    process.exitCode = 1;
    continue;
  }
  process.stdout.write(run.stdout);
  sections.set(key, run.stdout.trim());
}

const cpu = `${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${process.platform}-${process.arch}`;
const text = [
  "# Benchmarks",
  "",
  "Made by `npm run bench`; one section by `npm run bench <name>`. Compared programs run in turn in one run, medians are quoted: trust the",
  `ratios, not the absolute times. Last machine: ${cpu}.`,
  "",
  ...[...sections.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, body]) => `<!-- ${key} -->\n${body}\n`),
].join("\n");
writeFileSync(page, text);

/** Sections of the page by name, so that running one benchmark keeps the others' results. */
function sectionsOf(file) {
  let old = "";
  try {
    old = readFileSync(file, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  const parts = old.split(/^<!-- (.+) -->$/m).slice(1);
  const found = new Map();
  for (let i = 0; i + 1 < parts.length; i += 2) found.set(parts[i], parts[i + 1].trim());
  return found;
}
