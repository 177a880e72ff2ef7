// What was served, counted: one series for each variant of each model, and the last minutes second by second.
import type { FinishedRequest } from "../finished_request.ts";
import { durations, Histogram, type HistogramState, sizes } from "./histogram.ts";

/** What tells series apart. `package` is the digest. */
export interface SeriesName {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly package: string;
}

export const phaseNames = ["parse", "queue", "compute", "encode"] as const;
export type PhaseName = (typeof phaseNames)[number];

/** Counts in one second: requests, those that failed inside (5xx), rows, milliseconds in all. */
export type Tick = [second: number, requests: number, failures: number, rows: number, ms: number];

/** How many seconds are kept one by one. */
export const secondsKept = 300;

export interface SeriesState extends SeriesName {
  readonly requests: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly duration: HistogramState;
  readonly phases: Readonly<Record<PhaseName, HistogramState>>;
  readonly batches: HistogramState;
  readonly events: Readonly<Record<string, number>>;
  readonly ticks: readonly Tick[];
}

/** A request that failed, for people who look. */
export interface RecentError {
  readonly time: number;
  readonly id: string;
  readonly status: number;
  readonly code: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly variant: string | null;
}

const errorsKept = 50;

/** One model's variant: everything that was ever counted, and the last seconds. */
export class Series {
  readonly name: SeriesName;
  /** By `dialect\0status`. */
  readonly requests = new Map<string, number>();
  readonly errors = new Map<string, number>();
  /** Shadow comparisons, fallbacks: by name. */
  readonly events = new Map<string, number>();
  rows = 0;
  readonly duration = new Histogram(durations);
  readonly phases = { parse: timed(), queue: timed(), compute: timed(), encode: timed() };
  readonly batches = new Histogram(sizes);
  private readonly ticks: Tick[] = [];

  constructor(name: SeriesName) {
    this.name = name;
  }

  add(request: FinishedRequest, now: number): void {
    bump(this.requests, `${request.dialect ?? ""}\0${request.status}`);
    if (request.errorCode !== null) bump(this.errors, request.errorCode);
    const failed = request.status >= 500;
    this.rows += request.rows;
    this.duration.add(request.ms);
    if (request.batchSize > 0) {
      for (const phase of phaseNames) this.phases[phase].add(request.phases[phase]);
      this.batches.add(request.batchSize);
    }
    const tick = this.tickAt(Math.floor(now / 1000));
    tick[1]++;
    if (failed) tick[2]++;
    tick[3] += request.rows;
    tick[4] += request.ms;
  }

  /** Counts something that is no request of its own. */
  event(name: string): void {
    bump(this.events, name);
  }

  private tickAt(second: number): Tick {
    const last = this.ticks.at(-1);
    if (last && last[0] >= second) return last;
    const tick: Tick = [second, 0, 0, 0, 0];
    this.ticks.push(tick);
    if (this.ticks.length > 2 * secondsKept) this.ticks.splice(0, this.ticks.length - secondsKept);
    return tick;
  }

  state(): SeriesState {
    return {
      ...this.name,
      requests: Object.fromEntries(this.requests),
      errors: Object.fromEntries(this.errors),
      rows: this.rows,
      duration: this.duration.state(),
      phases: mapPhases((phase) => this.phases[phase].state()),
      batches: this.batches.state(),
      events: Object.fromEntries(this.events),
      ticks: this.ticks.slice(-secondsKept),
    };
  }
}

export interface TrafficState {
  readonly series: readonly SeriesState[];
  readonly recentErrors: readonly RecentError[];
  /** Requests that no model answered, by `dialect\0status`. */
  readonly others: Readonly<Record<string, number>>;
}

/** All series of one process. */
export class Traffic {
  /** All that were counted. */
  requests = 0;
  private readonly series = new Map<string, Series>();
  private readonly recentErrors: RecentError[] = [];
  private readonly others = new Map<string, number>();

  /** Called once per finished request. */
  add(request: FinishedRequest, now = Date.now()): void {
    const { model } = request;
    this.requests++;
    if (model === null) bump(this.others, `${request.dialect ?? ""}\0${request.status}`);
    else this.of(model).add(request, now);
    if (request.status < 400) return;
    this.recentErrors.push({
      time: now,
      id: request.id,
      status: request.status,
      code: request.errorCode ?? "",
      route: request.route,
      model: model?.name ?? null,
      variant: model?.variant ?? null,
    });
    if (this.recentErrors.length > errorsKept) this.recentErrors.shift();
  }

  /** The series of a model; made when first asked for. */
  of(model: {
    readonly name: string;
    readonly version: string;
    readonly variant: string;
    readonly digest: string;
  }): Series {
    const key = `${model.name}\0${model.variant}\0${model.digest}`;
    let series = this.series.get(key);
    if (!series) {
      const { name, version, variant, digest } = model;
      series = new Series({ model: name, version, variant, package: digest });
      this.series.set(key, series);
    }
    return series;
  }

  state(): TrafficState {
    return {
      series: [...this.series.values()].map((series) => series.state()),
      recentErrors: this.recentErrors,
      others: Object.fromEntries(this.others),
    };
  }
}

/** The sum of what several processes counted. */
export function mergeTraffic(states: readonly TrafficState[]): TrafficState {
  const series = new Map<string, SeriesState>();
  for (const one of states.flatMap((state) => state.series)) {
    const key = `${one.model}\0${one.variant}\0${one.package}`;
    const other = series.get(key);
    series.set(key, other ? mergeSeries(other, one) : one);
  }
  return {
    series: [...series.values()],
    recentErrors: states
      .flatMap((state) => state.recentErrors)
      .sort((a, b) => a.time - b.time)
      .slice(-errorsKept),
    others: states.map((state) => state.others).reduce(addCounts, {}),
  };
}

function mergeSeries(a: SeriesState, b: SeriesState): SeriesState {
  const ticks = new Map<number, Tick>();
  for (const tick of [...a.ticks, ...b.ticks]) {
    const other = ticks.get(tick[0]);
    ticks.set(
      tick[0],
      other ? [tick[0], tick[1] + other[1], tick[2] + other[2], tick[3] + other[3], tick[4] + other[4]] : tick,
    );
  }
  return {
    ...a,
    requests: addCounts(a.requests, b.requests),
    errors: addCounts(a.errors, b.errors),
    events: addCounts(a.events, b.events),
    rows: a.rows + b.rows,
    duration: addHistograms(a.duration, b.duration),
    phases: mapPhases((phase) => addHistograms(a.phases[phase], b.phases[phase])),
    batches: addHistograms(a.batches, b.batches),
    ticks: [...ticks.values()].sort((x, y) => x[0] - y[0]).slice(-secondsKept),
  };
}

function addHistograms(a: HistogramState, b: HistogramState): HistogramState {
  return { counts: a.counts.map((count, bucket) => count + b.counts[bucket]!), sum: a.sum + b.sum };
}

function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = { ...a };
  for (const [key, count] of Object.entries(b)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

function mapPhases<T>(of: (phase: PhaseName) => T): Record<PhaseName, T> {
  return { parse: of("parse"), queue: of("queue"), compute: of("compute"), encode: of("encode") };
}

function timed(): Histogram {
  return new Histogram(durations);
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
