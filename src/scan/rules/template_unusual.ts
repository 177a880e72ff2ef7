import { on, type Rule } from "../rule.ts";
import { judgeTemplate } from "../template.ts";

export const templateUnusual: Rule = {
  id: "template-unusual",
  severity: "medium",
  title: "A chat template uses more than chat templates need",
  rationale:
    "Only a small part of Jinja is needed to join messages. What goes beyond it has not been shown to be harmless.",
  references: ["CWE-1336"],
  fix: "read the template; replace it by the one of the base model",
  judge: on("template", (seen) => {
    const problem = judgeTemplate(seen.text);
    return problem?.kind === "unusual" ? `${seen.name}: ${problem.what}` : null;
  }),
};
