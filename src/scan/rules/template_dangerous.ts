import { on, type Rule } from "../rule.ts";
import { judgeTemplate } from "../template.ts";

export const templateDangerous: Rule = {
  id: "template-dangerous",
  severity: "critical",
  title: "A chat template that breaks out of its sandbox",
  rationale:
    "Servers render this template at the first request. Names with underscore pairs and attributes by computed name are the way from a template to any Python function.",
  references: ["CVE-2024-34359", "CVE-2026-5760", "CVE-2024-56326", "CWE-1336"],
  fix: "do not serve this model; report it to where it came from",
  judge: on("template", (seen) => {
    const problem = judgeTemplate(seen.text);
    return problem?.kind === "dangerous" ? `${seen.name}: ${problem.what}` : null;
  }),
};
