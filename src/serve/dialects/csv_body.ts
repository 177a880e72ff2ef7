// Bodies of CSV: MLflow's begin with the names of the columns, SageMaker's do not.
import { IngotError, type Schema } from "../../core/index.ts";
import { type InputRecord, readRows } from "../../runtime/index.ts";
import { columnsOfInputs } from "./record_forms.ts";

/**
 * The rows as records. Where no cell of the first line is the name of an input, the cells are taken in the order of the inputs.
 * @throws IngotError INPUT_INVALID naming line and column
 */
export async function csvRecords(body: Buffer, schema: Schema): Promise<InputRecord[]> {
  const { parse } = await import("csv-parse/sync");
  const end = body.indexOf(10);
  const firstLine = body.subarray(0, end === -1 ? body.length : end).toString("utf8");
  const [first = []] = parse(firstLine.replace(/^\uFEFF/, ""), { relax_quotes: true }) as string[][];
  const names = schema.inputs.map((input) => input.name);
  const known = new Set(names);
  const chunks: Buffer[] = [];
  if (first.some((cell) => known.has(cell))) columnsOfInputs(first, schema, "line 1");
  else if (first.length === names.length) chunks.push(Buffer.from(`${names.map(quotedCell).join(",")}\n`));
  chunks.push(body);
  const records: InputRecord[] = [];
  for await (const record of readRows(streamOf(chunks), schema, { source: "request body", format: "csv" }))
    records.push(record);
  if (records.length === 0)
    throw new IngotError("INPUT_INVALID", {
      what: "holds no rows",
      where: "request body",
      fix: `send lines of ${names.slice(0, 20).join(",")}`,
    });
  return records;
}

async function* streamOf(chunks: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function quotedCell(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
