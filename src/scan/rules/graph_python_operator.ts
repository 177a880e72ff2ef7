import { on, type Rule } from "../rule.ts";

export const graphPythonOperator: Rule = {
  id: "graph-python-operator",
  severity: "critical",
  title: "An operator of the graph runs Python",
  rationale: "It calls a function of the Python process that loaded the model, outside everything that a graph may do.",
  references: ["CWE-94"],
  fix: "export the model without this operator",
  judge: on("operator", (seen) =>
    /python/i.test(seen.detail ?? "") || /^(Eager)?PyFunc|^NumpyFunc|^PyOp$|^PythonOp$/.test(seen.name)
      ? `${seen.name} at ${seen.node} runs Python`
      : null,
  ),
};
