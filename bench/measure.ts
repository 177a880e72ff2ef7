// Timing for benchmarks: alternate what is compared, so that a machine that drifts drifts for both; quote medians.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export interface Sample {
  /** Wall time in milliseconds, median of the runs. */
  readonly ms: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Largest resident memory of one process in MiB; NaN where GNU time is missing. */
  readonly peakMiB: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs whole commands in turn (A B A B …), one warm-up round first. @throws when a command fails */
export function commands(table: Readonly<Record<string, readonly string[]>>, runs = 5): Record<string, Sample> {
  const times: Record<string, number[]> = {};
  const peaks: Record<string, number> = {};
  for (let round = -1; round < runs; round++) {
    for (const [name, [program, ...args]] of Object.entries(table)) {
      const timed = existsSync("/usr/bin/time");
      const started = performance.now();
      const run = timed
        ? spawnSync("/usr/bin/time", ["-f", "peak %M", program!, ...args], { encoding: "utf8", maxBuffer: 1 << 28 })
        : spawnSync(program!, args, { encoding: "utf8", maxBuffer: 1 << 28 });
      const ms = performance.now() - started;
      if (run.status !== 0) throw new Error(`${name} failed: ${run.stderr || run.error}`);
      if (round < 0) continue;
      const peak = Number(/peak (\d+)/.exec(run.stderr)?.[1]) / 1024;
      times[name] = [...(times[name] ?? []), ms];
      peaks[name] = Math.max(peaks[name] ?? 0, peak);
    }
  }
  return Object.fromEntries(Object.keys(table).map((name) => [name, sample(times[name]!, peaks[name]!)]));
}

/** Runs functions in this process in turn, `runs` times after one warm-up round. */
export async function functions(
  table: Readonly<Record<string, () => unknown>>,
  runs = 20,
): Promise<Record<string, Sample>> {
  const times: Record<string, number[]> = {};
  for (let round = -1; round < runs; round++) {
    for (const [name, work] of Object.entries(table)) {
      const started = performance.now();
      await work();
      if (round >= 0) times[name] = [...(times[name] ?? []), performance.now() - started];
    }
  }
  return Object.fromEntries(Object.keys(table).map((name) => [name, sample(times[name]!, Number.NaN)]));
}

export function sample(ms: readonly number[], peakMiB = Number.NaN): Sample {
  return { ms: median(ms), minMs: Math.min(...ms), maxMs: Math.max(...ms), peakMiB };
}

/** A Markdown table. */
export function markdown(rows: readonly (readonly (string | number)[])[]): string {
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  return [head, `|${rows[0]!.map(() => "---").join("|")}|`, ...body].join("\n");
}

/** `1.2 ms`, `340 ms`, `2.1 s`, `35 µs`. */
export function duration(ms: number): string {
  if (ms < 0.9995) return `${significant(ms * 1000)} µs`;
  return ms < 999.5 ? `${significant(ms)} ms` : `${significant(ms / 1000)} s`;
}

function significant(value: number): string {
  return value >= 99.5 ? String(Math.round(value)) : value.toPrecision(2).replace(/\.0$/, "");
}
