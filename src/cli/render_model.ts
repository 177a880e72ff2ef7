// A model's description as a picture that people paste into a review.
import type { ModelUse } from "../convert/index.ts";
import { grouped } from "../core/index.ts";
import type { ModelDescription } from "../formats/index.ts";
import { columns, few } from "./render.ts";

export function renderDescription(model: ModelDescription, use: ModelUse): string {
  const producer = model.producer && [model.producer.name, model.producer.version].filter(Boolean).join(" ");
  const head: [string, string][] = [
    ["format", model.formatVersion ? `${model.format} (version ${model.formatVersion})` : model.format],
    ...(producer ? [["made by", producer] as [string, string]] : []),
    ["task", model.task],
    ["model", model.summary],
    ...model.facts.map(([label, value]): [string, string] => [label, factText(value)]),
  ];
  return [
    columns(head),
    ...section(
      "inputs",
      model.inputs.map((input) => [input.name, typeText(input), input.categories ? few(input.categories) : ""]),
    ),
    ...section(
      "outputs",
      model.outputs.map((output) => [output.name, typeText(output), output.classes ? few(output.classes) : ""]),
    ),
    "",
    columns(textOfUse(use)),
  ].join("\n");
}

/** Digits in groups from 10,000 on, as sentences have them. */
function factText(value: string | number): string {
  return Number.isInteger(value) && Number(value) >= 10_000 ? grouped(Number(value)) : String(value);
}

/** Nothing where the file does not say: weights have no inputs. */
function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ["", `${title} (${rows.length})`, indented(rows)];
}

function textOfUse(use: ModelUse): [string, string][] {
  if (!use.converts)
    return [
      ["converts", `no: ${use.why}`],
      ...(use.where === undefined ? [] : [["", use.where] as [string, string]]),
      ["instead", use.instead],
    ];
  const answers = [
    ...(use.exact.length > 0 ? [`${use.exact.join(", ")} bit-identical to the library's`] : []),
    ...(use.close.length > 0 ? [`${use.close.join(", ")} within a stated last-place error`] : []),
  ];
  return [
    ["converts", "yes, to ONNX: `ingot convert`, `ingot pack`"],
    ...(answers.length > 0 ? [["answers", answers.join("; ")] as [string, string]] : []),
    ["runs on", use.runtimes.join(", ")],
    ...use.notes.map((note): [string, string] => ["note", note]),
  ];
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
