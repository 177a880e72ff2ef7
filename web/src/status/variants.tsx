import { count, milliseconds, percent } from "./format.ts";
import { keyOf, quantile, rate, type Series, type Status, sinceBefore, type Variant } from "./status_api.ts";

/** Every variant that serves or did: its share, its speed, its failures. */
export function Variants({ status, before }: { status: Status; before: Status | null }) {
  const planned = new Map(
    status.deployment?.models.flatMap(({ name, variants }) =>
      variants.map((variant) => [`${name} ${variant.name}`, variant]),
    ),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="scrolls" aria-label="Variants, table" tabIndex={0}>
      <table className="figures">
        <thead>
          <tr>
            {["Variant", "Package", "Weight", "Requests/s", "Requests", "Failed", "p50", "p95", "p99", "In flight"].map(
              (head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {[...status.series, ...unasked(status)].map((series, i) => (
            <Row
              key={keyOf(series)}
              series={series}
              recent={sinceBefore(series, before)}
              place={i}
              status={status}
              plan={planned.get(`${series.model} ${series.variant}`)}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What is served and nobody has asked yet: it has no numbers, and is there. */
function unasked({ models, series }: Status): Series[] {
  return models
    .filter(({ name, variant, digest }) =>
      series.every((one) => one.model !== name || one.variant !== variant || one.package !== digest),
    )
    .map(({ name, version, variant, digest }) => ({
      ...{ model: name, version, variant, package: digest, isServed: true },
      ...{ requests: 0, failures: 0, rows: 0, events: {}, errors: {} },
      ...{ ticks: [], durations: [], batches: [], phases: {} },
    }));
}

interface RowProps {
  readonly series: Series;
  readonly recent: Series;
  readonly place: number;
  readonly status: Status;
  readonly plan: Variant | undefined;
}

function Row({ series, recent, place, status, plan }: RowProps) {
  const load = status.loads.find(({ model, variant }) => model === series.model && variant === series.variant);
  return (
    <tr data-served={series.isServed}>
      <th scope="row">
        <span className="swatch" data-series={place % 6} aria-hidden="true" />
        {series.model} <span className="variant">{series.variant}</span>
      </th>
      <td>
        {series.version} <code title={series.package}>{series.package.slice(7, 15)}</code>
      </td>
      <td>{series.isServed ? weightText(plan) : "gone"}</td>
      <td>{count(rate(series, status.now).requests)}</td>
      <td>{count(series.requests)}</td>
      <td data-bad={recent.failures > 0}>{percent(recent.requests === 0 ? 0 : recent.failures / recent.requests)}</td>
      {[0.5, 0.95, 0.99].map((q) => (
        <td key={q}>{milliseconds(quantile(recent.durations, q))}</td>
      ))}
      <td>{series.isServed ? (load?.inFlight ?? 0) : "–"}</td>
    </tr>
  );
}

function weightText(plan: Variant | undefined): string {
  if (!plan) return "all";
  return plan.shadow === null ? String(plan.weight) : `shadow, ${percent(plan.shadow)}`;
}

/** How often shadows gave the same answer. */
export function Shadows({ status }: { status: Status }) {
  const rows = (status.deployment?.models ?? []).flatMap(({ name, variants }) =>
    variants.flatMap((variant) =>
      Object.entries(variant.comparison?.outputs ?? {}).map(([output, compared]) => ({
        name,
        variant,
        output,
        compared,
      })),
    ),
  );
  if (rows.length === 0) return null;
  return (
    <section className="card wide" aria-labelledby="shadows-title">
      <h2 id="shadows-title">Shadows</h2>
      <table className="figures">
        <thead>
          <tr>
            {["Shadow", "Output", "Compared", "Same", "Largest distance", "Failed", "Not mirrored"].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, variant, output, compared }) => (
            <tr key={`${name} ${variant.name} ${output}`}>
              <th scope="row">
                {name} <span className="variant">{variant.name}</span>
              </th>
              <td>
                <code>{output}</code>
              </td>
              <td>{count(compared.compared)}</td>
              <td>{percent(compared.same / compared.compared)}</td>
              <td>{typeof compared.largest === "number" ? compared.largest.toPrecision(3) : "–"}</td>
              <td>{variant.comparison!.failed}</td>
              <td>{variant.comparison!.skipped}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
