// A model's description as a picture that people paste into a review.
import type { ModelDescription } from "../formats/index.ts";
import { columns, few } from "./render.ts";

export function renderDescription(model: ModelDescription): string {
  const producer = model.producer && [model.producer.name, model.producer.version].filter(Boolean).join(" ");
  const head: [string, string][] = [
    ["format", model.formatVersion ? `${model.format} (version ${model.formatVersion})` : model.format],
    ...(producer ? [["made by", producer] as [string, string]] : []),
    ["task", model.task],
    ["model", model.summary],
    ...model.facts.map(([label, value]): [string, string] => [label, String(value)]),
  ];
  return [
    columns(head),
    "",
    `inputs (${model.inputs.length})`,
    indented(model.inputs.map((input) => [input.name, typeText(input), input.categories ? few(input.categories) : ""])),
    "",
    `outputs (${model.outputs.length})`,
    indented(model.outputs.map((output) => [output.name, typeText(output), output.classes ? few(output.classes) : ""])),
  ].join("\n");
}

export function typeText(value: { type: string; shape: readonly (string | number | null)[] }): string {
  return value.shape.length === 0 ? value.type : `${value.type}[${value.shape.map((dim) => dim ?? "?").join(", ")}]`;
}

/** At most `limit` rows: a model of 5,000 columns must not fill the screen. */
function indented(rows: string[][], limit = 60): string {
  const shown = rows.slice(0, limit);
  const text = columns(shown)
    .split("\n")
    .map((line) => `  ${line}`.trimEnd())
    .join("\n");
  return rows.length > limit ? `${text}\n  … ${rows.length - limit} more (--json shows all)` : text;
}
