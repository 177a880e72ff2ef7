// The skew check at the terminal: the verdict first, then the step or input to look at, then rows.
import type { ObservedRow, SkewReport } from "../package/index.ts";
import { columns } from "./render.ts";

export function renderSkew(report: SkewReport, source: string): string {
  const { rows, compared, differing, outputs, step, cause, shown } = report;
  const head =
    compared === 0
      ? `nothing is recorded in ${source} to compare ${report.reference} with`
      : differing === 0
        ? `${report.reference} gives what was recorded: ${compared} of ${rows} rows compared on ${report.runtime}`
        : `${report.reference} differs from what was recorded in ${differing} of ${compared} rows (${report.runtime})`;
  const parts = [head, ""];
  if (Object.keys(outputs).length > 0)
    parts.push(
      columns([
        ["OUTPUT", "VALUES", "UNEQUAL", "LARGEST DIFFERENCE"],
        ...Object.entries(outputs).map(([name, { values, unequal, maxAbsolute }]) => [
          name,
          String(values),
          String(unequal),
          unequal === 0 ? "0" : maxAbsolute === 0 ? "not numbers" : maxAbsolute.toPrecision(3),
        ]),
      ]),
      "",
    );
  if (step) parts.push(`first difference: step \`${step.name}\`, column \`${step.column}\`, in ${count(step.rows)}`);
  if (cause) {
    const { input, what, among, others } = cause;
    parts.push(
      `input to look at: \`${input}\` ${what} in ${among.differing} of the ${count(among.of)} that differ, and in ${others.differing} of the ${others.of} others`,
    );
  }
  if (step || cause) parts.push("");
  for (const row of shown.slice(0, 5)) parts.push(...renderRow(row, source), "");
  if (differing > 5) parts.push(`and ${differing - 5} more rows that differ (--json shows ${shown.length})`);
  return parts.join("\n").trimEnd();
}

function renderRow(row: ObservedRow, source: string): string[] {
  const { line, differences, firstStep, agreed, refused, intermediate } = row;
  const lines = [`${source}:${line}`];
  if (refused !== undefined) lines.push(`  refused: ${refused}`);
  const told = [
    ...(firstStep ? [["step", firstStep.what, firstStep.recorded, firstStep.computed]] : []),
    ...differences.slice(0, 6).map(({ what, recorded, computed }) => ["output", what, recorded, computed]),
  ];
  if (told.length > 0) lines.push(indented(columns([["", "", "RECORDED", "COMPUTED"], ...told])));
  if (agreed.length > 0)
    lines.push(`  equal before it: ${agreed.slice(0, 8).join(", ")}${agreed.length > 8 ? " …" : ""}`);
  if (intermediate)
    lines.push(indented(columns(Object.entries(intermediate).map(([name, value]) => [name, shortened(value)]))));
  return lines;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? String(item) : item)) ?? "null";
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function count(rows: number): string {
  return `${rows} ${rows === 1 ? "row" : "rows"}`;
}
