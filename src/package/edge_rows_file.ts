// edge-rows.jsonl: the edge rows of a graph with what the model, computed without the graph, answers to each. It travels in the package, so
// that `verify` needs neither the trained file nor its library.
import { type EdgeKind, edgeRows } from "../convert/index.ts";
import { IngotError, type Schema } from "../core/index.ts";
import { inlineFunctions } from "../onnx/index.ts";
import { type InputRecord, type OutputRecord, type PipelineFiles, predictorOn, writeJson } from "../runtime/index.ts";
import type { Composed } from "./compose.ts";
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
export async function edgeRowsOf(
  { model, reference, accepts }: Composed,
  schema: Schema,
  examples: readonly Example[],
  pipeline?: PipelineFiles,
): Promise<EdgeRows | null> {
  const found = edgeRows(inlineFunctions(model), schema, {
    examples: examples.map((example) => example.inputs),
    ...(accepts ? { accepts } : {}),
  });
  const records = found.map(({ inputs }) => inputs as InputRecord);
  const answers = reference ? await evaluated(reference, schema, records, pipeline) : null;
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

/** What the model answers; null for rows that it or a step refuses, as its library does. */
async function evaluated(
  reference: NonNullable<Composed["reference"]>,
  schema: Schema,
  records: readonly InputRecord[],
  pipeline: PipelineFiles | undefined,
): Promise<(OutputRecord | null)[]> {
  const session = { run: async (feeds: Parameters<typeof reference>[0]) => reference(feeds), release: async () => {} };
  const predictor = await predictorOn(session, "micro", schema, pipeline);
  try {
    const answers = await predictor.predictEach(records);
    return answers.map((answer) => (answer instanceof IngotError ? null : answer));
  } finally {
    await predictor.close();
  }
}
