// Requests that may not run together can run side by side: in copies of the model, one thread each. A run on all cores is quicker for who is
// alone, but cores that wait for each other's part of a run do less in all.
import os from "node:os";
import { type InputRecord, type Predictor, writeJson } from "../../runtime/index.ts";

/** Copies of one model: each has its own weights. */
const mostLanes = 4;
/** What the copies must save. */
const worthwhile = 0.85;
/** Milliseconds that requests wait at most, about, while it is measured. */
const budgetMs = 200;

/**
 * Opens copies, one for each core, and keeps them where they answer with the same bits and many requests are done sooner.
 * @param quietly does something while no request runs
 * @returns none where they are not worth their memory
 * @throws what opening one throws; the others are closed, and the model goes on without them
 */
export async function measuredLanes(
  predictor: Predictor,
  open: () => Promise<Predictor>,
  examples: readonly InputRecord[],
  quietly: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<readonly Predictor[]> {
  const count = Math.min(mostLanes, os.availableParallelism());
  if (count < 2) return [];
  const opening = await Promise.allSettled(Array.from({ length: count }, open));
  const lanes = opening.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  let isKept = false;
  try {
    for (const one of opening) if (one.status === "rejected") throw one.reason;
    const answersOf = async (one: Predictor) => writeJson(await one.predictEach(examples.slice(0, count)));
    const [expected, ...answers] = await Promise.all([predictor, ...lanes].map(answersOf));
    const isSame = answers.every((answer) => answer === expected);
    isKept = isSame && (await quietly(() => isQuicker(lanes, predictor, examples[0]!)));
  } finally {
    if (!isKept) await Promise.all(lanes.map((lane) => lane.close()));
  }
  return isKept ? lanes : [];
}

async function isQuicker(lanes: readonly Predictor[], predictor: Predictor, record: InputRecord): Promise<boolean> {
  const times = async (one: Predictor, runs: number) => {
    for (let run = 0; run < runs; run++) await one.predictEach([record]);
  };
  const once = await msOf(() => times(predictor, 1));
  const runs = Math.max(1, Math.min(4, Math.floor(budgetMs / (2 * lanes.length * once))));
  const inTurn = await msOf(() => times(predictor, runs * lanes.length));
  const sideBySide = await msOf(() => Promise.all(lanes.map((lane) => times(lane, runs))));
  return sideBySide < worthwhile * inTurn;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
