import { on, type Rule } from "../rule.ts";

export const trailingData: Rule = {
  id: "trailing-data",
  severity: "medium",
  title: "Bytes behind the end of the model",
  rationale:
    "The format ends before the file does. Readers ignore the rest, so it is a place to hide something, or a second file.",
  references: ["CWE-506"],
  fix: "find out what the bytes are; export the model again",
  judge: on("anomaly", (seen) => (seen.subject === "trailing-data" ? seen.detail : null)),
};
