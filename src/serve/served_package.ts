// From an opened package to a model that can be served: loaded, tried on its examples, placed where it runs best.
import { IngotError } from "../core/index.ts";
import type { Package } from "../package/index.ts";
import { encodeRecords, type InputRecord, type Predictor, type RuntimeName } from "../runtime/index.ts";
import { handoverMs, type Placement } from "./engine/placement.ts";
import { type BatchPlan, planBatches } from "./engine/plan.ts";
import { exampleOf } from "./example_record.ts";
import type { LoadedModel } from "./served_model.ts";

export interface LoadOptions {
  readonly runtime?: RuntimeName;
  /** Threads within one run. Default 1: several requests keep a machine busier than several threads that wait for each other. */
  readonly threads?: number;
  /** False: every request runs by itself. Default: requests run together where that was found to change no bit. */
  readonly batching?: boolean;
  /** Where the model runs. Default: where it was measured to be quicker. */
  readonly placement?: "here" | "thread";
}

/** A graph of more bytes is opened in a thread at once: opening it here would stop the server for too long. */
const largestHere = 4 * 2 ** 20;
const mostExamples = 32;

/**
 * Loads, tries and warms up. The graph opens in a thread when it is large or slow; else here, and whether a thread would be quicker is
 * measured afterwards, by the server (`LoadedModel.measurePlacement`).
 */
export async function servedPackage(pkg: Package, options: LoadOptions = {}): Promise<LoadedModel> {
  const { batching = true, placement, runtime: name, threads = 1 } = options;
  const runtime = { threads, ...(name ? { runtime: name } : {}) };
  const recorded = (await pkg.examples()).slice(0, mostExamples).map(({ inputs }) => inputs);
  const examples = recorded.length > 0 ? recorded : [exampleOf(pkg.description.schema)];
  const openThread = () => pkg.predictor({ ...runtime, inThread: true });
  const isLarge =
    pkg.files.reduce((sum, { path, size }) => (/\.onnx(\.data)?$/.test(path) ? sum + size : sum), 0) > largestHere;
  const startsHere = placement === "here" || (placement === undefined && !isLarge);

  const first = startsHere ? await pkg.predictor(runtime) : await openThread();
  const plan = await planOf(first, examples, batching);
  const model = {
    name: pkg.name,
    version: pkg.version,
    digest: pkg.digest,
    schema: first.schema,
    description: pkg.description.description,
    example: recorded[0],
    plan,
  };
  if (!startsHere) return { ...model, predictor: first };
  if (placement !== "here" && plan.expectedMs(1) > slowestHereMs) {
    await first.close();
    return { ...model, predictor: await openThread() };
  }
  return {
    ...model,
    predictor: first,
    openThread,
    ...(placement === "here" ? {} : { measurePlacement: () => measuredPlacement(plan, first, examples) }),
  };
}

/** A run that takes longer is worth a thread on any machine. */
const slowestHereMs = 1;

async function planOf(predictor: Predictor, examples: readonly InputRecord[], batching: boolean): Promise<BatchPlan> {
  const plan = await planBatches(predictor, predictor.schema, examples);
  return batching ? plan : { ...plan, rows: 1, pairs: false, reason: "batching is off" };
}

/** Compares what a run takes with what handing one over takes. */
async function measuredPlacement(
  plan: BatchPlan,
  { schema }: Predictor,
  examples: readonly InputRecord[],
): Promise<Placement> {
  const runMs = plan.expectedMs(1);
  try {
    const ms = await handoverMs(encodeRecords(schema, examples.slice(0, 1)));
    return { isQuickerInThread: runMs > ms, runMs, handoverMs: ms };
  } catch (error) {
    // Records that this thread cannot turn into tensors: whoever can does more than a quick graph.
    if (error instanceof IngotError) return { isQuickerInThread: true, runMs, handoverMs: Number.NaN };
    throw error;
  }
}
