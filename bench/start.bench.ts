// How long until something happens: the command line's start, and the server's first answer.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Store } from "../src/oci/index.ts";
import { pack } from "../src/package/index.ts";
import { commands, duration, markdown, sample } from "./measure.ts";

const root = path.join(import.meta.dirname, "..");
const bin = path.join(root, "bin", "ingot.mjs");
const home = mkdtempSync(path.join(tmpdir(), "ingot-bench-start-"));
process.env["INGOT_HOME"] = home;
const record = '{"origin":"JFK","dest":"BOS","carrier":"DL","weekday":"Fri","month":7,"hour":17}';

/** Process start to the first correct answer, in milliseconds. */
async function firstAnswer(port: number, margin: number): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [bin, "serve", "flight-delay", "--port", String(port)], { stdio: "ignore" });
  try {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/predict`, { method: "POST", body: record }).catch(
        () => null,
      );
      if (response?.ok) {
        const answer = (await response.json()) as { margin: number };
        if (answer.margin !== margin) throw new Error(`margin ${answer.margin} instead of ${margin}`);
        return performance.now() - began;
      }
      if (performance.now() - began > 20_000) throw new Error("no answer in 20 s");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    child.kill("SIGKILL");
  }
}

try {
  await pack(path.join(root, "demo"), await Store.open(path.join(home, "store")));
  const runs = commands(
    {
      "ingot --version": [process.execPath, bin, "--version"],
      "ingot ls": [process.execPath, bin, "ls"],
      "ingot predict (one record)": [process.execPath, bin, "predict", "flight-delay", record],
      "node -e 0 (the floor)": [process.execPath, "-e", "0"],
    },
    9,
  );
  const times: number[] = [];
  for (let run = 0; run < 8; run++) times.push(await firstAnswer(18_080 + run, -1.2791435355298937));
  const serving = sample(times.slice(1));
  const rows = [...Object.entries(runs), ["ingot serve, to its first correct answer", serving] as const];
  console.log(
    [
      "## Starting",
      "",
      "Process start to exit, or to the first correct answer over HTTP (goals: `--version` 100 ms, first answer 500 ms).",
      "",
      markdown([
        ["", "median", "range", "peak memory"],
        ...rows.map(([name, found]) => [
          name,
          duration(found.ms),
          `${duration(found.minMs)} – ${duration(found.maxMs)}`,
          Number.isNaN(found.peakMiB) ? "" : `${Math.round(found.peakMiB)} MiB`,
        ]),
      ]),
    ].join("\n"),
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
