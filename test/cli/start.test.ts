// What every command waits for: the command line loads nothing but itself and `core` before it knows which command it is.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const source = path.join(import.meta.dirname, "../../src");

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
