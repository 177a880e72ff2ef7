import { on, type Rule } from "../rule.ts";

export const truncatedData: Rule = {
  id: "truncated-data",
  severity: "medium",
  title: "The file ends before its content does",
  rationale:
    "A part of the model is missing, so nobody can say what it would have been; what stands before the end still runs.",
  references: ["CWE-354"],
  fix: "copy or download the file again and compare its digest",
  judge: on("anomaly", (seen) => (seen.subject === "truncated" ? seen.detail : null)),
};
