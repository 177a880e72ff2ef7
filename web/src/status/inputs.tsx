import { count, percent } from "./format.ts";
import type { Status } from "./status_api.ts";

interface Row {
  readonly key: string;
  readonly model: string;
  readonly variant: string;
  readonly input: string;
  readonly values: Record<string, number>;
  index: number | null;
}

/** Above this an input has moved; a tenth of it is nothing. */
const moved = 0.25;

/** Inputs that no longer look like the package's examples, most moved first. */
export function Inputs({ status }: { status: Status }) {
  const rows = rowsOf(status).filter(
    ({ values, index }) => (index ?? 0) >= 0.1 || (values["unseen"] ?? 0) + (values["outside"] ?? 0) > 0,
  );
  if (rows.length === 0) return null;
  rows.sort((a, b) => (b.index ?? 0) - (a.index ?? 0));
  return (
    <section className="card wide" aria-labelledby="inputs-title">
      <h2 id="inputs-title">Inputs unlike the package's examples</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="scrolls" aria-label="Inputs, table" tabIndex={0}>
        <table className="figures">
          <thead>
            <tr>
              {["Input", "Variant", "Stability index", "Looked at", "Missing", "Unseen", "Outside bounds"].map(
                (head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 12).map(({ key, model, variant, input, values, index }) => {
              const total = Object.values(values).reduce((sum, value) => sum + value, 0);
              const share = (kind: string) => percent(total === 0 ? 0 : (values[kind] ?? 0) / total);
              return (
                <tr key={key}>
                  <th scope="row">
                    <code>{input}</code>
                  </th>
                  <td>
                    {model} <span className="variant">{variant}</span>
                  </td>
                  <td data-bad={(index ?? 0) > moved}>{index === null ? "–" : index.toFixed(2)}</td>
                  <td>{count(total)}</td>
                  <td>{share("missing")}</td>
                  <td>{share("unseen")}</td>
                  <td>{share("outside")}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function rowsOf({ gauges }: Status): Row[] {
  const rows = new Map<string, Row>();
  for (const gauge of gauges)
    for (const { labels, value } of gauge.rows) {
      const { model, variant, input, kind } = labels;
      if (!gauge.name.startsWith("ingot_input_") || !model || !variant || !input) continue;
      const key = `${model} ${variant} ${input} ${labels["package"]}`;
      const row = rows.get(key) ?? { key, model, variant, input, values: {}, index: null };
      if (kind === undefined) row.index = value;
      else row.values[kind] = value;
      rows.set(key, row);
    }
  return [...rows.values()];
}
