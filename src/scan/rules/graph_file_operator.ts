import { on, type Rule } from "../rule.ts";

export const graphFileOperator: Rule = {
  id: "graph-file-operator",
  severity: "high",
  title: "An operator of the graph reads or writes files, or opens connections",
  rationale: "A graph is a program: this operator runs with the rights of the server whenever the model is called.",
  references: ["CWE-73", "CWE-552"],
  fix: "export the model without this operator; feed it tensors, not paths",
  judge: on("operator", (seen) =>
    /read|write|file|network|connection|director/i.test(seen.detail ?? "") && !/python/i.test(seen.detail ?? "")
      ? `${seen.name} at ${seen.node} ${seen.detail}`
      : null,
  ),
};
