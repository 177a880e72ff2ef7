// What a lint rule sees and says.
import type { Fact } from "../infer/rule.ts";
import type { Model, Node } from "../model.ts";

/** `error`: no runtime can run it as it is. `warning`: it runs, with a known defect. `info`: it does not run everywhere. */
export type Severity = "error" | "warning" | "info";

export interface LintFinding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** Node, value or field. */
  readonly where: string;
  readonly fix: string;
}

export interface Linted {
  readonly model: Model;
  /** Types of the values of the main graph. */
  readonly facts: ReadonlyMap<string, Fact>;
  /** Whether a node calls a function that the model defines. */
  isLocal(node: Node): boolean;
}

export interface LintRule {
  readonly id: string;
  readonly severity: Severity;
  /** One line for `ingot rules`. */
  readonly about: string;
  readonly fix: string;
  check(linted: Linted): Iterable<{ message: string; where: string }>;
}

/** How messages name a node. */
export function nodeWhere(node: Node): string {
  const what = node.domain === "" ? node.opType : `${node.domain}:${node.opType}`;
  return node.name === "" ? `${what} that makes "${node.outputs[0] ?? ""}"` : `node "${node.name}" (${what})`;
}
