import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { IngotError } from "../../core/index.ts";
import type { InputRecord, RowFormat } from "../../runtime/index.ts";
import { command, optionalPositional, positional, value } from "../command.ts";
import { jsonText } from "../io.ts";
import { runtimeOf } from "../runtime_option.ts";

/** Records that go through the graph together. */
const batchSize = 256;
const formats: readonly RowFormat[] = ["jsonl", "json", "csv"];

export default command({
  name: "predict",
  about: "Predict a record, a file of records (JSON Lines, JSON, CSV) or what comes on stdin",
  examples: [
    `ingot predict flight-delay '{"origin":"JFK","dest":"BOS","hour":17}'`,
    "ingot predict flight-delay flights.csv > delays.jsonl",
    "zcat flights.jsonl.gz | ingot predict flight-delay -",
  ],
  args: {
    ref: positional("package"),
    records: optionalPositional("a record or an array of them as JSON, a file, or - for stdin (default)"),
    runtime: value("native|wasm|micro", "what runs the graph; default: native"),
    format: value("jsonl|json|csv", "how the records are written; default: told from their beginning"),
  },
  async run({ ref, records, runtime, format }, io) {
    const name = runtimeOf(runtime);
    const form = formatOf(format);
    const { openPackage } = await import("../../package/index.ts");
    const { inBatches, readJson, readRows, writeJson } = await import("../../runtime/index.ts");
    const pkg = await openPackage(ref, await io.openStore());
    const predictor = await pkg.predictor(name ? { runtime: name } : {});
    try {
      if (records !== undefined && /^\s*[[{]/.test(records)) {
        const given = readJson(records, "the record");
        const list = (Array.isArray(given) ? given : [given]) as InputRecord[];
        const answers = await predictor.predict(list);
        const answer = Array.isArray(given) ? answers : answers[0];
        io.result(answer, () => jsonText(answer));
        return;
      }
      const source = records === undefined || records === "-" ? "stdin" : records;
      const chunks = source === "stdin" ? process.stdin : await fileOf(source);
      if (source === "stdin" && process.stdin.isTTY) io.note("reading records from the terminal; end with Ctrl-D");
      // Of the batch that is being read; none for a JSON array.
      const lines: number[] = [];
      const rows = readRows(chunks, predictor.schema, {
        source,
        format: form,
        onLine: (line) => lines.push(line),
        onIgnored: (columns) => io.note(`left out, no inputs of this model: ${columns.join(", ")}`),
      });
      const all: unknown[] = [];
      let done = 0;
      for await (const batch of inBatches(rows, batchSize)) {
        const answers = await predictor.predict(batch).catch((error) => {
          throw inFile(
            error,
            (row) => `${source}, ${lines[row] ? `line ${lines[row]}` : `record ${done + row + 1}`}`,
            batch,
          );
        });
        done += batch.length;
        lines.length = 0;
        // One document with --json; else a line each, as soon as it is known.
        if (io.json) all.push(...answers);
        else for (const answer of answers) await io.line(writeJson(answer));
      }
      if (io.json) io.result(all, () => "");
    } finally {
      await predictor.close();
    }
  },
});

function formatOf(text: string | undefined): RowFormat | undefined {
  const found = formats.find((format) => format === text);
  if (text !== undefined && !found)
    throw new IngotError("USAGE", {
      what: `there is no format \`${text}\``,
      where: "--format",
      fix: `one of ${formats.join(", ")}`,
    });
  return found;
}

async function fileOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile())
    throw new IngotError("FILE_NOT_FOUND", {
      what: found ? "is not a file" : "there is no such file, and it is no JSON",
      where: file,
      fix: `give a record as JSON in quotes ('{"age": 39}'), a file, or - for stdin`,
    });
  return createReadStream(file);
}

/** The runtime counts rows within its batch; people look for the line of a file. */
function inFile(error: unknown, placeOf: (row: number) => string, batch: readonly InputRecord[]): unknown {
  if (!(error instanceof IngotError)) return error;
  const named = /\(row (\d+)\)/.exec(error.what)?.[1];
  // The whole batch failed, no record of it.
  if (named === undefined && batch.length > 1) return error;
  const place = placeOf(Number(named ?? 0));
  return new IngotError(error.code, {
    what: error.what.replace(/ \(row \d+\)/, ""),
    where: error.where === undefined ? place : `${place}, ${error.where}`,
    fix: error.fix,
    cause: error,
  });
}
