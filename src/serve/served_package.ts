// From an opened package to a model that can be served: loaded, tried on its examples, placed where it runs best.
import { IngotError } from "../core/index.ts";
import type { Package } from "../package/index.ts";
import { encodeRecords, type InputRecord, type Predictor, type RuntimeName } from "../runtime/index.ts";
import { measuredLanes } from "./engine/lanes.ts";
import { handoverMs, type Placement } from "./engine/placement.ts";
import { alone, type BatchPlan, planBatches } from "./engine/plan.ts";
import { exampleOf } from "./example_record.ts";
import type { LoadedModel } from "./served_model.ts";

export interface LoadOptions {
  readonly runtime?: RuntimeName;
  /**
   * Threads within one run. Default: one for models that are quick, since handing out parts costs more than it saves; those that are large or
   * slow, and so have a thread of their own, compute on all cores.
   */
  readonly threads?: number;
  /** False: every request runs by itself. Default: requests run together where that was found to change no bit. */
  readonly batching?: boolean;
  /** Where the model runs. Default: where it was measured to be quicker. */
  readonly placement?: "here" | "thread";
}

/** A graph of more bytes is opened in a thread at once: opening it here would stop the server for too long (25 ms for 10 MB, measured). */
const largestHere = 16 * 2 ** 20;
/** A model of more bytes has no copies. */
const largestCopied = 256 * 2 ** 20;
const mostExamples = 32;

/**
 * Loads, tries and warms up. The graph opens in a thread when it is large or slow; else here. Whether a thread would be quicker, and
 * whether requests may run together, is measured afterwards, by the server (`LoadedModel.measure`).
 */
export async function servedPackage(pkg: Package, options: LoadOptions = {}): Promise<LoadedModel> {
  const { batching = true, placement, runtime: name, threads } = options;
  const runtime = name ? { runtime: name } : {};
  const recorded = (await pkg.examples(mostExamples)).map(({ inputs }) => inputs);
  const examples = recorded.length > 0 ? recorded : [exampleOf(pkg.description.schema)];
  const openHere = () => pkg.predictor({ ...runtime, threads: threads ?? 1 });
  const openThread = () => pkg.predictor({ ...runtime, threads: threads ?? 1, inThread: true });
  const openOnAllCores = () =>
    pkg.predictor({ ...runtime, ...(threads === undefined ? {} : { threads }), sharesCores: true, inThread: true });
  const bytes = pkg.files.reduce((sum, { path, size }) => (/\.onnx(\.data)?$/.test(path) ? sum + size : sum), 0);
  const startsHere = placement === "here" || (placement === undefined && bytes <= largestHere);

  const here = startsHere ? await openHere() : await openOnAllCores();
  const runMs = await warmRunMs(here, examples);
  const isSlow = startsHere && placement === undefined && runMs > slowestHereMs;
  if (isSlow) await here.close();
  const predictor = isSlow ? await openOnAllCores() : here;
  const staysThere = isSlow || !startsHere;
  return {
    name: pkg.name,
    version: pkg.version,
    digest: pkg.digest,
    schema: predictor.schema,
    description: pkg.description.description,
    example: recorded[0],
    predictor,
    plan: alone("nobody has tried it yet", runMs),
    ...(staysThere ? {} : { openThread }),
    measure: async (quietly) => {
      const tried = await planBatches(predictor, predictor.schema, examples);
      const plan = batching ? tried : { ...tried, rows: 1, multiple: 1, reason: "batching is off" };
      // Who says how many threads a run has has shared out the cores already, as workers have.
      const hasCores = staysThere && threads === undefined;
      const runsSideBySide = hasCores && plan.rows === 1 && runMs > slowestHereMs && bytes <= largestCopied;
      return {
        plan,
        lanes: runsSideBySide ? await measuredLanes(predictor, openThread, examples, quietly) : [],
        placement: staysThere || placement === "here" ? null : await measuredPlacement(plan, predictor, examples),
      };
    },
  };
}

/** A run that takes longer is worth a thread on any machine. */
const slowestHereMs = 1;

/** The best of a few runs, in milliseconds; 0 where the example does not run. The first run of a graph lays out its memory. */
async function warmRunMs(predictor: Predictor, examples: readonly InputRecord[]): Promise<number> {
  let best = Infinity;
  try {
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      await predictor.predict(examples.slice(0, 1));
      best = Math.min(best, performance.now() - start);
    }
  } catch (error) {
    // A record made from the schema alone may be one that the model refuses.
    if (error instanceof IngotError) return 0;
    throw error;
  }
  return best;
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
