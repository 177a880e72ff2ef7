// edge-rows.jsonl: the edge rows of a graph with what the model, computed without the graph, answers to each. It travels in the package, so
// that `verify` needs neither the trained file nor its library.
import { type Converted, type EdgeKind, edgeRows } from "../convert/index.ts";
import { IngotError, type Schema } from "../core/index.ts";
import { decodeRecords, encodeRecords, type InputRecord, type OutputRecord, writeJson } from "../runtime/index.ts";
import { type Example, parseExamples } from "./examples.ts";
import { fileNames } from "./file_set.ts";

export interface EdgeRows {
  readonly bytes: Uint8Array;
  readonly rows: readonly Example[];
  readonly kinds: Readonly<Partial<Record<EdgeKind, number>>>;
  /** `evaluation`: the model computed without the graph. `none`: a graph that arrived as ONNX is all there is. */
  readonly reference: "evaluation" | "none";
}

/** @returns null where the graph takes no rows of numbers and texts */
export function edgeRowsOf(
  { model, reference, accepts }: Converted,
  schema: Schema,
  examples: readonly Example[],
): EdgeRows | null {
  const found = edgeRows(model, schema, {
    examples: examples.map((example) => example.inputs),
    ...(accepts ? { accepts } : {}),
  });
  const answers = reference
    ? evaluated(
        reference,
        schema,
        found.map(({ inputs }) => inputs as InputRecord),
      )
    : null;
  const kinds: Partial<Record<EdgeKind, number>> = {};
  const lines: string[] = [];
  for (const [at, { kind, about, inputs }] of found.entries()) {
    if (answers?.[at] === null) continue;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    lines.push(writeJson({ about, inputs, outputs: answers?.[at] }));
  }
  if (lines.length === 0) return null;
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  return { bytes, rows: parseEdgeRows(bytes), kinds, reference: answers ? "evaluation" : "none" };
}

export function parseEdgeRows(bytes: Uint8Array): Example[] {
  return parseExamples(bytes, fileNames.edgeRows);
}

/** What the model answers; null for rows that it refuses, as its library does. */
function evaluated(
  reference: NonNullable<Converted["reference"]>,
  schema: Schema,
  records: readonly InputRecord[],
): (OutputRecord | null)[] {
  if (records.length === 0) return [];
  try {
    return decodeRecords(schema, reference(encodeRecords(schema, records)), records.length);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return records.length === 1 ? [null] : records.flatMap((record) => evaluated(reference, schema, [record]));
  }
}
