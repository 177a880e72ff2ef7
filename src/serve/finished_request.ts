// What is known of a request once it is over: for metrics, logs, traces and comparisons of variants.
import type { ErrorCode } from "../core/index.ts";
import type { Phases } from "./call.ts";
import type { ServedModel } from "./served_model.ts";

export interface FinishedRequest {
  readonly id: string;
  /** Name of the dialect, `Open Inference Protocol v2` for instance; null where no route was found. */
  readonly dialect: string | null;
  /** The route's path with its parameters in braces; null where none was found. Never the caller's own text. */
  readonly route: string | null;
  readonly method: string;
  /** HTTP status; 499 when the client left before its answer. */
  readonly status: number;
  readonly errorCode: ErrorCode | null;
  /** What answered; null where no model was asked for. It may be closed by now: only its names are of use. */
  readonly model: ServedModel | null;
  readonly phases: Readonly<Phases>;
  /** Records asked for, and records that were computed together with them. */
  readonly rows: number;
  readonly batchSize: number;
  /** Milliseconds from the request's headers to its answer. */
  readonly ms: number;
  /** The caller's `traceparent`, whatever it says. */
  readonly traceparent?: string | undefined;
}

/** Called once per request, after its answer was handed over. Must be quick and must not throw. */
export type Observer = (request: FinishedRequest) => void;

export const clientLeft = 499;
