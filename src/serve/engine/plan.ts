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
  /**
   * Every run has a multiple of so many rows, the last one repeated: kernels compute a few rows at a time and what is left over by other
   * instructions, so only then does a row have the same bits wherever it stands.
   */
  readonly multiple: number;
  /** Why, for the log. */
  readonly reason: string;
  /** What a run of so many rows takes, from what was measured. */
  expectedMs(rows: number): number;
}

/** Requests run one by one; nothing was measured. */
export const alone = (reason: string, oneRowMs = 0): BatchPlan => ({
  rows: 1,
  multiple: 1,
  reason,
  expectedMs: (rows) => oneRowMs * rows,
});

/** Milliseconds that finding out may take, about. */
const budgetMs = 300;
/** Kernels that differ do so in few values: many rows are needed to see it. */
const mostRows = 256;
/** What vectors of 2 to 16 elements leave over. */
const multiples = [1, 2, 4, 8, 16];
/** Rows that repeat others may make a lone request's run so much longer: three tenths, and a tenth of a millisecond. */
const dearest = (oneRowMs: number) => 1.3 * oneRowMs + 0.1;

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
  const count = Math.max(2, Math.min(trial.count, 2 ** Math.floor(Math.log2(budgetMs / (4 * oneRowMs)))));
  const inGroupsOf = async (size: number, multiple: number): Promise<Row[]> => {
    const rows: Row[] = [];
    for (let at = 0; at < count; at += size) {
      const own = range(at, Math.min(at + size, count));
      const padding = range(0, (multiple - (own.length % multiple)) % multiple).map(() => own.at(-1)!);
      rows.push(...(await trial.run([...own, ...padding])).slice(0, own.length));
    }
    return rows;
  };
  const single = await inGroupsOf(1, 1);
  const together = await trial.run(range(0, count));
  const every = (rows: readonly Row[], test: Trial<Row>["isSame"]) => rows.every((row, i) => test(row, together[i]!));
  if (!every(single, trial.isNear)) return alone("its rows are not independent", oneRowMs);
  const manyMs = await timeOf(() => trial.run(range(0, count)));
  const rowMs = Math.max(0, (manyMs - oneRowMs) / (count - 1));
  const sizes = [1, 2, 3, 5, 8, 20].filter((size) => size < count);
  for (const multiple of multiples.filter((each) => count % each === 0)) {
    let isSame = true;
    for (const size of sizes) isSame &&= every(await inGroupsOf(size, multiple), trial.isSame);
    if (!isSame) continue;
    if (multiple > 1 && (await timeOf(() => trial.run(range(0, multiple)))) > dearest(oneRowMs))
      return alone(`its rows' bits depend on where they stand, and ${multiple} rows at a time take too long`, oneRowMs);
    return {
      rows: count,
      multiple,
      reason:
        multiple === 1
          ? "rows have the same bits alone and in company"
          : `rows have the same bits in runs of a multiple of ${multiple}: runs are filled up`,
      expectedMs: (rows) => oneRowMs + rowMs * (rows - 1),
    };
  }
  return alone("its rows' bits depend on their number", oneRowMs);
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
