// Scanning, against modelscan, picklescan and fickling in one run: what each finds and misses, and how long it takes.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pythonEnvironment } from "./python.ts";
import { compareDetection } from "./scanners/detection.ts";
import { compareLargeFiles, compareOpcodes, compareSmallFiles } from "./scanners/speed.ts";

const ingot = path.join(import.meta.dirname, "../bin/ingot.mjs");
if (!existsSync(path.join(import.meta.dirname, "../dist/cli/main.cjs"))) throw new Error("build first: npm run build");
const python = pythonEnvironment("scanners", path.join(import.meta.dirname, "scanners/requirements.txt"));
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-scanners-"));
try {
  const programs = { ingot, python };
  const parts = [
    compareDetection(work, python, ingot),
    compareSmallFiles(work, programs, 3),
    await compareOpcodes(work, programs),
    compareLargeFiles(work, programs),
  ];
  console.log(["## Scanning: against modelscan, picklescan and fickling", "", parts.join("\n\n")].join("\n"));
} finally {
  rmSync(work, { recursive: true, force: true });
}
