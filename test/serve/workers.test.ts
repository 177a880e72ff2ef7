import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Comparison, mergeComparisons } from "../../src/serve/deployment/comparison.ts";
import { LogFolder } from "../../src/serve/log/log_folder.ts";
import { isEarly, restartDelayMs } from "../../src/serve/workers/restart_delay.ts";

test("a worker that keeps ending early is replaced ever later, up to 30 s", () => {
  expect([1, 2, 3, 5, 9, 10, 100].map(restartDelayMs)).toEqual([100, 200, 400, 1600, 25_600, 30_000, 30_000]);
  expect(restartDelayMs(0)).toBe(100);
  expect([isEarly(29_000), isEarly(31_000)]).toEqual([true, false]);
});

test("comparisons of several processes add up to what one would have counted", () => {
  const rows: [given: number | string, shadow: number | string][] = [
    [1, 1],
    [2, 5],
    ["a", "b"],
    [3, 2],
    [4, 4],
  ];
  const counted = (some: typeof rows, from: number) => {
    const comparison = new Comparison();
    for (const [i, [given, shadow]] of some.entries())
      comparison.add([{ y: given }], [{ y: shadow }], `r${from + i}`, from + i);
    comparison.failed = some.length;
    return comparison.state();
  };
  for (let cut = 0; cut <= rows.length; cut++) {
    const merged = mergeComparisons(counted(rows.slice(0, cut), 0), counted(rows.slice(cut), cut));
    expect(merged, `cut at ${cut}`).toEqual(counted(rows, 0));
  }
});

test("a log that several processes write: what another one is writing stays, whatever its age", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-log-"));
  const file = (time: string, pid: number, count: number) => {
    const name = `predictions-20260101T${time}000000Z-${pid}-${count}.jsonl`;
    writeFileSync(path.join(folder, name), "x".repeat(1000));
    return name;
  };
  const gone = 2 ** 22 + 1; // above every pid
  const closed = file("001", process.ppid, 0);
  const written = file("002", process.ppid, 1);
  const left = file("003", gone, 0);
  const own = file("004", process.pid, 0);
  await new LogFolder(folder, 2000).trim(new Set([path.join(folder, own)]));
  expect(readdirSync(folder).sort()).toEqual([written, own].sort());
  expect([closed, left].some((name) => existsSync(path.join(folder, name)))).toBe(false);
});
