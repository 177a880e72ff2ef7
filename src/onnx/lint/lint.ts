// Checks a model against every rule of the table.
import { inferModel } from "../infer/infer.ts";
import type { Model } from "../model.ts";
import { plainDomain } from "../opset_changes.ts";
import { operators } from "./operators.ts";
import type { LintFinding, LintRule } from "./rule.ts";
import { structure } from "./structure.ts";
import { treeShape } from "./tree_shape.ts";

export const lintRules: readonly LintRule[] = [...structure, ...operators, treeShape];

/** Findings of one rule that are reported; the rest are counted in the last. */
const perRule = 20;

/** What is wrong with a model or will not run everywhere: errors first, in the order of the rules. */
export function lintModel(model: Model): LintFinding[] {
  const functions = new Set(model.functions.map(({ domain, name }) => `${plainDomain(domain)}:${name}`));
  const linted = {
    model,
    facts: inferModel(model),
    isLocal: (node: { domain: string; opType: string }) => functions.has(`${plainDomain(node.domain)}:${node.opType}`),
  };
  const findings: LintFinding[] = [];
  for (const { id, severity, fix, check } of lintRules) {
    let count = 0;
    for (const { message, where } of check(linted)) {
      if (++count > perRule) continue;
      findings.push({ rule: id, severity, message, where, fix });
    }
    if (count > perRule) {
      const last = findings.pop()!;
      findings.push({ ...last, message: `${last.message} (and ${count - perRule} more like this)` });
    }
  }
  const order = { error: 0, warning: 1, info: 2 };
  return findings.sort((a, b) => order[a.severity] - order[b.severity]);
}
