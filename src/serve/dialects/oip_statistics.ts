// The statistics extension: what became of requests, per model and version, counted since the server began.
// Rule: triton-inference-server/server, docs/protocol/extension_statistics.md. Times are nanoseconds, summed over requests; what a batch
// shared is counted once for each batch.
import type { FinishedRequest } from "../finished_request.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";

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
    add(this.stats.success, 1, ms);
    add(this.stats.queue, 1, phases.queue);
    add(this.stats.compute_input, 1, phases.parse);
    add(this.stats.compute_infer, 1, phases.compute);
    add(this.stats.compute_output, 1, phases.encode);
    const batch = this.batches.get(batchSize) ?? newBatch();
    if (!this.batches.has(batchSize)) {
      if (this.batches.size >= mostSizes) return;
      this.batches.set(batchSize, batch);
    }
    add(batch.compute_input, share, phases.parse * share);
    add(batch.compute_infer, share, phases.compute * share);
    add(batch.compute_output, share, phases.encode * share);
  }
}

function newBatch(): BatchCounts {
  const zero = () => ({ count: 0, ns: 0 });
  return { compute_input: zero(), compute_infer: zero(), compute_output: zero() };
}

function add(duration: Duration, count: number, ms: number): void {
  duration.count += count;
  duration.ns += ms * 1e6;
}

class Statistics {
  readonly #counts = new Map<string, Counts>();

  constructor(serving: Serving) {
    serving.observe((request) => this.#observe(request));
  }

  #observe(request: FinishedRequest): void {
    const { model, status } = request;
    if (!model) return;
    const counts = this.#of(model);
    if (status < 400) {
      if (request.rows > 0 || request.batchSize > 0) counts.add(request);
    } else add(counts.stats.fail, 1, request.ms);
  }

  #of({ name, version }: ServedModel): Counts {
    const key = JSON.stringify([name, version]);
    let counts = this.#counts.get(key);
    if (!counts) {
      counts = new Counts();
      this.#counts.set(key, counts);
    }
    return counts;
  }

  of(model: ServedModel): ModelStatistics {
    const { last, inferences, executions, stats, batches } = this.#of(model);
    const whole = ({ count, ns }: Duration) => ({ count: Math.round(count), ns: Math.round(ns) });
    return {
      name: model.name,
      version: model.version,
      last_inference: last,
      inference_count: inferences,
      execution_count: Math.round(executions),
      inference_stats: Object.fromEntries(statisticNames.map((name) => [name, whole(stats[name])])) as Record<
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
}

const statistics = new WeakMap<Serving, Statistics>();

/** The counts of a server, shared by REST and gRPC; counting begins when they are first asked for. */
export function statisticsOf(serving: Serving): Statistics {
  let found = statistics.get(serving);
  if (!found) {
    found = new Statistics(serving);
    statistics.set(serving, found);
  }
  return found;
}
