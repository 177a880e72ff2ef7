// Runs rows with known outputs on a runtime, and says how far it is from them.
import type { Tolerance } from "../convert/index.ts";
import { IngotError, type Schema } from "../core/index.ts";
import {
  type GraphFile,
  openPredictor,
  type PipelineFiles,
  type Predictor,
  type RuntimeName,
  writeJson,
} from "../runtime/index.ts";
import { compareOutput, type Difference, defaultTolerance, type Mismatch, noDifference } from "./compare.ts";
import { type Example, parseExamples } from "./examples.ts";
import { toleranceText } from "./tolerances.ts";

export type RuntimeResult = "within tolerance" | "runs" | "cannot run" | "not run";

/** Rows that are run together. */
export interface RowSet {
  readonly kind: "examples" | "edge rows";
  readonly rows: readonly Example[];
  /** What messages call their file. */
  readonly source: string;
  /** What may lie outside the tolerance: nothing but for the compact dialect. */
  readonly beyond?: Beyond;
}

/** Shares of outputs that must be equal, and of those that may differ a little. */
export interface Beyond {
  readonly equal: number;
  readonly near: number;
}

/** What one runtime makes of one set of rows. */
export interface Measurement {
  readonly runtime: RuntimeName;
  readonly kind: RowSet["kind"];
  readonly result: RuntimeResult | "outside tolerance";
  readonly differences: Readonly<Record<string, Difference>>;
  /** Rows with outputs to compare with. */
  readonly rows: number;
  /** What they were compared with is the micro runtime, for want of a reference. */
  readonly crossChecked?: boolean;
  /** The first value outside the tolerance, or why the graph cannot run. */
  readonly problem?: IngotError;
}

/** Larger graphs are left to native and wasm: plain TypeScript would take minutes. The same bound on every machine. */
export const largestMicroGraph = 64 * 1024 * 1024;
const rowsPerBatch = 256;
/** What is wrong with one row, not with the graph. */
const refusals: ReadonlySet<string> = new Set(["INPUT_INVALID", "RECORD_REFUSED"]);

/**
 * Runs sets of rows on runtimes, micro first. Being unable to run the graph is a result, wrong input in an example is an error. Edge
 * rows without outputs are compared with what micro made of them: that is told, and judged by nobody.
 */
export async function measureAll(
  runtimes: readonly RuntimeName[],
  graph: GraphFile,
  schema: Schema,
  sets: readonly RowSet[],
  tolerances: Readonly<Record<string, Tolerance>>,
  pipeline?: PipelineFiles,
): Promise<Measurement[]> {
  const found: Measurement[] = [];
  const answers = new Map<RowSet, Example[]>();
  for (const runtime of [...runtimes].sort((a, b) => Number(b === "micro") - Number(a === "micro"))) {
    const predictor = await opened(runtime, graph, schema, pipeline);
    try {
      for (const set of sets) {
        if (predictor instanceof IngotError) {
          found.push(failed(runtime, set, predictor));
          continue;
        }
        const asked = answers.has(set) ? { ...set, rows: answers.get(set)! } : set;
        const crossChecked = asked !== set;
        const measured = await measureSet(predictor, asked, tolerances, crossChecked);
        found.push(measured);
        if (runtime === "micro" && set.kind === "edge rows" && measured.result === "runs" && runtimes.length > 1)
          answers.set(set, await answered(predictor, set));
      }
    } finally {
      if (!(predictor instanceof IngotError)) await predictor.close();
    }
  }
  return found;
}

/** The error that says why the graph cannot run there. */
async function opened(
  runtime: RuntimeName,
  graph: GraphFile,
  schema: Schema,
  pipeline: PipelineFiles | undefined,
): Promise<Predictor | IngotError> {
  if (runtime === "micro" && (graph.externalData || (graph.bytes?.length ?? 0) > largestMicroGraph))
    return new IngotError("RUNTIME_UNSUPPORTED", {
      what: `graphs above ${largestMicroGraph >> 20} MiB are not run on micro`,
    });
  try {
    return await openPredictor(graph, schema, { runtime, pipeline });
  } catch (error) {
    if (error instanceof IngotError && error.code.startsWith("RUNTIME_")) return error;
    throw error;
  }
}

function failed(runtime: RuntimeName, { kind }: RowSet, problem: IngotError): Measurement {
  return { runtime, kind, result: "cannot run", differences: {}, rows: 0, problem };
}

