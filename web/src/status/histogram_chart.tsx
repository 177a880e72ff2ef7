import { percent } from "./format.ts";
import type { Bucket } from "./status_api.ts";

interface HistogramProps {
  readonly label: string;
  readonly buckets: readonly Bucket[];
  /** How a bound is written. */
  readonly bound: (value: number) => string;
  /** Bounds that are marked, by name. */
  readonly marks?: readonly (readonly [name: string, value: number])[];
}

/** Buckets as bars, from the first to the last that holds anything. */
export function HistogramChart({ label, buckets, bound, marks = [] }: HistogramProps) {
  const total = buckets.reduce((sum, [, n]) => sum + n, 0);
  if (total === 0) return <p className="empty">Nothing yet.</p>;
  const filled = buckets.flatMap(([, n], i) => (n > 0 ? [i] : []));
  const shown = buckets.slice(Math.max(0, filled[0]! - 1), filled.at(-1)! + 2);
  const most = Math.max(...shown.map(([, n]) => n));
  const places = shown.map(([limit]) => limit ?? Number.POSITIVE_INFINITY);
  const said = `${label}: ${marks.map(([name, value]) => `${name} ${bound(value)}`).join(", ") || `${shown.length} sizes`}`;
  return (
    <figure className="histogram" role="img" aria-label={said}>
      <div className="columns">
        {shown.map(([limit, n]) => {
          const marked = marks.filter(([, value]) => value === limit);
          return (
            <div
              key={String(limit)}
              className="column"
              title={`up to ${bound(limit ?? Number.POSITIVE_INFINITY)}: ${n} (${percent(n / total)})`}
            >
              {marked.length > 0 && <span className="mark">{marked.map(([name]) => name).join(" ")}</span>}
              <span className="fill" style={{ height: `${n === 0 ? 0 : Math.max(1.5, (n / most) * 100)}%` }} />
            </div>
          );
        })}
      </div>
      <div className="scale">
        <span>{bound(places[0]!)}</span>
        {places.length > 4 && <span>{bound(places[places.length >> 1]!)}</span>}
        {places.length > 1 && <span>{bound(places.at(-1)!)}</span>}
      </div>
    </figure>
  );
}
