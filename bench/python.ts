// Python programs that benchmarks compare with: one virtual environment each, made on first use.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** The interpreter of `.venv/<name>` with pinned requirements. @throws when it cannot be made */
export function pythonEnvironment(name: string, requirements: string): string {
  const folder = path.join(import.meta.dirname, "../.venv", name);
  const python = path.join(folder, "bin/python");
  if (!existsSync(python)) {
    must("python3", "-m", "venv", folder);
    must(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements);
  }
  return python;
}

function must(program: string, ...args: string[]): void {
  const run = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (run.status !== 0) throw new Error(`${program} ${args.join(" ")} failed`);
}
