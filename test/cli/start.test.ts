// What every command waits for: the command line loads nothing but itself and `core` before it knows which command it is.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const source = path.join(root, "src");
const loader = path.join(root, "dist", "cli", "load.cjs");

/** Files that are loaded with this one: imports of types only, and those that wait for `import()`, are not. */
function loadedWith(file: string, reached = new Set<string>()): Set<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  const statements = readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\s+(?!type\b)(?:([^"';]*?)\s*from\s*)?"(\.[^"]+)"/gm,
  );
  for (const [, names = "", target] of statements) {
    const list = /\{([^}]*)\}/
      .exec(names)?.[1]
      ?.split(",")
      .map((name) => name.trim());
    if (list?.every((name) => name === "" || name.startsWith("type "))) continue;
    loadedWith(path.join(path.dirname(file), target!), reached);
  }
  return reached;
}

test("starting loads no layer but core and cli", () => {
  const files = [...loadedWith(path.join(source, "cli/main.ts"))].map((file) => path.relative(source, file));
  expect(files).toContain("cli/commands/scan.ts");
  expect(files.filter((file) => !/^(core|cli)\//.test(file))).toEqual([]);
});

/** Chunks that a command of the build loads, each with whether V8 took what the build compiled of it. */
function compiledOf(...words: string[]): Record<string, boolean | undefined> {
  const program = `
    const found = {};
    process.on("exit", () => process.stderr.write("found " + JSON.stringify(found)));
    require(${JSON.stringify(loader)}).run("main", (file, script) => {
      found[require("node:path").basename(file)] = script.cachedDataRejected;
    });`;
  // Nowhere to write: a container with a read-only root and no home starts as quickly.
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", TMPDIR: "/nonexistent" };
  const run = spawnSync(process.execPath, ["-e", program, "ingot", ...words], { env, encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  return JSON.parse(run.stderr.slice(run.stderr.indexOf("found ") + 6));
}

test.runIf(existsSync(loader)).each([
  ["--version", 6],
  ["scan", 16],
] as const)("what `ingot %s` uses is compiled already, in at most %i files", (word, most) => {
  const found = compiledOf(...(word === "scan" ? ["scan", path.join(root, "demo", "delay.txt")] : [word]));
  expect(Object.keys(found).length).toBeGreaterThan(0);
  expect(Object.keys(found).length).toBeLessThanOrEqual(most);
  expect(Object.entries(found).filter(([, isRejected]) => isRejected !== false)).toEqual([]);
});
