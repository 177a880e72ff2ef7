// Questions and answers as records, whichever form the protocol gave them: for logs, comparisons and assignment by a field.
import type { InputSpec, Schema } from "../../core/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import { decodeRecords, type InputRecord, type OutputRecord, type OutputValue } from "../../runtime/index.ts";
import type { Question } from "../around.ts";

/** Records asked for, at most `limit`. Missing numbers are NaN where they came as tensors. */
export function questionRecords(
  schema: Schema,
  question: Question,
  limit = Number.POSITIVE_INFINITY,
): readonly InputRecord[] {
  if ("records" in question) return question.records.slice(0, limit);
  const { feeds } = question;
  const count = Math.min(limit, rowCount(schema.inputs, feeds));
  return decodeRecords(inputsAsOutputs(schema), firstRows(schema.inputs, feeds, count), count);
}

/** Records answered: `answer` is in the form of the question. */
export function answerRecords(schema: Schema, question: Question, answer: unknown): readonly OutputRecord[] {
  if ("records" in question) return answer as readonly OutputRecord[];
  return decodeRecords(schema, answer as Readonly<Record<string, Tensor>>, rowCount(schema.inputs, question.feeds));
}

/** The value of one input in the first record as text; null where it is missing. */
export function fieldText(schema: Schema, question: Question, field: string): string | null {
  if ("records" in question) return keyText(question.records[0]?.[field]);
  const spec = schema.inputs.find(({ name }) => name === field);
  const tensor = question.feeds[field];
  if (!spec || !tensor || rowCount([spec], question.feeds) === 0) return null;
  const one = { inputs: [spec], outputs: [] };
  return keyText(questionRecords(one, { feeds: { [field]: tensor } }, 1)[0]?.[field]);
}

function keyText(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "object") return JSON.stringify(value);
  return typeof value === "number" && Number.isNaN(value) ? null : String(value);
}

function rowCount(inputs: readonly InputSpec[], feeds: Readonly<Record<string, Tensor>>): number {
  const spec = inputs.find(({ layout }) => layout !== "whole");
  return spec ? (feeds[spec.name]?.dims[0] ?? 0) : 1;
}

/** Inputs in the words of outputs: they are decoded by the same rules. */
function inputsAsOutputs({ inputs }: Schema): Schema {
  return {
    inputs: [],
    outputs: inputs.map(({ name, type, dtype, shape, layout }) => ({
      name,
      type,
      dtype,
      shape,
      layout: layout === "column" ? "batch" : layout,
    })),
  };
}

function firstRows(
  inputs: readonly InputSpec[],
  feeds: Readonly<Record<string, Tensor>>,
  count: number,
): Record<string, Tensor> {
  const rows: Record<string, Tensor> = Object.create(null);
  for (const { name, layout } of inputs) {
    const tensor = feeds[name];
    if (!tensor) continue;
    const all = tensor.dims[0] ?? 0;
    if (layout === "whole" || all === count) rows[name] = tensor;
    else
      rows[name] = {
        ...tensor,
        dims: [count, ...tensor.dims.slice(1)],
        data: tensor.data.slice(0, all === 0 ? 0 : (tensor.data.length / all) * count),
      };
  }
  return rows;
}

/** Equal, where NaN equals itself and -0 equals 0. */
export function isSameValue(a: OutputValue | undefined, b: OutputValue | undefined): boolean {
  if (typeof a === "number" && typeof b === "number") return a === b || (Number.isNaN(a) && Number.isNaN(b));
  if (a === null || b === null) return a === b;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, i) => isSameValue(value, b[i]));
  if (typeof a === "object" && typeof b === "object" && !Array.isArray(a) && !Array.isArray(b)) {
    const [left, right] = [a as Record<string, OutputValue>, b as Record<string, OutputValue>];
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => isSameValue(left[key], right[key]));
  }
  return a === b;
}

/** The largest distance of two numbers at the same place; NaN where there are none. */
export function distance(a: OutputValue | undefined, b: OutputValue | undefined): number {
  if ((typeof a === "number" || typeof a === "bigint") && (typeof b === "number" || typeof b === "bigint"))
    return Math.abs(Number(a) - Number(b));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Number.NaN;
  const right = b as Record<string, OutputValue>;
  const distances = Object.entries(a).map(([key, value]) => distance(value, right[key]));
  return distances.reduce((most, one) => (one > most || Number.isNaN(most) ? one : most), Number.NaN);
}
