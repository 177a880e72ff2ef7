// How the interval of an effect narrowed, as a picture: SVG for reports, characters for terminals.
import type { AbReport, Effect } from "./ab_report.ts";

const [width, height, left, top] = [720, 260, 64, 34];

/** One panel for each variant that is compared. A whole document, without scripts or anything from elsewhere. */
export function abSvg({ effects, baseline, outcome, model }: AbReport): string {
  const panels = effects.map((effect, i) => `<g transform="translate(0 ${i * height})">${panel(effect, baseline)}</g>`);
  const total = Math.max(1, effects.length) * height;
  const title = `${model}: effect on ${outcome} against ${baseline}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" font-family="system-ui, sans-serif" font-size="12" role="img"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="#fff"/>${panels.join("")}</svg>\n`;
}

function panel({ variant, course, verdict }: Effect, baseline: string): string {
  const heading = `<text x="${left}" y="20" font-weight="600">${escaped(variant)} against ${escaped(baseline)}: ${verdict}</text>`;
  if (course.length === 0) return `${heading}<text x="${left}" y="60" fill="#666">too few outcomes yet</text>`;
  const [right, bottom] = [width - 16, height - 34];
  const low = Math.min(0, ...course.map((point) => point.low));
  const high = Math.max(0, ...course.map((point) => point.high));
  const last = course.at(-1)!.count;
  const x = (count: number) => (left + (count / last) * (right - left)).toFixed(1);
  const y = (value: number) => (bottom - ((value - low) / (high - low || 1)) * (bottom - top)).toFixed(1);
  const upper = course.map((point) => `${x(point.count)},${y(point.high)}`);
  const lower = course.map((point) => `${x(point.count)},${y(point.low)}`).reverse();
  const middle = course.map((point) => `${x(point.count)},${y(point.difference)}`);
  return [
    heading,
    `<polygon points="${[...upper, ...lower].join(" ")}" fill="#f3c9a8"/>`,
    `<polyline points="${middle.join(" ")}" fill="none" stroke="#b4430b" stroke-width="2"/>`,
    `<line x1="${left}" x2="${right}" y1="${y(0)}" y2="${y(0)}" stroke="#444" stroke-dasharray="4 3"/>`,
    ...[low, 0, high].map(
      (value) =>
        `<text x="${left - 6}" y="${Number(y(value)) + 4}" text-anchor="end" fill="#444">${signed(value)}</text>`,
    ),
    `<text x="${right}" y="${height - 14}" text-anchor="end" fill="#444">${last} outcomes</text>`,
  ].join("");
}

const rows = 11;

/** The same in characters: `░` the interval, `█` the difference, `┄` no difference. */
export function abChart({ course }: Effect): string[] {
  if (course.length === 0) return ["too few outcomes yet"];
  const low = Math.min(0, ...course.map((point) => point.low));
  const high = Math.max(0, ...course.map((point) => point.high));
  const step = (high - low || 1) / (rows - 1);
  const rowOf = (value: number) => Math.round((high - value) / step);
  return Array.from({ length: rows }, (_, row) => {
    const cells = course.map((point) => {
      if (rowOf(point.difference) === row) return "█";
      if (row >= rowOf(point.high) && row <= rowOf(point.low)) return "░";
      return row === rowOf(0) ? "┄" : " ";
    });
    const label = row === 0 ? signed(high) : row === rows - 1 ? signed(low) : row === rowOf(0) ? "0" : "";
    return `${label.padStart(9)} ${cells.join("")}`;
  });
}

export function signed(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : value < 0 ? "−∞" : "–";
  return value === 0 ? "0" : `${value > 0 ? "+" : "−"}${Math.abs(value).toPrecision(3)}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one]!);
}
