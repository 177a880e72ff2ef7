// The certificate: how far a package's outputs are from the source library's, on which rows, and what is promised.
// It is part of the package, so it holds only what is the same on every machine: figures are measured with the micro
// runtime, whose arithmetic is JavaScript's own; of native and wasm, whose kernels differ by CPU in the last place, it
// says that they stayed within the tolerance.
import type { Tolerance } from "../convert/index.ts";
import { type Digest, IngotError, type Json, readableJson, type Schema } from "../core/index.ts";
import { type GraphFile, openPredictor, type Predictor, type RuntimeName } from "../runtime/index.ts";
import {
  compareOutput,
  type Difference,
  defaultTolerance,
  exact,
  isFloat,
  type Mismatch,
  noDifference,
} from "./compare.ts";
import { parseJsonFile } from "./description.ts";
import type { Example } from "./examples.ts";

export interface Certificate {
  readonly formatVersion: 1;
  readonly source: { readonly format: string; readonly digest: Digest };
  readonly graph: Digest;
  /** Per output: the largest difference from the source library that is accepted. */
  readonly tolerances: Readonly<Record<string, Tolerance>>;
  readonly examples: { readonly digest: Digest; readonly rows: number; readonly rowsWithOutputs: number } | null;
  /** Differences on the examples with the micro runtime; null where it cannot run the graph, or nothing was recorded. */
  readonly measured: Readonly<Record<string, Difference>> | null;
  readonly runtimes: Readonly<Record<RuntimeName, RuntimeResult>>;
}

export type RuntimeResult = "within tolerance" | "runs" | "cannot run";

/** What one runtime makes of the examples. */
export interface Measurement {
  readonly runtime: RuntimeName;
  readonly result: RuntimeResult | "outside tolerance";
  readonly differences: Readonly<Record<string, Difference>>;
  readonly rows: number;
  /** The first value outside the tolerance, or why the graph cannot run. */
  readonly problem?: IngotError;
}

/** Larger graphs are left to native and wasm: plain TypeScript would take minutes. The same bound on every machine. */
const largestMicroGraph = 64 * 1024 * 1024;
const rowsPerBatch = 256;

/** The tolerance of each output: the project's, else the converter's promise, else the default of its dtype. */
export function tolerancesOf(
  schema: Schema,
  promises: Readonly<Record<string, Tolerance>>,
  override?: { readonly absolute: number; readonly relative: number },
): Record<string, Tolerance> {
  return Object.fromEntries(
    schema.outputs.map(({ name, dtype }) => {
      if (!isFloat(dtype)) return [name, exact];
      if (override !== undefined) return [name, { exact: false, ...override }];
      return [name, Object.hasOwn(promises, name) ? promises[name]! : defaultTolerance(dtype)];
    }),
  );
}

/**
 * Runs the examples on one runtime. Being unable to run the graph is a result, wrong input in an example is an error.
 * @param source what messages call the file of the examples
 */
export async function measure(
  runtime: RuntimeName,
  graph: GraphFile,
  schema: Schema,
  examples: readonly Example[],
  tolerances: Readonly<Record<string, Tolerance>>,
  source: string,
): Promise<Measurement> {
  const cannot = (problem: IngotError): Measurement => ({
    runtime,
    result: "cannot run",
    differences: {},
    rows: 0,
    problem,
  });
  if (runtime === "micro" && (graph.externalData || (graph.bytes?.length ?? 0) > largestMicroGraph))
    return cannot(
      new IngotError("RUNTIME_UNSUPPORTED", {
        what: `graphs above ${largestMicroGraph >> 20} MiB are not run on micro`,
      }),
    );
  let predictor: Predictor;
  try {
    predictor = await openPredictor(graph, schema, { runtime });
  } catch (error) {
    if (error instanceof IngotError && error.code.startsWith("RUNTIME_")) return cannot(error);
    throw error;
  }
  try {
    return await compareAll(predictor, examples, tolerances, source);
  } catch (error) {
    if (error instanceof IngotError && error.code === "RUNTIME_UNSUPPORTED") return cannot(error);
    throw error;
  } finally {
    await predictor.close();
  }
}

async function compareAll(
  predictor: Predictor,
  examples: readonly Example[],
  tolerances: Readonly<Record<string, Tolerance>>,
  source: string,
): Promise<Measurement> {
  const { runtime, schema } = predictor;
  const differences: Record<string, Difference> = {};
  let problem: IngotError | undefined;
  let rows = 0;
  for (let start = 0; start < examples.length; start += rowsPerBatch) {
    const batch = examples.slice(start, start + rowsPerBatch);
    const answers = await predictAll(predictor, batch, source);
    for (const [index, example] of batch.entries()) {
      if (example.outputs === undefined) continue;
      rows++;
      for (const spec of schema.outputs) {
        if (!Object.hasOwn(example.outputs, spec.name)) continue;
        differences[spec.name] ??= noDifference();
        const tolerance = tolerances[spec.name] ?? defaultTolerance(spec.dtype);
        const expected = example.outputs[spec.name];
        const found = compareOutput(spec, expected, answers[index]![spec.name], tolerance, differences[spec.name]!);
        if (found) problem ??= mismatch(found, tolerance, runtime, `${source}:${example.line}`);
      }
    }
  }
  const result = problem ? "outside tolerance" : rows > 0 ? "within tolerance" : "runs";
  return { runtime, result, differences, rows, ...(problem ? { problem } : {}) };
}

async function predictAll(predictor: Predictor, batch: readonly Example[], source: string) {
  try {
    return await predictor.predict(batch.map((example) => example.inputs));
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "INPUT_INVALID") throw error;
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

function mismatch(found: Mismatch, tolerance: Tolerance, runtime: RuntimeName, where: string): IngotError {
  return new IngotError("VERIFY_FAILED", {
    what: `outputs.${found.output}: expected ${found.expected}, got ${found.actual} (${runtime}; ${toleranceText(tolerance)})`,
    where,
    fix: "check that the recorded outputs come from this model; `tolerance:` in ingot.yaml states what is acceptable",
  });
}

export function toleranceText(tolerance: Tolerance): string {
  if (tolerance.exact) return "must be equal";
  const parts = [
    tolerance.absolute > 0 ? `${short(tolerance.absolute)}` : "",
    tolerance.relative > 0 ? `${short(tolerance.relative)} of the value` : "",
  ];
  return `may differ by ${parts.filter((part) => part !== "").join(" + ") || "0"}`;
}

const short = (limit: number): number => Number(limit.toPrecision(3));

export function writeCertificate(certificate: Certificate): Uint8Array {
  return Buffer.from(readableJson(certificate as unknown as Json));
}

/** @throws IngotError PACKAGE_INVALID */
export function parseCertificate(bytes: Uint8Array, where: string): Certificate {
  const value = parseJsonFile(bytes, where) as Partial<Certificate> | null;
  const tolerances = value?.tolerances;
  const well =
    value?.formatVersion === 1 &&
    typeof tolerances === "object" &&
    tolerances !== null &&
    Object.values(tolerances).every(isTolerance);
  if (!well) throw new IngotError("PACKAGE_INVALID", { what: "is not a certificate that is known", where });
  return value as Certificate;
}

function isTolerance(value: unknown): value is Tolerance {
  const {
    exact: isExact,
    absolute,
    relative,
  } = (value ?? {}) as { exact?: unknown; absolute?: unknown; relative?: unknown };
  return isExact === true || (isExact === false && isAmount(absolute) && isAmount(relative));
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
