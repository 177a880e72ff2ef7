import { count } from "./format.ts";
import { keyOf, type Series } from "./status_api.ts";

const [width, height] = [1000, 200];
export const secondsShown = 120;

/** Requests per second of the last two minutes, one layer for each variant, failures as a line on top. */
export function TrafficChart({ series, now }: { series: readonly Series[]; now: number }) {
  const last = Math.floor(now / 1000) - 1;
  const seconds = Array.from({ length: secondsShown }, (_, i) => last - secondsShown + 1 + i);
  const columns = series.map((one) => {
    const bySecond = new Map(one.ticks.map((tick) => [tick[0], tick]));
    return seconds.map((second) => bySecond.get(second));
  });
  const totals = seconds.map((_, i) => columns.reduce((sum, column) => sum + (column[i]?.[1] ?? 0), 0));
  const failures = seconds.map((_, i) => columns.reduce((sum, column) => sum + (column[i]?.[2] ?? 0), 0));
  const top = niceTop(Math.max(1, ...totals));
  const x = (i: number) => ((i / (secondsShown - 1)) * width).toFixed(1);
  const y = (value: number) => (height - (value / top) * height).toFixed(1);
  const base = seconds.map(() => 0);
  const layers = columns.map((column) => {
    const from = [...base];
    for (const [i, tick] of column.entries()) base[i]! += tick?.[1] ?? 0;
    const up = base.map((value, i) => `${x(i)},${y(value)}`);
    const down = from.map((value, i) => `${x(i)},${y(value)}`).reverse();
    return `M${up.join("L")}L${down.join("L")}Z`;
  });
  const failed = failures.some((value) => value > 0);
  const said = `Requests per second over two minutes: now ${count(totals.at(-1)!)}, at most ${count(Math.max(...totals))}`;
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={said}>
        {[0.25, 0.5, 0.75].map((share) => (
          <line key={share} className="grid" x1="0" x2={width} y1={height * share} y2={height * share} />
        ))}
        {layers.map((path, i) => (
          <path key={keyOf(series[i]!)} className="layer" data-series={i % 6} d={path} />
        ))}
        {failed && (
          <polyline className="failures" points={failures.map((value, i) => `${x(i)},${y(value)}`).join(" ")} />
        )}
      </svg>
      <span className="axis-top">{count(top)}/s</span>
      <span className="axis-start">{secondsShown} s ago</span>
      <span className="axis-end">now</span>
    </figure>
  );
}

/** The next of 1, 2, 5, 10, 20 … */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}
