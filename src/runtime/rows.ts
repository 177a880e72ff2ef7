// Files of rows as records: JSON Lines, a JSON array, CSV typed by the schema. Streamed; one long line cannot fill memory.
import { IngotError, type InputSpec, nearest, quoted, type Schema } from "../core/index.ts";
import { readJson } from "./json.ts";
import type { InputRecord } from "./predictor.ts";

export type RowFormat = "jsonl" | "json" | "csv";

export interface RowOptions {
  /** Shown in messages. */
  readonly source: string;
  /** Default: by the first character: `[` json, `{` jsonl, else csv. */
  readonly format?: RowFormat | undefined;
  /** Told once of columns that are no inputs and are left out (CSV only). */
  readonly onIgnored?: (columns: readonly string[]) => void;
  /** Told the line of each record right before it is yielded; not called for a JSON array. */
  readonly onLine?: (line: number) => void;
}

const longestLine = 16 * 2 ** 20;
const largestArray = 512 * 2 ** 20;

/** @throws IngotError INPUT_INVALID, JSON_MALFORMED naming source and line */
export async function* readRows(
  chunks: AsyncIterable<Uint8Array>,
  schema: Schema,
  options: RowOptions,
): AsyncGenerator<InputRecord> {
  const text = decoded(chunks, options.source);
  const first = await firstText(text);
  if (first === null) return;
  const whole = joined(first, text);
  const format = options.format ?? sniffed(first);
  if (format === "csv") yield* csvRows(whole, schema, options);
  else if (format === "json") yield* jsonArray(whole, options);
  else yield* jsonLines(whole, options);
}

/** Groups of up to `size`, in order. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* decoded(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== "") yield text;
    }
    const rest = decoder.decode();
    if (rest !== "") yield rest;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new IngotError("INPUT_INVALID", {
      what: "is not UTF-8 text",
      where: source,
      fix: "save it as UTF-8",
      cause,
    });
  }
}

/** The first text with something other than white space in it. */
async function firstText(text: AsyncGenerator<string>): Promise<string | null> {
  let head = "";
  for (;;) {
    const { value, done } = await text.next();
    if (done) return head.trim() === "" ? null : head;
    head += value;
    if (head.trim() !== "") return head;
  }
}

async function* joined(first: string, others: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* others;
}

function sniffed(text: string): RowFormat {
  const start = text.trimStart()[0];
  return start === "[" ? "json" : start === "{" ? "jsonl" : "csv";
}

async function* jsonLines(text: AsyncGenerator<string>, { source, onLine }: RowOptions): AsyncGenerator<InputRecord> {
  let line = 0;
  let rest = "";
  const record = (content: string): InputRecord => {
    const where = `${source}, line ${line}`;
    const value = asRecord(readJson(content, where), where);
    onLine?.(line);
    return value;
  };
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const content of lines) {
      line++;
      if (content.trim() !== "") yield record(content);
    }
    if (rest.length > longestLine) throw tooLong(source, line + 1);
  }
  line++;
  if (rest.trim() !== "") yield record(rest);
}

async function* jsonArray(text: AsyncGenerator<string>, { source }: RowOptions): AsyncGenerator<InputRecord> {
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of text) {
    length += chunk.length;
    if (length > largestArray)
      throw new IngotError("FILE_TOO_LARGE", {
        what: `a JSON array is read as a whole, at most ${largestArray} characters`,
        where: source,
        fix: "write one record per line (JSON Lines): that is streamed",
      });
    parts.push(chunk);
  }
  const value = readJson(parts.join(""), source);
  const records = Array.isArray(value) ? value : [value];
  for (const [index, record] of records.entries()) yield asRecord(record, `${source}, record ${index + 1}`);
}

/** A record, or an example line `{"inputs": {…}, "outputs": {…}}`: then its inputs. */
function asRecord(value: unknown, where: string): InputRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new IngotError("INPUT_INVALID", {
      what: `expected a record (a JSON object with the inputs by name), got ${quoted(value)}`,
      where,
    });
  const record = value as InputRecord;
  const keys = Object.keys(record);
  const isExample = keys.length <= 2 && keys.every((key) => key === "inputs" || key === "outputs");
  return isExample && isObject(record["inputs"]) ? record["inputs"] : record;
}