async function measureSet(
  predictor: Predictor,
  set: RowSet,
  tolerances: Readonly<Record<string, Tolerance>>,
  crossChecked: boolean,
): Promise<Measurement> {
  try {
    const found = await compareAll(predictor, set, tolerances);
    return crossChecked ? { ...found, result: "runs", crossChecked } : found;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    if (error.code === "RUNTIME_UNSUPPORTED") return failed(predictor.runtime, set, error);
    if (!crossChecked) throw error;
    return { ...failed(predictor.runtime, set, error), result: "runs", crossChecked };
  }
}

async function compareAll(
  predictor: Predictor,
  set: RowSet,
  tolerances: Readonly<Record<string, Tolerance>>,
): Promise<Measurement> {
  const { runtime, schema } = predictor;
  const differences: Record<string, Difference> = {};
  let problem: IngotError | undefined;
  const outputs = { equal: 0, near: 0 };
  const beyond = { equal: 0, near: 0 };
  let rows = 0;
  for (let start = 0; start < set.rows.length; start += rowsPerBatch) {
    const batch = set.rows.slice(start, start + rowsPerBatch);
    const answers = await predictAll(predictor, batch, set.source);
    for (const [index, example] of batch.entries()) {
      if (example.outputs === undefined) continue;
      rows++;
      for (const spec of schema.outputs) {
        if (!Object.hasOwn(example.outputs, spec.name)) continue;
        differences[spec.name] ??= noDifference();
        const tolerance = tolerances[spec.name] ?? defaultTolerance(spec.dtype);
        const expected = example.outputs[spec.name];
        const found = compareOutput(spec, expected, answers[index]![spec.name], tolerance, differences[spec.name]!);
        const which = tolerance.exact ? "equal" : "near";
        outputs[which]++;
        if (!found) continue;
        beyond[which]++;
        problem ??= mismatch(found, tolerance, runtime, set, example);
      }
    }
  }
  const allowed = set.beyond ?? { equal: 0, near: 0 };
  const isOutside = beyond.equal > outputs.equal * allowed.equal || beyond.near > outputs.near * allowed.near;
  const result = isOutside ? "outside tolerance" : rows > 0 ? "within tolerance" : "runs";
  return { runtime, kind: set.kind, result, differences, rows, ...(problem && isOutside ? { problem } : {}) };
}

async function predictAll(predictor: Predictor, batch: readonly Example[], source: string) {
  try {
    return await predictor.predict(batch.map((example) => example.inputs));
  } catch (error) {
    if (!(error instanceof IngotError) || !refusals.has(error.code)) throw error;
    // Which row it was: the message counts within the batch, people count lines of the file.
    for (const example of batch)
      await predictor.predict([example.inputs]).catch((single) => {
        if (!(single instanceof IngotError)) throw single;
        const what = single.message.replace(/ \(row \d+\)/, "");
        throw new IngotError(single.code, { what, where: `${source}:${example.line}`, fix: single.fix, cause: single });
      });
    throw error;
  }
}

/** The rows with a runtime's own answers as their outputs. */
async function answered(predictor: Predictor, { rows, source }: RowSet): Promise<Example[]> {
  const lines: string[] = [];
  for (let start = 0; start < rows.length; start += rowsPerBatch) {
    const inputs = rows.slice(start, start + rowsPerBatch).map((row) => row.inputs);
    const outputs = await predictor.predict(inputs);
    for (const [index, output] of outputs.entries()) lines.push(writeJson({ inputs: inputs[index], outputs: output }));
  }
  return parseExamples(Buffer.from(lines.join("\n")), source).map((row, at) => ({ ...rows[at]!, ...row }));
}

function mismatch(found: Mismatch, tolerance: Tolerance, runtime: string, set: RowSet, row: Example): IngotError {
  const isEdge = set.kind === "edge rows";
  return new IngotError("VERIFY_FAILED", {
    what: `outputs.${found.output}: expected ${found.expected}, got ${found.actual} (${runtime}; ${toleranceText(tolerance)})`,
    where: `${set.source}:${row.line}${row.about === undefined ? "" : ` (${row.about})`}`,
    fix: isEdge
      ? "the graph and the model computed without it disagree, which is a defect of the conversion: report it with the model; `tolerance:` in ingot.yaml states what is acceptable"
      : "check that the recorded outputs come from this model; `tolerance:` in ingot.yaml states what is acceptable",
  });
}
