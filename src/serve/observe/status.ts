// What the status page shows: what serves, what it did in the last minutes, what went wrong.
import type { Asker } from "../call.ts";
import type { Serving } from "../serving.ts";
import { durations, Histogram, type HistogramState, sizes } from "./histogram.ts";
import { limitedDeployment, limitedState } from "./limited.ts";
import { phaseNames, type SeriesState } from "./traffic.ts";

/** Buckets with their upper bounds; the last has none. */
function buckets(state: HistogramState, scale: typeof durations) {
  const histogram = new Histogram(scale, state);
  return state.counts.map((count, bucket) => [
    bucket === state.counts.length - 1 ? null : histogram.bound(bucket),
    count,
  ]);
}

function statusOfSeries(series: SeriesState, isServed: boolean) {
  const { model, version, variant, package: digest, rows, events, ticks } = series;
  const duration = new Histogram(durations, series.duration);
  const requests = duration.count;
  const failures = Object.entries(series.requests).reduce(
    (sum, [key, count]) => sum + (/\0[5]\d\d$/.test(key) ? count : 0),
    0,
  );
  return {
    model,
    version,
    variant,
    package: digest,
    isServed,
    requests,
    failures,
    rows,
    events,
    errors: series.errors,
    ticks,
    quantilesMs: { p50: duration.quantile(0.5), p95: duration.quantile(0.95), p99: duration.quantile(0.99) },
    durations: buckets(series.duration, durations),
    batches: buckets(series.batches, sizes),
    phases: Object.fromEntries(
      phaseNames.map((phase) => {
        const histogram = new Histogram(durations, series.phases[phase]);
        return [phase, { count: histogram.count, ms: histogram.sum }];
      }),
    ),
  };
}

/** Plain data; numbers that are not known are NaN. @param asker is told of the models that its token reaches */
export async function statusOf(serving: Serving, asker: Pick<Asker, "header">) {
  const { watch } = serving;
  const reach = serving.reachOf(asker);
  const { models } = serving.shownTo(asker);
  const state = limitedState(await watch.total(), reach);
  const served = new Set(models.map(({ name, variant, digest }) => `${name}\0${variant}\0${digest}`));
  const known = state.traffic.series.map((series) =>
    statusOfSeries(series, served.has(`${series.model}\0${series.variant}\0${series.package}`)),
  );
  return {
    now: Date.now(),
    version: state.version,
    isReady: serving.isReady,
    processes: state.processes,
    loads: state.loads,
    models: models.map(({ name, version, variant, digest, runtime }) => ({
      name,
      version,
      variant,
      digest,
      runtime,
    })),
    series: known,
    recentErrors: state.traffic.recentErrors,
    deployment: limitedDeployment((await watch.deployment?.()) ?? null, reach),
    gauges: state.gauges,
  };
}
