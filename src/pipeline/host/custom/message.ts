// What is said between a custom step and its thread.
import type { Outcome, SandboxLimits } from "./sandbox.ts";

export type ToSandbox =
  | {
      readonly open: {
        readonly code: string;
        readonly exported: string;
        readonly names: string;
        readonly limits: SandboxLimits;
      };
    }
  | { readonly run: readonly string[] };

/** `at` is the place in `run`; null answers `open`. */
export interface FromSandbox {
  readonly at: number | null;
  readonly outcome: Outcome;
}
