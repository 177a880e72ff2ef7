// What is written of a prediction: one row per record, with all that joins it to what became of it.
import { hash } from "node:crypto";
import type { OutputSpec, Schema } from "../../core/index.ts";
import type { Answered } from "../deployment/companions.ts";
import { answerRecords, questionRecords } from "../deployment/question.ts";

export interface PredictionRow {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** As `Ingot-Request-Id`; outcomes name it. */
  readonly id: string;
  /** Place of the record in its request. */
  readonly row: number;
  readonly model: string;
  readonly version: string;
  /** Digest. */
  readonly package: string;
  readonly variant: string;
  /** The variant that was to answer, which experiments go by; another than `variant` where a fallback answered. */
  readonly assigned: string;
  /** Who was assigned, when assignment is sticky: a hash, since keys name people. */
  readonly unit: string | null;
  /** The request named this version or variant itself: it says nothing about an experiment. */
  readonly pinned: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export function predictionRows(
  { model, assigned, call, key, question, answer }: Answered,
  time: number,
  redact: ReadonlySet<string>,
): PredictionRow[] {
  const inputs = questionRecords(model.schema, question);
  const outputs = answerRecords(model.schema, question, answer);
  const unit = key === null ? null : hash("sha256", `${model.name}\0${key}`).slice(0, 16);
  const { name, version, digest, variant } = model;
  return inputs.map((record, row) => ({
    time,
    id: call.id,
    row,
    model: name,
    version,
    package: digest,
    variant,
    assigned,
    unit,
    pinned: call.isPinned,
    inputs: without(record, redact),
    outputs: without(outputs[row] ?? {}, redact),
  }));
}

function without(
  record: Readonly<Record<string, unknown>>,
  redact: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  if (redact.size === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => !redact.has(key)));
}

/** Columns of a Parquet file: what every row has, then one for each input and output that is not redacted. */
export function parquetColumns(rows: readonly PredictionRow[], schema: Schema, redact: ReadonlySet<string>) {
  const text = (name: "id" | "model" | "version" | "package" | "variant" | "assigned" | "unit") => ({
    name,
    data: rows.map((row) => row[name]),
    type: "STRING" as const,
    nullable: true,
  });
  const values = (group: "inputs" | "outputs", { name, type, shape }: Pick<OutputSpec, "name" | "type" | "shape">) => {
    const isScalar = shape.length === 0;
    const kind = !isScalar || type === "string" ? "STRING" : type === "bool" ? "BOOLEAN" : "DOUBLE";
    const data = rows.map((row) => {
      const value = row[group][name];
      if (value === undefined || value === null) return null;
      if (kind === "STRING") return typeof value === "string" ? value : jsonText(value);
      return kind === "BOOLEAN" ? Boolean(value) : Number(value);
    });
    return { name: `${group}.${name}`, data, type: kind as "STRING" | "BOOLEAN" | "DOUBLE", nullable: true };
  };
  return [
    { name: "time", data: rows.map((row) => new Date(row.time)), type: "TIMESTAMP" as const },
    { name: "pinned", data: rows.map((row) => row.pinned), type: "BOOLEAN" as const },
    { name: "row", data: rows.map((row) => row.row), type: "INT32" as const },
    ...(["id", "model", "version", "package", "variant", "assigned", "unit"] as const).map(text),
    ...schema.inputs.filter(({ name }) => !redact.has(name)).map((spec) => values("inputs", spec)),
    ...schema.outputs.filter(({ name }) => !redact.has(name)).map((spec) => values("outputs", spec)),
  ];
}

/** JSON in which integers beyond 2^53 are strings of their digits. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member));
}
