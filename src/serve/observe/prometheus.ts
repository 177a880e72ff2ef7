// Counters as Prometheus reads them. Rule: prometheus.io, "Exposition formats", text format 0.0.4; base units are seconds and bytes.
import { durations, Histogram, type HistogramState, type Scale, sizes } from "./histogram.ts";
import { phaseNames, type SeriesState, type TrafficState } from "./traffic.ts";

export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;

/** A process that serves; several processes are several rows. */
export interface ProcessState {
  readonly pid: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly cpuSeconds: number;
  readonly uptimeSeconds: number;
  /** Answered by this process. */
  readonly requests: number;
  /** 99th percentile of how late the event loop was since it was last asked, in seconds. */
  readonly loopDelaySeconds: number;
}

/** Predictions under way in a model, by name. */
export interface Load {
  readonly model: string;
  readonly variant: string;
  readonly inFlight: number;
}

/** One number that is not counted by requests, drift for instance. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly rows: readonly { readonly labels: Labels; readonly value: number }[];
}

export interface MetricsState {
  readonly version: string;
  readonly traffic: TrafficState;
  readonly processes: readonly ProcessState[];
  readonly loads: readonly Load[];
  readonly gauges: readonly Gauge[];
}

/** The whole page. */
export function prometheusText({ version, traffic, processes, loads, gauges }: MetricsState): string {
  const page = new Page();
  page.metric("ingot_info", "gauge", "The version of Ingot that serves", [[{ version }, 1]]);
  page.metric(
    "ingot_requests_total",
    "counter",
    "Requests by what answered, the protocol and the HTTP status",
    traffic.series.flatMap((series) => requestRows(series.requests, labelsOf(series))),
  );
  page.metric(
    "ingot_other_requests_total",
    "counter",
    "Requests that asked for no model, by protocol and HTTP status",
    requestRows(traffic.others, {}),
  );
  page.metric(
    "ingot_errors_total",
    "counter",
    "Requests that failed, by stable error code",
    bySeries(traffic, "errors", "code"),
  );
  page.metric(
    "ingot_rows_total",
    "counter",
    "Records asked for",
    traffic.series.map((series) => [labelsOf(series), series.rows]),
  );
  page.metric(
    "ingot_events_total",
    "counter",
    "Shadow comparisons and fallbacks",
    bySeries(traffic, "events", "event"),
  );
  page.histogram(
    "ingot_request_duration_seconds",
    "From the headers of a request to its answer",
    durations,
    1e-3,
    traffic.series.map((series) => [labelsOf(series), series.duration]),
  );
  page.histogram(
    "ingot_phase_duration_seconds",
    "Time of predictions by phase: parse, queue, compute, encode",
    durations,
    1e-3,
    traffic.series.flatMap((series) =>
      phaseNames.map((phase): [Labels, HistogramState] => [{ ...labelsOf(series), phase }, series.phases[phase]]),
    ),
  );
  page.histogram(
    "ingot_batch_rows",
    "Records that were computed together",
    sizes,
    1,
    traffic.series.map((series) => [labelsOf(series), series.batches]),
  );
  page.metric(
    "ingot_in_flight",
    "gauge",
    "Predictions that wait or run",
    loads.map(({ model, variant, inFlight }) => [{ model, variant }, inFlight]),
  );
  for (const { name, kind, help, rows } of gauges)
    page.metric(
      name,
      kind,
      help,
      rows.map(({ labels, value }) => [labels, value]),
    );
  const perProcess = (name: string, kind: "gauge" | "counter", help: string, of: (state: ProcessState) => number) =>
    page.metric(
      name,
      kind,
      help,
      processes.map((state) => [{ pid: String(state.pid) }, of(state)]),
    );
  perProcess("ingot_process_resident_memory_bytes", "gauge", "Memory in use", (state) => state.residentBytes);
  perProcess("ingot_process_heap_bytes", "gauge", "JavaScript heap in use", (state) => state.heapBytes);
  perProcess("ingot_process_cpu_seconds_total", "counter", "Processor time", (state) => state.cpuSeconds);
  perProcess("ingot_process_requests_total", "counter", "Requests by process", (state) => state.requests);
  perProcess("ingot_process_uptime_seconds", "gauge", "Since the process began", (state) => state.uptimeSeconds);
  perProcess(
    "ingot_process_loop_delay_seconds",
    "gauge",
    "99th percentile of the event loop's delay",
    (state) => state.loopDelaySeconds,
  );
  return page.text();
}

function labelsOf({ model, version, variant, package: digest }: SeriesState): Labels {
  return { model, version, variant, package: digest };
}

function requestRows(counts: Readonly<Record<string, number>>, labels: Labels): [Labels, number][] {
  return Object.entries(counts).map(([key, count]) => {
    const [dialect, status] = key.split("\0") as [string, string];
    return [{ ...labels, dialect, status }, count];
  });
}

function bySeries(traffic: TrafficState, of: "errors" | "events", label: string): [Labels, number][] {
  return traffic.series.flatMap((series) =>
    Object.entries(series[of]).map(([key, count]): [Labels, number] => [{ ...labelsOf(series), [label]: key }, count]),
  );
}

class Page {
  private readonly lines: string[] = [];

  metric(name: string, kind: "counter" | "gauge", help: string, rows: readonly (readonly [Labels, number])[]): void {
    if (rows.length === 0) return;
    this.head(name, kind, help);
    for (const [labels, value] of rows) this.row(name, labels, value);
  }

  /** @param unit what one of the histogram's numbers is in base units */
  histogram(
    name: string,
    help: string,
    scale: Scale,
    unit: number,
    rows: readonly (readonly [Labels, HistogramState])[],
  ): void {
    if (rows.length === 0) return;
    this.head(name, "histogram", help);
    for (const [labels, state] of rows) {
      const histogram = new Histogram(scale, state);
      let total = 0;
      for (const [bucket, count] of state.counts.entries()) {
        total += count;
        const isLast = bucket === state.counts.length - 1;
        // Finer bounds serve our own quantiles; a scrape gets one per octave.
        if (!isLast && bucket % scale.perOctave !== 0) continue;
        const le = isLast ? "+Inf" : String(Number((histogram.bound(bucket) * unit).toPrecision(12)));
        this.row(`${name}_bucket`, { ...labels, le }, total);
      }
      this.row(`${name}_sum`, labels, Number((state.sum * unit).toPrecision(15)));
      this.row(`${name}_count`, labels, total);
    }
  }

  text(): string {
    return `${this.lines.join("\n")}\n`;
  }

  private head(name: string, kind: string, help: string): void {
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
  }

  private row(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    this.lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${numberText(value)}`);
  }
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
