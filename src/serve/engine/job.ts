// One request in a model's queue.
import type { IngotError } from "../../core/index.ts";
import type { Feeds, InputRecord, OutputRecord } from "../../runtime/index.ts";
import type { Call } from "../call.ts";

/** What is to be computed: tensors, or records where the predictor itself turns them into tensors. */
export type Work =
  | { readonly feeds: Feeds }
  | { readonly records: readonly InputRecord[] }
  /** Records whose errors are their own. */
  | { readonly each: readonly InputRecord[] };
export type Result = Feeds | OutputRecord[] | (OutputRecord | IngotError)[];

export interface Job {
  readonly work: Work;
  readonly rows: number;
  readonly bytes: number;
  /** Equal for jobs whose tensors can stand below each other; null for work that runs alone. */
  readonly shapeKey: string | null;
  readonly call: Call;
  readonly queuedAt: number;
  /** Set once it was answered, by its result or by its deadline. */
  isSettled: boolean;
  resolve(result: Result): void;
  reject(error: unknown): void;
}
