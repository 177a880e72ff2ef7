// Whether a model's requests may be computed together, found out by doing it: rows alone, in groups, and all at once must give the same
// bits. Kernels differ by the number of rows (ONNX Runtime multiplies one row by a matrix with other instructions than two), and a graph
// may mix its rows.
import type { Schema } from "../../core/index.ts";
import type { Tensor, TensorData } from "../../onnx/index.ts";
import { encodeRecords, type Feeds, type InputRecord, type Predictor } from "../../runtime/index.ts";
import { hasRows, pickRows, splitResults } from "./batch.ts";
import { variedRows } from "./varied_rows.ts";

export interface BatchPlan {
  /** Rows that were tried together; 1: requests run alone. */
  readonly rows: number;
  /** One row is computed beside itself: alone its last bits would differ from those it gets in company. */
  readonly pairs: boolean;
  /** Why, for the log. */
  readonly reason: string;
  /** What a run of so many rows takes, from what was measured. */
  expectedMs(rows: number): number;
}

/** Requests run one by one; nothing was measured. */
export const alone = (reason: string, oneRowMs = 0): BatchPlan => ({
  rows: 1,
  pairs: false,
  reason,
  expectedMs: (rows) => oneRowMs * rows,
});

/** Milliseconds that finding out may take, about. */
const budgetMs = 300;
const mostRows = 32;

/** Runs the model on varied examples, which also warms it up. Never throws: a model that does not run on them runs alone. */
export async function planBatches(
  predictor: Predictor,
  schema: Schema,
  examples: readonly InputRecord[],
): Promise<BatchPlan> {
  if (examples.length === 0) return alone("it brought no example to try");
  let feeds: Feeds;
  let oneRowMs: number;
  try {
    if (!hasRows(schema)) {
      await predictor.run(encodeRecords(schema, [examples[0]!]));
      const start = performance.now();
      await predictor.run(encodeRecords(schema, [examples[0]!]));
      return alone("its tensors have no row per record", performance.now() - start);
    }
    feeds = variedRows(schema, encodeRecords(schema, examples.slice(0, mostRows)), mostRows);
    oneRowMs = await timeOf(predictor, pickRows(feeds, [0]));
  } catch {
    return alone("its example does not run as tensors");
  }
  const count = Math.max(2, Math.min(mostRows, Math.floor(budgetMs / (4 * oneRowMs))));
  try {
    return await compared(predictor, pickRows(feeds, range(0, count)), count, oneRowMs);
  } catch {
    return alone("its examples do not run together", oneRowMs);
  }
}

async function compared(predictor: Predictor, feeds: Feeds, count: number, oneRowMs: number): Promise<BatchPlan> {
  const inGroupsOf = async (size: number): Promise<Feeds[]> => {
    const rows: Feeds[] = [];
    for (let at = 0; at < count; at += size) {
      const order = range(at, Math.min(at + size, count));
      // A group of one at the end would be a row alone.
      if (size > 1 && order.length === 1) order.unshift(at - 1);
      const results = splitResults(
        await predictor.run(pickRows(feeds, order)),
        order.map(() => 1),
      );
      rows.push(...results.slice(order.length - Math.min(size, count - at)));
    }
    return rows;
  };
  const single = await inGroupsOf(1);
  const together = await inGroupsOf(count);
  if (!areNear(single, together)) return alone("its rows are not independent", oneRowMs);
  const manyMs = await timeOf(predictor, feeds);
  for (const size of [2, 3, 5, 8, 20].filter((size) => size < count))
    if (!areSame(await inGroupsOf(size), together)) return alone("its rows' bits depend on their number", oneRowMs);
  const pairs = !areSame(single, together);
  const rowMs = Math.max(0, (manyMs - oneRowMs) / (count - 1));
  return {
    rows: count,
    pairs,
    reason: pairs
      ? "rows in company have the same bits; a row alone is computed twice"
      : "rows have the same bits alone and in company",
    expectedMs: (rows) => oneRowMs + rowMs * (rows - 1),
  };
}

/** The best of a few, in milliseconds. */
async function timeOf(predictor: Predictor, feeds: Feeds): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    await predictor.run(feeds);
    best = Math.min(best, performance.now() - start);
    if (best > budgetMs / 16) break;
  }
  return best;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function areSame(left: readonly Feeds[], right: readonly Feeds[]): boolean {
  return everyPair(left, right, (a, b) => a.data.length === b.data.length && bitsEqual(a.data, b.data));
}

function bitsEqual(a: TensorData, b: TensorData): boolean {
  if (Array.isArray(a) || Array.isArray(b)) return (a as string[]).every((text, i) => text === b[i]);
  const bytes = (data: Exclude<TensorData, string[]>) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes(a).equals(bytes(b));
}

/** Rounding only: within 1e-3 of the larger, or of 1e-6. */
function areNear(left: readonly Feeds[], right: readonly Feeds[]): boolean {
  return everyPair(left, right, ({ dtype, data: a }, { data: b }) => {
    if (!dtype.startsWith("float")) return bitsEqual(a, b);
    if (dtype === "float16") return true;
    return (a as Float64Array).every((x, i) => {
      const y = (b as Float64Array)[i]!;
      return Object.is(x, y) || Math.abs(x - y) <= 1e-3 * Math.max(Math.abs(x), Math.abs(y), 1e-3);
    });
  });
}

function everyPair(left: readonly Feeds[], right: readonly Feeds[], test: (a: Tensor, b: Tensor) => boolean): boolean {
  return left.every((row, i) => Object.entries(row).every(([name, tensor]) => test(tensor, right[i]![name]!)));
}
