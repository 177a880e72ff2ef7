// One prediction under way, whatever protocol brought it: how long it may take, whether anybody still waits, where its time went.
import type { ServedModel } from "./served_model.ts";

/** Milliseconds a request spent: reading its tensors, waiting for the model, computing, writing its answer. */
export interface Phases {
  parse: number;
  queue: number;
  compute: number;
  encode: number;
}

/** What a model is told about a request, and where it writes what became of it. */
export interface Call {
  /** Of the request, as `Ingot-Request-Id` says it; empty where no client asked. */
  readonly id: string;
  /** On the clock of `performance.now()`: an answer that comes later is of no use. Infinity: there is no hurry. */
  deadline: number;
  /** Higher ones leave the queue first; 0 is usual. */
  priority: number;
  /** The client left. Cheaper to ask than `signal`. */
  readonly isGone: boolean;
  /** Aborted when the client leaves. Made when first asked for. */
  readonly signal: AbortSignal;
  readonly phases: Phases;
  /** Records of this request. */
  rows: number;
  /** Records that were computed together with it, its own included; 0 before it ran. */
  batchSize: number;
  /** The request named the version or variant that it wants: it is not assigned. */
  isPinned: boolean;
  /** Set when another model than the chosen one answered, which is then named in the answer. */
  answeredBy: ServedModel | null;
}

/** Who asks: all that choosing a model may look at. HTTP's `Exchange` is one; gRPC brings its own. */
export interface Asker {
  readonly id: string;
  readonly call: Call;
  /** A header or metadata value by its lower-case name. */
  header(name: string): string | undefined;
}

/** A call without a client behind it: warm-up, shadows, tests. */
export function callWithoutClient(deadline = Infinity): Call {
  const phases = { parse: 0, queue: 0, compute: 0, encode: 0 };
  const counts = { rows: 0, batchSize: 0, isPinned: false, answeredBy: null };
  return { id: "", deadline, priority: 0, isGone: false, signal: neverAborted, phases, ...counts };
}

const neverAborted = new AbortController().signal;

/** Moves the deadline of a call to `ms` from now, if that is earlier. */
export function limitTime(call: Call, ms: number): void {
  call.deadline = Math.min(call.deadline, performance.now() + ms);
}
