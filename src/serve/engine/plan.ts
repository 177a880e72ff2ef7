// Whether a model's requests may be computed together, found out by doing it: rows alone, in groups, and all at once must give the same
// bits. Kernels differ by the number of rows (ONNX Runtime multiplies one row by a matrix with other instructions than two), and a graph
// may mix its rows.
import type { Schema } from "../../core/index.ts";
import type { Tensor, TensorData } from "../../onnx/index.ts";
import {
  encodeRecords,
  type Feeds,
  type InputRecord,
  type OutputRecord,
  type Predictor,
  writeJson,
} from "../../runtime/index.ts";
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

/** Rows that are tried, and what makes them comparable. */
interface Trial<Row> {
  readonly count: number;
  /** Runs the rows named together; a result for each. */
  run(rows: readonly number[]): Promise<readonly Row[]>;
  isSame(a: Row, b: Row): boolean;
  isNear(a: Row, b: Row): boolean;
}

/** Runs the model on varied examples, which also warms it up. Never throws: a model that does not run on them runs alone. */
export async function planBatches(
  predictor: Predictor,
  schema: Schema,
  examples: readonly InputRecord[],
): Promise<BatchPlan> {
  if (examples.length === 0) return alone("it brought no example to try");
  if (!predictor.needsRecords && !hasRows(schema)) {
    const oneRowMs = await timeOf(() => predictor.predict([examples[0]!])).catch(() => 0);
    return alone("its tensors have no row per record", oneRowMs);
  }
  try {
    return predictor.needsRecords
      ? await compared(trialOfRecords(predictor, examples))
      : await compared(trialOfTensors(predictor, schema, examples));
  } catch {
    return alone("its examples do not run");
  }
}

function trialOfTensors(predictor: Predictor, schema: Schema, examples: readonly InputRecord[]): Trial<Feeds> {
  const feeds = variedRows(schema, encodeRecords(schema, examples.slice(0, mostRows)), mostRows);
  return {
    count: mostRows,
    run: async (rows) =>
      splitResults(
        await predictor.run(pickRows(feeds, rows)),
        rows.map(() => 1),
      ),
    isSame: (a, b) => everyTensor(a, b, (x, y) => bitsEqual(x.data, y.data)),
    isNear: (a, b) => everyTensor(a, b, isNear),
  };
}

function trialOfRecords(predictor: Predictor, examples: readonly InputRecord[]): Trial<OutputRecord> {
  const isSame = (a: OutputRecord, b: OutputRecord) => writeJson(a) === writeJson(b);
  const run = (rows: readonly number[]) => predictor.predict(rows.map((row) => examples[row % examples.length]!));
  return { count: mostRows, run, isSame, isNear: isSame };
}

async function compared<Row>(trial: Trial<Row>): Promise<BatchPlan> {
  await trial.run([0]);
  const oneRowMs = await timeOf(() => trial.run([0]));
  const count = Math.max(2, Math.min(trial.count, Math.floor(budgetMs / (4 * oneRowMs))));
  const inGroupsOf = async (size: number): Promise<Row[]> => {
    const rows: Row[] = [];
    for (let at = 0; at < count; at += size) {
      const order = range(at, Math.min(at + size, count));
      const own = order.length;
      // A group of one at the end would be a row alone.
      if (size > 1 && own === 1) order.unshift(at - 1);
      rows.push(...(await trial.run(order)).slice(-own));
    }
    return rows;
  };
  const single = await inGroupsOf(1);
  const together = await inGroupsOf(count);
  const every = (rows: readonly Row[], test: Trial<Row>["isSame"]) => rows.every((row, i) => test(row, together[i]!));
  if (!every(single, trial.isNear)) return alone("its rows are not independent", oneRowMs);
  const manyMs = await timeOf(() => trial.run(range(0, count)));
  for (const size of [2, 3, 5, 8, 20].filter((size) => size < count))
    if (!every(await inGroupsOf(size), trial.isSame)) return alone("its rows' bits depend on their number", oneRowMs);
  const pairs = !every(single, trial.isSame);
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
async function timeOf(run: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let turn = 0; turn < 5; turn++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
    if (best > budgetMs / 16) break;
  }
  return best;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function bitsEqual(a: TensorData, b: TensorData): boolean {
  if (Array.isArray(a) || Array.isArray(b)) return (a as string[]).every((text, i) => text === b[i]);
  const bytes = (data: Exclude<TensorData, string[]>) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes(a).equals(bytes(b));
}

/** Rounding only: within 1e-3 of the larger, or of 1e-3. */
function isNear({ dtype, data: a }: Tensor, { data: b }: Tensor): boolean {
  if (dtype !== "float32" && dtype !== "float64") return dtype === "float16" || bitsEqual(a, b);
  return (a as Float64Array).every((x, i) => {
    const y = (b as Float64Array)[i]!;
    return Object.is(x, y) || Math.abs(x - y) <= 1e-3 * Math.max(Math.abs(x), Math.abs(y), 1e-3);
  });
}

function everyTensor(a: Feeds, b: Feeds, test: (x: Tensor, y: Tensor) => boolean): boolean {
  return Object.entries(a).every(
    ([name, tensor]) => tensor.data.length === b[name]!.data.length && test(tensor, b[name]!),
  );
}
