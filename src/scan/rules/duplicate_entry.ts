import { on, type Rule } from "../rule.ts";

export const duplicateEntry: Rule = {
  id: "duplicate-entry",
  severity: "high",
  title: "Something stands twice under the same name",
  rationale: "One reader takes the first, another the last: a scanner may look at one and the loader use the other.",
  references: ["CWE-694", "CWE-436"],
  fix: "write the file again with every name once",
  judge: on("anomaly", (seen) => (seen.subject === "duplicate" ? seen.detail : null)),
};
