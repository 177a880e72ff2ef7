// The log of a deployment as observations: who was assigned to which variant, and what became of it.
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { IngotError, nearest } from "../../core/index.ts";
import { logFiles } from "../log/log_folder.ts";

/** One unit (a person, where assignment was sticky; else a request) with the mean of its outcomes. */
export interface Observation {
  readonly variant: string;
  /** When its last outcome came: milliseconds since 1970. */
  readonly time: number;
  readonly value: number;
}

export interface Experiment {
  readonly model: string;
  readonly outcome: string;
  /** Whether units are people rather than requests. */
  readonly isByUnit: boolean;
  /** Requests that were logged, by variant. */
  readonly requests: ReadonlyMap<string, number>;
  /** In the order of their time. */
  readonly observations: readonly Observation[];
  /** Outcomes of requests that are not in the log: not sampled, or of another model. */
  readonly unmatched: number;
}

export interface ExperimentChoice {
  /** Default: the only one of the log. */
  readonly model?: string | undefined;
  readonly outcome?: string | undefined;
  /** Requests without an outcome count as 0 instead of not at all. */
  readonly missingAsZero?: boolean;
}

interface Assigned {
  readonly variant: string;
  readonly unit: string;
  readonly time: number;
}

/** @throws IngotError FILE_NOT_FOUND, INPUT_INVALID naming the models and outcomes that the log has */
export async function readExperiment(folder: string, choice: ExperimentChoice = {}): Promise<Experiment> {
  const assigned = new Map<string, Assigned>();
  const models = new Map<string, number>();
  const asked = new Set<string>();
  const rows: { id: string; model: string; variant: string; unit: string | null; time: number }[] = [];
  for await (const { pinned, ...row } of predictions(folder)) {
    // Who asked for a variant was not assigned to it.
    if (pinned) {
      asked.add(row.id);
      continue;
    }
    models.set(row.model, (models.get(row.model) ?? 0) + 1);
    rows.push(row);
  }
  const model = chosen(choice.model, [...models.keys()], "model", folder);
  let isByUnit = false;
  const requests = new Map<string, number>();
  for (const { id, model: name, variant, unit, time } of rows) {
    if (name !== model || assigned.has(id)) continue;
    if (unit !== null) isByUnit = true;
    requests.set(variant, (requests.get(variant) ?? 0) + 1);
    assigned.set(id, { variant, unit: unit ?? id, time });
  }
  const outcomes = new Map<string, Map<string, { value: number; time: number }>>();
  let unmatched = 0;
  for await (const { id, name, value, time } of outcomeLines(folder)) {
    if (asked.has(id)) continue;
    if (!assigned.has(id)) {
      unmatched++;
      continue;
    }
    const number = numberOf(value);
    if (number === null) continue;
    const known = outcomes.get(name) ?? new Map();
    // Told again, it replaces what was told before, whichever process was told.
    if (time >= (known.get(id)?.time ?? 0)) known.set(id, { value: number, time });
    outcomes.set(name, known);
  }
  const outcome = chosen(choice.outcome, [...outcomes.keys()], "outcome", folder);
  return {
    model,
    outcome,
    isByUnit,
    requests,
    unmatched,
    observations: observations(assigned, outcomes.get(outcome)!, choice.missingAsZero ?? false),
  };
}

function observations(
  assigned: ReadonlyMap<string, Assigned>,
  outcomes: ReadonlyMap<string, { readonly value: number; readonly time: number }>,
  missingAsZero: boolean,
): Observation[] {
  const units = new Map<string, { variant: string; time: number; sum: number; count: number }>();
  for (const [id, { variant, unit, time: asked }] of assigned) {
    const known = outcomes.get(id) ?? (missingAsZero ? { value: 0, time: asked } : null);
    if (!known) continue;
    const key = `${variant}\0${unit}`;
    const entry = units.get(key) ?? { variant, time: 0, sum: 0, count: 0 };
    entry.sum += known.value;
    entry.count++;
    entry.time = Math.max(entry.time, known.time);
    units.set(key, entry);
  }
  return [...units.values()]
    .map(({ variant, time, sum, count }) => ({ variant, time, value: sum / count }))
    .sort((a, b) => a.time - b.time);
}

function chosen(wanted: string | undefined, known: readonly string[], kind: string, folder: string): string {
  if (wanted !== undefined && known.includes(wanted)) return wanted;
  if (wanted === undefined && known.length === 1) return known[0]!;
  const near = wanted === undefined ? undefined : nearest(wanted, known);
  throw new IngotError("INPUT_INVALID", {
    what: wanted === undefined ? `the log has ${known.length} ${kind}s` : `the log has no ${kind} \`${wanted}\``,
    where: folder,
    fix: near
      ? `did you mean \`${near}\`?`
      : known.length === 0
        ? "nothing was logged yet"
        : `name one with --${kind}: ${known.slice(0, 10).join(", ")}`,
  });
}

/** Truth values are 1 and 0; texts are no numbers and are left out. */
function numberOf(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

async function* predictions(folder: string) {
  for (const file of await filesOf(folder, "predictions")) {
    if (file.endsWith(".parquet")) yield* parquetRows(file);
    else
      for await (const line of lines(file)) {
        const { id, model, assigned, unit, time, pinned } = line as {
          id: string;
          model: string;
          assigned: string;
          unit: string | null;
          pinned: boolean;
          time: string;
        };
        yield { id, model, variant: assigned, unit, pinned, time: Date.parse(time) };
      }
  }
}

async function* parquetRows(file: string) {
  const { parquetReadObjects } = await import("hyparquet");
  const bytes = await readFile(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({
    file: buffer,
    columns: ["id", "model", "assigned", "unit", "time", "pinned"],
  });
  for (const { id, model, assigned, unit, time, pinned } of rows as {
    id: string;
    model: string;
    assigned: string;
    unit: string | null;
    pinned: boolean;
    time: Date;
  }[])
    yield { id, model, variant: assigned, unit: unit ?? null, pinned, time: time.getTime() };
}

async function* outcomeLines(folder: string) {
  for (const file of await filesOf(folder, "outcomes"))
    for await (const line of lines(file)) yield line as { id: string; name: string; value: unknown; time: number };
}

async function filesOf(folder: string, kind: "predictions" | "outcomes"): Promise<string[]> {
  return logFiles(folder, kind).catch((cause: NodeJS.ErrnoException) => {
    throw new IngotError("FILE_NOT_FOUND", {
      what: `cannot be read (${cause.code})`,
      where: folder,
      fix: "name the folder of `predictions:` in deployment.yaml",
      cause,
    });
  });
}

/** A line that was cut off by a crash is left out: its request was never told that it is kept. */
async function* lines(file: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    try {
      yield JSON.parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
