// Everything that is counted while a server runs, put together for those who look: Prometheus, the status page, other processes.
import type { LiveDeployment } from "../deployment/live_deployment.ts";
import type { PredictionLog } from "../log/prediction_log.ts";
import type { Serving } from "../serving.ts";
import type { Drift } from "./drift.ts";
import { type DriftState, driftGauges, mergeDrift } from "./drift_state.ts";
import { limitedState } from "./limited.ts";
import { ProcessWatch } from "./process_watch.ts";
import { type Gauge, type Load, type MetricsState, prometheusText } from "./prometheus.ts";
import { type CountsState, mergeStatistics, Statistics } from "./statistics.ts";
import { mergeTraffic, Traffic } from "./traffic.ts";

/** Everything about what is served and was before, as `LiveDeployment` tells it. */
export type DeploymentState = ReturnType<LiveDeployment["state"]>;

/** What one process counted; plain data that travels between processes. */
export interface WatchState extends MetricsState {
  readonly statistics: readonly CountsState[];
  readonly drift: readonly DriftState[];
}

export class Watch {
  readonly traffic = new Traffic();
  readonly statistics = new Statistics();
  /** Set by whoever deploys; null where the server serves what it was started with. */
  deployment: (() => Promise<DeploymentState>) | null = null;
  /** Set where predictions are logged, and outcomes joined to them. */
  predictions: PredictionLog | null = null;
  /** Set where requests are compared with the examples of their packages. */
  drift: Drift | null = null;
  /** Numbers that something else counts, asked for when somebody looks. */
  readonly gauges = new Set<() => readonly Gauge[]>();
  /** Where several processes serve: what the others counted. */
  others: () => Promise<readonly WatchState[]> = async () => [];
  private readonly serving: Serving;
  private readonly process = new ProcessWatch();

  constructor(serving: Serving) {
    this.serving = serving;
    serving.observe((request) => {
      this.traffic.add(request);
      this.statistics.observe(request);
    });
  }

  /** Of this process alone. */
  state(): WatchState {
    return {
      version: this.serving.options.version,
      traffic: this.traffic.state(),
      processes: [this.process.state(this.traffic.requests)],
      loads: this.serving.models.map(({ name, variant, inFlight }): Load => ({ model: name, variant, inFlight })),
      gauges: [...this.gauges].flatMap((gauge) => gauge()),
      statistics: this.statistics.state(),
      drift: this.drift?.state() ?? [],
    };
  }

  /** Of all processes together, with what follows from their sum. */
  async total(): Promise<WatchState> {
    const sum = mergeStates([this.state(), ...(await this.others())]);
    return { ...sum, gauges: [...sum.gauges, ...driftGauges(sum.drift)] };
  }

  /** The page for Prometheus. @param reach names of the models that it may name; null: all */
  async metrics(reach: ReadonlySet<string> | null = null): Promise<string> {
    return prometheusText(limitedState(await this.total(), reach));
  }
}

/** The sum over processes. */
export function mergeStates(states: readonly WatchState[]): WatchState {
  const loads = new Map<string, Load>();
  const gauges = new Map<string, Gauge>();
  for (const state of states) {
    for (const load of state.loads) {
      const key = `${load.model}\0${load.variant}`;
      loads.set(key, { ...load, inFlight: load.inFlight + (loads.get(key)?.inFlight ?? 0) });
    }
    for (const gauge of state.gauges) gauges.set(gauge.name, mergeGauges(gauges.get(gauge.name), gauge));
  }
  return {
    version: states[0]!.version,
    traffic: mergeTraffic(states.map(({ traffic }) => traffic)),
    processes: states.flatMap(({ processes }) => processes),
    loads: [...loads.values()],
    gauges: [...gauges.values()],
    statistics: mergeStatistics(states.flatMap(({ statistics }) => statistics)),
    drift: mergeDrift(states.flatMap(({ drift }) => drift)),
  };
}

/** What stays of a process that ended: its counts. @param before what had ended before */
export function departedState(before: WatchState | null, ended: WatchState | null, version = ""): WatchState {
  const nothing = { series: [], recentErrors: [], others: {} };
  const states = [before, ended].flatMap((state) => (state ? [state] : []));
  const both =
    states.length > 0 ? mergeStates(states) : { version, traffic: nothing, statistics: [], gauges: [], drift: [] };
  const drift = both.drift.map((state) => ({ ...state, isServed: false }));
  return { ...both, processes: [], loads: [], gauges: both.gauges.filter(({ kind }) => kind === "counter"), drift };
}

/** Counters are added up; of gauges the last process's stands. */
function mergeGauges(known: Gauge | undefined, added: Gauge): Gauge {
  if (!known) return added;
  const rows = new Map(known.rows.map((row) => [JSON.stringify(row.labels), row]));
  for (const row of added.rows) {
    const key = JSON.stringify(row.labels);
    const before = added.kind === "counter" ? (rows.get(key)?.value ?? 0) : 0;
    rows.set(key, { labels: row.labels, value: before + row.value });
  }
  return { ...known, rows: [...rows.values()] };
}
