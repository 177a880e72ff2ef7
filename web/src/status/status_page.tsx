// The server as it works: traffic, latencies, variants, batches, errors, deployments.
import { ago, count, mebibytes, milliseconds, percent } from "./format.ts";
import { HistogramChart } from "./histogram_chart.tsx";
import { Inputs } from "./inputs.tsx";
import { addBuckets, quantile, rate, type Series, type Status, sinceBefore, useStatus } from "./status_api.ts";
import { TrafficChart } from "./traffic_chart.tsx";
import { Shadows, Variants } from "./variants.tsx";

export function StatusPage() {
  const seen = useStatus();
  if (!seen) return <p className="page-note">Loading…</p>;
  const { status, before, isReachable } = seen;
  const recent = status.series.map((series) => sinceBefore(series, before));
  const durations = addBuckets(recent.map((series) => series.durations));
  const marks = [0.5, 0.95, 0.99].map((q) => [`p${q * 100}`, quantile(durations, q)] as const);
  return (
    <main className="status">
      <Notices status={status} isReachable={isReachable} />
      <Tiles status={status} recent={recent} marks={marks} />
      <section className="card wide" aria-labelledby="traffic-title">
        <h2 id="traffic-title">Requests per second</h2>
        <TrafficChart series={status.series} now={status.now} />
      </section>
      <section className="card wide" aria-labelledby="variants-title">
        <h2 id="variants-title">Variants</h2>
        {status.series.length === 0 ? (
          <p className="empty">Nobody has asked yet.</p>
        ) : (
          <Variants status={status} before={before} />
        )}
      </section>
      <section className="card" aria-labelledby="latency-title">
        <h2 id="latency-title">Latency, last minute</h2>
        <HistogramChart label="Latency" buckets={durations} bound={milliseconds} marks={marks} />
      </section>
      <section className="card" aria-labelledby="batches-title">
        <h2 id="batches-title">Records computed together</h2>
        <HistogramChart
          label="Batch sizes"
          buckets={addBuckets(recent.map((series) => series.batches))}
          bound={batchText}
        />
        <Phases recent={recent} />
      </section>
      <Shadows status={status} />
      <Inputs status={status} />
      <RecentErrors status={status} />
      <History status={status} />
    </main>
  );
}

function Notices({ status, isReachable }: { status: Status; isReachable: boolean }) {
  const problem = status.deployment?.problem;
  const what = problem && (typeof problem.error === "string" ? problem.error : problem.error.what);
  return (
    <>
      {!isReachable && (
        <p className="notice" role="alert">
          The server does not answer; what is shown is {ago(Date.now() - status.now)}.
        </p>
      )}
      {problem && (
        <p className="notice" role="alert">
          A change was refused and the old deployment serves on: {what} ({problem.why})
        </p>
      )}
    </>
  );
}

interface TilesProps {
  readonly status: Status;
  readonly recent: readonly Series[];
  readonly marks: readonly (readonly [string, number])[];
}

function Tiles({ status, recent, marks }: TilesProps) {
  const rates = status.series.map((series) => rate(series, status.now));
  const sum = (of: (one: (typeof rates)[number]) => number) => rates.reduce((total, one) => total + of(one), 0);
  const requests = recent.reduce((total, one) => total + one.requests, 0);
  const failures = recent.reduce((total, one) => total + one.failures, 0);
  const memory = status.processes.reduce((total, one) => total + one.residentBytes, 0);
  const tiles: [name: string, value: string, isBad?: boolean][] = [
    ["requests/s", count(sum((one) => one.requests))],
    ["records/s", count(sum((one) => one.rows))],
    ["failed", percent(requests === 0 ? 0 : failures / requests), failures > 0],
    ...marks.map(([name, value]): [string, string] => [name, milliseconds(value)]),
    ["in flight", count(status.loads.reduce((total, one) => total + one.inFlight, 0))],
    [status.processes.length === 1 ? "memory" : `memory, ${status.processes.length} processes`, mebibytes(memory)],
  ];
  return (
    <dl className="tiles">
      {tiles.map(([name, value, isBad]) => (
        <div key={name} data-bad={isBad ?? false}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Phases({ recent }: { recent: readonly Series[] }) {
  const names = ["parse", "queue", "compute", "encode"];
  const means = names.map((name) => {
    const all = recent.map((series) => series.phases[name]!);
    const n = all.reduce((sum, one) => sum + one.count, 0);
    return n === 0 ? 0 : all.reduce((sum, one) => sum + one.ms, 0) / n;
  });
  const total = means.reduce((sum, mean) => sum + mean, 0);
  if (total === 0) return null;
  return (
    <>
      <h3>Where a request's time goes</h3>
      <div className="phases" aria-hidden="true">
        {names.map((name, i) => (
          <span key={name} data-phase={name} style={{ width: `${(means[i]! / total) * 100}%` }} />
        ))}
      </div>
      <dl className="phase-list">
        {names.map((name, i) => (
          <div key={name}>
            <dt>
              <span className="swatch" data-phase={name} aria-hidden="true" />
              {name}
            </dt>
            <dd>{milliseconds(means[i]!)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function RecentErrors({ status }: { status: Status }) {
  const errors = status.recentErrors.slice(-8).reverse();
  return (
    <section className="card wide" aria-labelledby="errors-title">
      <h2 id="errors-title">Latest errors</h2>
      {errors.length === 0 ? (
        <p className="empty">None.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="scrolls" aria-label="Latest errors, table" tabIndex={0}>
          <table className="figures">
            <thead>
              <tr>
                {["When", "Status", "Code", "Route", "Variant", "Request"].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {errors.map((error) => (
                <tr key={`${error.time} ${error.id}`}>
                  <td>{ago(status.now - error.time)}</td>
                  <td data-bad={error.status >= 500}>{error.status}</td>
                  <td>
                    <code>{error.code}</code>
                  </td>
                  <td>{error.route ?? "–"}</td>
                  <td>{error.model === null ? "–" : `${error.model} ${error.variant}`}</td>
                  <td>
                    <code>{error.id}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function History({ status }: { status: Status }) {
  const { deployment } = status;
  if (!deployment) return null;
  return (
    <section className="card wide" aria-labelledby="history-title">
      <h2 id="history-title">Deployment, revision {deployment.revision}</h2>
      <ol className="history">
        {deployment.changes
          .slice(-6)
          .reverse()
          .map(({ number, why, appliedAt }) => (
            <li key={number} aria-current={number === deployment.revision ? "true" : undefined}>
              <span className="revision">{number}</span>
              <span>{why}</span>
              <span className="when">{ago(status.now - appliedAt)}</span>
            </li>
          ))}
      </ol>
    </section>
  );
}

function batchText(rows: number): string {
  return Number.isFinite(rows) ? String(rows) : "more";
}
