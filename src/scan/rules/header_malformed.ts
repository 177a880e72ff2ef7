import { on, type Rule } from "../rule.ts";

export const headerMalformed: Rule = {
  id: "header-malformed",
  severity: "high",
  title: "A header that its format does not allow",
  rationale:
    "Counts, lengths and offsets that do not fit the file are how readers in C and C++ are made to write outside of their memory.",
  references: ["CWE-190", "CWE-787", "CVE-2024-25664"],
  fix: "do not load it; export or download the model again",
  judge: on("anomaly", (seen) => (seen.subject === "header" ? seen.detail : null)),
};
