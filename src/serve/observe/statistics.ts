// Counts as the statistics extension shows them: what became of requests, per model and version, counted since the server began.
// Rule: triton-inference-server/server, docs/protocol/extension_statistics.md. Times are nanoseconds, summed over requests; what a batch
// shared is counted once for each batch.
import type { FinishedRequest } from "../finished_request.ts";
import type { ServedModel } from "../served_model.ts";

interface Duration {
  count: number;
  ns: number;
}

interface BatchCounts {
  compute_input: Duration;
  compute_infer: Duration;
  compute_output: Duration;
}

export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970; 0 before the first. */
  last_inference: number;
  inference_count: number;
  execution_count: number;
  readonly inference_stats: Readonly<Record<StatisticName, Duration>>;
  readonly batch_stats: readonly (BatchCounts & { readonly batch_size: number })[];
}

const statisticNames = [
  "success",
  "fail",
  "queue",
  "compute_input",
  "compute_infer",
  "compute_output",
  "cache_hit",
  "cache_miss",
] as const;
type StatisticName = (typeof statisticNames)[number];

/** Different sizes of batches that are told apart; a client could otherwise fill memory with new ones. */
const mostSizes = 1024;

/** What one process counted of one model; plain data that adds up. */
export interface CountsState {
  readonly name: string;
  readonly version: string;
  readonly last: number;
  readonly inferences: number;
  readonly executions: number;
  readonly stats: Readonly<Record<StatisticName, Duration>>;
  readonly batches: readonly (readonly [size: number, counts: BatchCounts])[];
}

class Counts {
  last = 0;
  inferences = 0;
  executions = 0;
  readonly stats = Object.fromEntries(statisticNames.map((name) => [name, { count: 0, ns: 0 }])) as Record<
    StatisticName,
    Duration
  >;
  readonly batches = new Map<number, BatchCounts>();

  add({ phases, rows, batchSize, ms }: FinishedRequest): void {
    this.last = Date.now();
    this.inferences += rows;
    // A request is that part of an execution which its rows are of the batch.
    const share = batchSize > 0 ? rows / batchSize : 0;
    this.executions += share;
    add(this.stats.success, 1, ms * 1e6);
    add(this.stats.queue, 1, phases.queue * 1e6);
    add(this.stats.compute_input, 1, phases.parse * 1e6);
    add(this.stats.compute_infer, 1, phases.compute * 1e6);
    add(this.stats.compute_output, 1, phases.encode * 1e6);
    const batch = this.batch(batchSize);
    if (!batch) return;
    add(batch.compute_input, share, phases.parse * share * 1e6);
    add(batch.compute_infer, share, phases.compute * share * 1e6);
    add(batch.compute_output, share, phases.encode * share * 1e6);
  }

  /** Adds what another process counted. */
  merge({ last, inferences, executions, stats, batches }: CountsState): void {
    this.last = Math.max(this.last, last);
    this.inferences += inferences;
    this.executions += executions;
    for (const name of statisticNames) add(this.stats[name], stats[name].count, stats[name].ns);
    for (const [size, counts] of batches) {
      const batch = this.batch(size);
      if (batch) for (const part of batchParts) add(batch[part], counts[part].count, counts[part].ns);
    }
  }

  /** Null for one size too many. */
  private batch(size: number): BatchCounts | null {
    const known = this.batches.get(size);
    if (known) return known;
    if (this.batches.size >= mostSizes) return null;
    const batch = newBatch();
    this.batches.set(size, batch);
    return batch;
  }
}

const batchParts = ["compute_input", "compute_infer", "compute_output"] as const;

function newBatch(): BatchCounts {
  const zero = () => ({ count: 0, ns: 0 });
  return { compute_input: zero(), compute_infer: zero(), compute_output: zero() };
}

function add(duration: Duration, count: number, ns: number): void {
  duration.count += count;
  duration.ns += ns;
}

/** All models of one process, since it began. */
export class Statistics {
  readonly #counts = new Map<string, Counts>();

  observe(request: FinishedRequest): void {
    const { model, status } = request;
    if (!model) return;
    const counts = this.#of(model);
    if (status < 400) {
      if (request.rows > 0 || request.batchSize > 0) counts.add(request);
    } else add(counts.stats.fail, 1, request.ms * 1e6);
  }

  state(): CountsState[] {
    return [...this.#counts].map(([key, { last, inferences, executions, stats, batches }]) => {
      const [name, version] = JSON.parse(key) as [string, string];
      return { name, version, last, inferences, executions, stats, batches: [...batches] };
    });
  }

  #of({ name, version }: Pick<ServedModel, "name" | "version">): Counts {
    const key = JSON.stringify([name, version]);
    let counts = this.#counts.get(key);
    if (!counts) {
      counts = new Counts();
      this.#counts.set(key, counts);
    }
    return counts;
  }
}

/** The sum of what processes counted of one model, as clients read it. */
export function statisticsOf(
  { name, version }: Pick<ServedModel, "name" | "version">,
  states: readonly CountsState[],
): ModelStatistics {
  const { last, inferences, executions, stats, batches } = summed(
    states.filter((state) => state.name === name && state.version === version),
  );
  const whole = ({ count, ns }: Duration) => ({ count: Math.round(count), ns: Math.round(ns) });
  return {
    name,
    version,
    last_inference: last,
    inference_count: inferences,
    execution_count: Math.round(executions),
    inference_stats: Object.fromEntries(statisticNames.map((key) => [key, whole(stats[key])])) as Record<
      StatisticName,
      Duration
    >,
    batch_stats: [...batches]
      .sort(([a], [b]) => a - b)
      .map(([size, batch]) => ({
        batch_size: size,
        compute_input: whole(batch.compute_input),
        compute_infer: whole(batch.compute_infer),
        compute_output: whole(batch.compute_output),
      })),
  };
}

/** One state for each model. */
export function mergeStatistics(states: readonly CountsState[]): CountsState[] {
  const groups = Map.groupBy(states, ({ name, version }) => JSON.stringify([name, version]));
  return [...groups.values()].map((group) => {
    const { last, inferences, executions, stats, batches } = summed(group);
    return {
      name: group[0]!.name,
      version: group[0]!.version,
      last,
      inferences,
      executions,
      stats,
      batches: [...batches],
    };
  });
}

function summed(states: readonly CountsState[]): Counts {
  const sum = new Counts();
  for (const state of states) sum.merge(state);
  return sum;
}