function isObject(value: unknown): value is InputRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function* csvRows(
  text: AsyncGenerator<string>,
  schema: Schema,
  options: RowOptions,
): AsyncGenerator<InputRecord> {
  const { CsvError, parse } = await import("csv-parse");
  const { Readable } = await import("node:stream");
  const { source } = options;
  const parser = Readable.from(text).compose(
    parse({
      bom: true,
      skip_empty_lines: true,
      relax_quotes: true,
      relax_column_count: true,
      max_record_size: longestLine,
      info: true,
    }),
  );
  let cells: (readonly [index: number, input: InputSpec])[] | null = null;
  let width = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (cells === null) {
        width = record.length;
        cells = header(record, schema, options);
        continue;
      }
      const where = `${source}, line ${info.lines}`;
      if (record.length !== width)
        throw new IngotError("INPUT_INVALID", { what: `has ${record.length} cells, the header has ${width}`, where });
      const values = cells.map(([index, input]) => [input.name, cell(record[index]!, input, where)]);
      options.onLine?.(info.lines);
      yield Object.fromEntries(values);
    }
  } catch (cause) {
    // What reading the rows throws (a disk, a network) is not the CSV's fault.
    if (!(cause instanceof CsvError)) throw cause;
    throw new IngotError("INPUT_INVALID", { what: `is not CSV: ${cause.message}`, where: source, cause });
  }
}

function tooLong(source: string, line: number): IngotError {
  return new IngotError("FILE_TOO_LARGE", {
    what: `a line is longer than ${longestLine} characters`,
    where: `${source}, line ${line}`,
  });
}

function header(names: readonly string[], schema: Schema, { source, onIgnored }: RowOptions) {
  const inputs = new Map(schema.inputs.map((input) => [input.name, input]));
  const seen = new Set<string>();
  const doubled = names.find((name) => seen.size === seen.add(name).size);
  if (doubled !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: `column ${quoted(doubled)} appears twice`,
      where: `${source}, line 1`,
    });
  for (const input of schema.inputs) {
    if (seen.has(input.name) || input.missing === "allow") continue;
    const near = nearest(input.name, names);
    throw new IngotError("INPUT_INVALID", {
      what: `there is no column ${quoted(input.name)}${near ? `, only ${quoted(near)}` : ""}`,
      where: `${source}, line 1`,
      fix: "the first line names the columns as the model's inputs are named",
    });
  }
  const cells = names.flatMap((name, index) => {
    const input = inputs.get(name);
    return input ? [[index, input] as const] : [];
  });
  if (cells.length === 0)
    throw new IngotError("INPUT_INVALID", {
      what: "no column has the name of an input",
      where: `${source}, line 1`,
      fix: `the inputs are ${schema.inputs
        .slice(0, 20)
        .map((input) => input.name)
        .join(", ")}`,
    });
  const ignored = names.filter((name) => !inputs.has(name));
  if (ignored.length > 0) onIgnored?.(ignored);
  return cells;
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  "1": true,
  false: false,
  False: false,
  FALSE: false,
  "0": false,
};
const floats: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  "+inf": Infinity,
  "-inf": -Infinity,
  infinity: Infinity,
  "+infinity": Infinity,
  "-infinity": -Infinity,
};

/** A cell as the value its column says it is; what is not one is left as text for the encoder's message. */
function cell(text: string, input: InputSpec, where: string): unknown {
  if (input.shape.length > 0) return text === "" ? null : readJson(text, `${where}, column ${input.name}`);
  if (input.type === "string") return text === "" && input.missing === "allow" ? null : text;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (input.type === "bool") return truths[trimmed] ?? text;
  const special = floats[trimmed.toLowerCase()];
  if (input.booleans === "allow" && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  if (special !== undefined) return Number.isNaN(special) && input.missing === "allow" ? null : special;
  // pandas writes integers with gaps as 3.0.
  if (input.type === "int" && /^[+-]?\d{16,}$/.test(trimmed)) return BigInt(trimmed);
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : text;
}
