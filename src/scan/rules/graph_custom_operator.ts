import { on, type Rule } from "../rule.ts";

export const graphCustomOperator: Rule = {
  id: "graph-custom-operator",
  severity: "medium",
  title: "An operator that is not part of the standard",
  rationale:
    "It runs only where somebody has loaded a library of native code that provides it; the library decides what it does.",
  references: ["CWE-829"],
  fix: "find out which library provides it, or export the model with standard operators",
  judge: on("operator", (seen) =>
    seen.detail === undefined || /custom|domain|unknown|not part/i.test(seen.detail)
      ? `${seen.domain === "" ? "" : `${seen.domain}::`}${seen.name} at ${seen.node}`
      : null,
  ),
};
