// From a conversion to its certificate: the rows, what the runtimes make of them, and whether that is what is promised.
import { digest, IngotError, type Schema } from "../core/index.ts";
import type { PipelineFiles, RuntimeName } from "../runtime/index.ts";
import { type Certificate, certificateOf, type Dialect } from "./certificate.ts";
import type { Composed } from "./compose.ts";
import { type EdgeRows, edgeRowsOf } from "./edge_rows_file.ts";
import type { Example } from "./examples.ts";
import { fileNames } from "./file_set.ts";
import type { GraphFiles } from "./graph_files.ts";
import { type Beyond, type Measurement, measureAll, type RowSet } from "./measure.ts";
import { tolerancesOf } from "./tolerances.ts";

export interface Certification {
  readonly certificate: Certificate;
  readonly measurements: readonly Measurement[];
  readonly edges: EdgeRows | null;
}

export interface CertifyOptions {
  readonly source: Certificate["source"];
  /** With what the project says; default: the conversion's own. */
  readonly schema?: Schema;
  readonly examples?: { readonly bytes: Uint8Array; readonly rows: readonly Example[]; readonly name: string } | null;
  readonly tolerance?: { readonly absolute: number; readonly relative: number } | undefined;
  /** Declared steps, and the project's files that they read. */
  readonly pipeline?: PipelineFiles | undefined;
  /** Default: all three. */
  readonly runtimes?: readonly RuntimeName[];
  /** For a certificate that is in no package: with the figures of this processor. */
  readonly ofThisMachine?: boolean;
}

/**
 * Share of the values that may be further off in the compact dialect. A record that stands between a threshold and its float32, or next to
 * it after arithmetic in float32, takes another branch: a tree's vote more or less. Edge rows stand there on purpose.
 */
export const compactBeyond: Readonly<Record<RowSet["kind"], Beyond>> = {
  examples: { equal: 0.02, near: 0.25 },
  "edge rows": { equal: 0.25, near: 0.5 },
};

/** @throws IngotError VERIFY_FAILED naming row, output and both values */
export async function certify(
  converted: Composed,
  { graph, runnable }: Pick<GraphFiles, "graph" | "runnable">,
  options: CertifyOptions,
): Promise<Certification> {
  const {
    source,
    schema = converted.schema,
    examples = null,
    runtimes = ["micro", "native", "wasm"],
    pipeline,
  } = options;
  const dialect: Dialect = source.format === "onnx" ? "as given" : (converted.dialect ?? "exact");
  // What another program computed with an ONNX graph need not have our runtimes' last bits: the defaults apply.
  const promises = source.format === "onnx" ? {} : converted.promises;
  const tolerances = tolerancesOf(schema, promises, options.tolerance);
  const beyond = (kind: RowSet["kind"]) => (dialect === "compact" ? { beyond: compactBeyond[kind] } : {});
  const exampleRows = examples?.rows ?? [];
  const sets: RowSet[] = [{ kind: "examples", rows: exampleRows, source: examples?.name ?? "", ...beyond("examples") }];
  const edges = await usable(await edgeRowsOf(converted, schema, exampleRows, pipeline), runnable, schema, pipeline);
  if (edges) sets.push({ kind: "edge rows", rows: edges.rows, source: fileNames.edgeRows, ...beyond("edge rows") });
  const measurements = await measureAll(runtimes, runnable, schema, sets, tolerances, pipeline);
  const failed = measurements.find((found) => found.result === "outside tolerance");
  if (failed) throw failed.problem!;
  const graphDigest = digest(graph);
  const ofThisMachine = options.ofThisMachine ?? false;
  const facts = { source, graph: graphDigest, dialect, tolerances, examples, edges, measurements, ofThisMachine };
  return { certificate: certificateOf(facts), measurements, edges };
}

/** Graphs from elsewhere may stop at values that they were not made for: then their edge rows prove nothing. */
async function usable(
  edges: EdgeRows | null,
  graph: GraphFiles["runnable"],
  schema: Schema,
  pipeline: PipelineFiles | undefined,
): Promise<EdgeRows | null> {
  if (edges === null || edges.reference !== "none") return edges;
  try {
    const set: RowSet = { kind: "edge rows", rows: edges.rows, source: fileNames.edgeRows };
    const [micro] = await measureAll(["micro"], graph, schema, [set], {}, pipeline);
    return micro?.result === "runs" ? edges : null;
  } catch (error) {
    if (error instanceof IngotError) return null;
    throw error;
  }
}
