// An A/B report on a terminal.
import { type AbReport, abChart, signed } from "../serve/index.ts";

export function renderAb(report: AbReport): string {
  const { model, outcome, unit, baseline, confidence, arms, effects, unmatched, method } = report;
  const lines = [
    `${model}: ${outcome}, by ${unit === "person" ? "who was assigned" : "request"}`,
    "",
    ...table([
      ["variant", "requests", "outcomes", "mean", `${confidence * 100} % at all times`],
      ...arms.map(({ variant, requests, count, mean, interval }) => [
        variant === baseline ? `${variant} (baseline)` : variant,
        String(requests),
        String(count),
        count === 0 ? "–" : mean.toPrecision(4),
        interval === null ? "" : `${interval.low.toPrecision(4)} to ${interval.high.toPrecision(4)}`,
      ]),
    ]),
  ];
  for (const effect of effects) {
    const { variant, difference, lift, interval, verdict } = effect;
    const share = Number.isNaN(lift) ? "" : ` (${signed(lift * 100)} %)`;
    lines.push(
      "",
      `${variant} against ${baseline}: ${signed(difference)}${share}, between ${signed(interval.low)} and ${signed(interval.high)}`,
    );
    lines.push(
      verdict === "undecided" ? "verdict: undecided, go on" : `verdict: ${variant} is ${verdict}`,
      "",
      ...abChart(effect),
    );
  }
  if (effects.length === 0) lines.push("", "nothing to compare yet: two variants need outcomes");
  if (unmatched > 0)
    lines.push(
      "",
      `${unmatched} ${unmatched === 1 ? "outcome belongs" : "outcomes belong"} to no logged request of this model`,
    );
  return [...lines, "", `method: ${method}`].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
