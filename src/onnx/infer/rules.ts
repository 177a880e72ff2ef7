// The table of inference rules, by operator: `Add`, `ai.onnx.ml:TreeEnsemble`.
import { computing } from "./computing.ts";
import { elementwise } from "./elementwise.ts";
import { machineLearning } from "./machine_learning.ts";
import { reshaping } from "./reshaping.ts";
import type { Rule } from "./rule.ts";

const rules = new Map<string, Rule>(Object.entries({ ...elementwise, ...reshaping, ...computing, ...machineLearning }));

/** The rule of an operator; undefined when there is none. Operators of ai.onnx are listed by their bare name. */
export function ruleFor(domain: string, opType: string): Rule | undefined {
  return rules.get(domain === "" || domain === "ai.onnx" ? opType : `${domain}:${opType}`);
}
