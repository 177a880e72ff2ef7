// What the two sides of a thread say to each other.
import { type ErrorCode, IngotError, type Schema } from "../../core/index.ts";
import type { PipelineWork } from "../../pipeline/index.ts";
import type { GraphFile, PredictorOptions } from "../open.ts";
import type { InputRecord, OutputRecord, Predictor } from "../predictor.ts";
import type { Frame } from "./frame.ts";

/** What a thread is started with. */
export interface ThreadStart {
  readonly graph: GraphFile;
  readonly schema: Schema;
  readonly options: Omit<PredictorOptions, "pipeline">;
  /** Functions do not travel: the files that steps read come along. */
  readonly pipeline?: { readonly work: PipelineWork; readonly files: ReadonlyMap<string, Uint8Array> };
}

/** What the predictor in the thread is. */
export type Ready = Pick<Predictor, "runtime" | "schema"> & { readonly needsRecords: boolean };

export type ToThread =
  | { readonly id: number; readonly frame: Frame }
  | { readonly id: number; readonly records: readonly InputRecord[] }
  | { readonly id: number; readonly each: readonly InputRecord[] }
  | { readonly id: number; readonly close: true };

export type FromThread =
  | { readonly ready: Ready }
  /** `ms` is what the run itself took. */
  | { readonly id: number; readonly frame: Frame; readonly ms: number }
  | { readonly id: number; readonly records: OutputRecord[] }
  | { readonly id: number; readonly each: ({ readonly output: OutputRecord } | { readonly failure: Failure })[] }
  | { readonly id: number; readonly closed: true }
  | { readonly id: number | null; readonly failure: Failure };

/** An error on its way between threads, which keep neither class nor cause. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly what: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;
  /** For the log: never shown to a caller. */
  readonly cause: string | undefined;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof IngotError))
    return { code: null, what: String(error), where: undefined, fix: undefined, cause: stackOf(error) };
  const { code, what, where, fix, cause } = error;
  return { code, what, where, fix, cause: cause === undefined ? undefined : stackOf(cause) };
}

/** The same error on this side. */
export function errorOf({ code, what, where, fix, cause }: Failure): Error {
  const reason = cause === undefined ? undefined : new Error(cause);
  if (code === null) return new Error(what, { cause: reason });
  return new IngotError(code, { what, where, fix, cause: reason });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
