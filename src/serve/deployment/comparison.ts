// How a shadow's answers differ from those that were given: counted by output, the latest differences kept to look at.
import type { OutputRecord, OutputValue } from "../../runtime/index.ts";
import { distance, isSameValue } from "./question.ts";

export interface OutputComparison {
  /** Records compared, and those with exactly the same value. */
  readonly compared: number;
  readonly same: number;
  /** How many of them were numbers; their largest distance, and the mean. NaN where there are none. */
  readonly numbers: number;
  readonly largest: number;
  readonly mean: number;
}

export interface DifferentAnswer {
  readonly time: number;
  readonly requestId: string;
  readonly output: string;
  readonly given: OutputValue | undefined;
  readonly shadow: OutputValue | undefined;
}

const differencesKept = 20;

export class Comparison {
  private readonly outputs = new Map<
    string,
    { compared: number; same: number; numbers: number; largest: number; sum: number }
  >();
  private readonly differences: DifferentAnswer[] = [];
  failed = 0;
  skipped = 0;

  /** @returns whether every value is the same */
  add(given: readonly OutputRecord[], shadow: readonly OutputRecord[], requestId: string, time: number): boolean {
    let allSame = true;
    for (const [row, record] of given.entries())
      for (const output of new Set([...Object.keys(record), ...Object.keys(shadow[row] ?? {})])) {
        const [ours, theirs] = [record[output], shadow[row]?.[output]];
        const isSame = isSameValue(ours, theirs);
        this.count(output, isSame, distance(ours, theirs));
        if (isSame) continue;
        allSame = false;
        this.differences.push({ time, requestId, output, given: ours, shadow: theirs });
        if (this.differences.length > differencesKept) this.differences.shift();
      }
    return allSame;
  }

  state() {
    const outputs = Object.fromEntries(
      [...this.outputs].map(([name, { compared, same, numbers, largest, sum }]): [string, OutputComparison] => [
        name,
        { compared, same, numbers, largest, mean: numbers === 0 ? Number.NaN : sum / numbers },
      ]),
    );
    return { outputs, differences: this.differences, failed: this.failed, skipped: this.skipped };
  }

  private count(output: string, isSame: boolean, far: number): void {
    const entry = this.outputs.get(output) ?? { compared: 0, same: 0, numbers: 0, largest: Number.NaN, sum: 0 };
    entry.compared++;
    if (isSame) entry.same++;
    if (!Number.isNaN(far)) {
      entry.numbers++;
      entry.sum += far;
      entry.largest = Number.isNaN(entry.largest) ? far : Math.max(entry.largest, far);
    }
    this.outputs.set(output, entry);
  }
}

/** The sum of what two processes compared. */
export function mergeComparisons(
  a: ReturnType<Comparison["state"]>,
  b: ReturnType<Comparison["state"]>,
): ReturnType<Comparison["state"]> {
  const outputs: Record<string, OutputComparison> = { ...a.outputs };
  for (const [name, one] of Object.entries(b.outputs)) {
    const other = outputs[name];
    outputs[name] = other ? mergeOutputs(other, one) : one;
  }
  return {
    outputs,
    differences: [...a.differences, ...b.differences].sort((x, y) => x.time - y.time).slice(-differencesKept),
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

function mergeOutputs(a: OutputComparison, b: OutputComparison): OutputComparison {
  const [compared, same, numbers] = [a.compared + b.compared, a.same + b.same, a.numbers + b.numbers];
  if (a.numbers === 0 || b.numbers === 0) {
    const { largest, mean } = a.numbers === 0 ? b : a;
    return { compared, same, numbers, largest, mean };
  }
  const mean = (a.mean * a.numbers + b.mean * b.numbers) / numbers;
  return { compared, same, numbers, largest: Math.max(a.largest, b.largest), mean };
}
