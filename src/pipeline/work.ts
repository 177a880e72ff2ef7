// What a package says of its pipeline beside the graph: which records the graph refuses, and the work on the host around it.
import type { Schema } from "../core/index.ts";
import type { HostWork } from "./host.ts";

/** The output of the graph that says which records it refuses: int32 `[N]`, 0 = none, else 1 + place in `problems`. */
export const refusedOutput = "ingot_refused";

export interface PipelineWork {
  /** Names of the declared steps, in order. */
  readonly steps: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Of the graph itself, where work on the host stands around it; else the package's schema is the graph's. */
  readonly inner?: Schema;
  readonly before?: readonly HostStage[];
  readonly after?: readonly HostStage[];
  /** The graph then has `refusedOutput`. */
  readonly problems?: readonly RefusedProblem[];
  /** The graph takes one record at a time, with a batch axis of 1. */
  readonly oneAtATime?: boolean;
}

/** One step on the host. */
export interface HostStage extends HostWork {
  /** The step's name in ingot.yaml. */
  readonly step: string;
  /** Keys of what it reads: inputs of the package or what stages before it wrote; after the graph: its outputs, or what stages wrote. */
  readonly reads: readonly string[];
  /** Keys of what it writes: inputs of the graph, or what later stages read; after the graph: outputs of the package. */
  readonly writes: readonly string[];
}

export interface RefusedProblem {
  readonly step: string;
  readonly column: string;
  readonly what: string;
  readonly fix?: string;
}
