// What the steps' emission shares.
import type { GraphBuilder, Value } from "../onnx/index.ts";

/** Stands for a missing text in graphs: a noncharacter of Unicode, which no text in interchange holds. Never an answer. */
export const missingText = "\u{10FFFF}";

export interface Emission {
  /** Nodes that are added to it become the body of one ONNX function, named after the step. Constants too. */
  readonly g: GraphBuilder;
  /**
   * Refuses records, each by itself: the others are answered.
   * @param where bool `[N]`, true where the record is refused; with a list of problems `[N, k]`, one column for each
   */
  reject(where: Value, problem: Problem | readonly Problem[]): void;
}

/** Why a record is refused: shown as `inputs.<column>: <what>`. */
export interface Problem {
  readonly column: string;
  readonly what: string;
  readonly fix?: string;
}
