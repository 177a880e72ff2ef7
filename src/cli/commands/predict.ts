import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { IngotError } from "../../core/index.ts";
import type { InputRecord, RowFormat } from "../../runtime/index.ts";
import { command, optionalPositional, positional, value } from "../command.ts";
import { fileRecord, withFiles } from "../file_inputs.ts";
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
    `ingot predict digits @five.png        (or in a record: '{"image":"@five.png"}')`,
    "zcat flights.jsonl.gz | ingot predict flight-delay -",
  ],
  args: {
    ref: positional("package"),
    records: optionalPositional(
      "a record or an array of them as JSON, a file, @file for an input of bytes, or - for stdin (default)",
    ),
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
      if (records !== undefined && /^\s*[[{@]/.test(records)) {
        const given = records.startsWith("@") ? fileRecord(records, predictor.schema) : readJson(records, "the record");
        const typed = (Array.isArray(given) ? given : [given]) as InputRecord[];
        const list = await Promise.all(typed.map((record) => withFiles(record, predictor.schema)));
        const answers = await predictor.predictEach(list);
        const failed = answers.filter((answer) => answer instanceof IngotError);
        if (list.length > 0 && failed.length === list.length) throw failed[0]!;
        for (const error of failed) io.note(refusal(error));
        const shown = answers.map((answer) => (answer instanceof IngotError ? { error: answer.toJSON() } : answer));
        const answer = Array.isArray(given) ? shown : shown[0];
        io.result(answer, () => jsonText(answer));
        return failed.length > 0 ? 1 : 0;
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
      let [done, failed] = [0, 0];
      for await (const batch of inBatches(rows, batchSize)) {
        const answers = await predictor.predictEach(batch);
        const placeOf = (row: number) => `${source}, ${lines[row] ? `line ${lines[row]}` : `record ${done + row + 1}`}`;
        for (const [row, answer] of answers.entries()) {
          if (answer instanceof IngotError) {
            const error = inFile(answer, placeOf(row));
            // Nothing to go on with: a file for another model, most likely.
            if (done === 0 && answers.every((other) => other instanceof IngotError)) throw error;
            failed++;
            io.note(refusal(error));
            if (io.json) all.push({ error: error.toJSON() });
          } else if (io.json) all.push(answer);
          // One document with --json; else a line each, as soon as it is known.
          else await io.line(writeJson(answer));
        }
        done += batch.length;
        lines.length = 0;
      }
      if (io.json) io.result(all, () => "");
      if (done === 0) io.note("no record came: nothing was predicted");
      if (failed > 0) io.note(`${failed} of ${done} records were refused; the others are answered`);
      return failed > 0 ? 1 : 0;
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
function inFile(error: IngotError, place: string): IngotError {
  return new IngotError(error.code, {
    what: error.what.replace(/ \(row \d+\)/, ""),
    where: error.where === undefined ? place : `${place}, ${error.where}`,
    fix: error.fix,
    cause: error,
  });
}

function refusal(error: IngotError): string {
  return `${error.code} ${error.message}`;
}
