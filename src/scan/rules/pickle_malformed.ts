import { on, type Rule } from "../rule.ts";

export const pickleMalformed: Rule = {
  id: "pickle-malformed",
  severity: "high",
  title: "A pickle breaks the rules of its format",
  rationale:
    "Python runs a pickle as it reads it: calls before the broken place have happened already. Frames, unknown memo keys, registry codes and foreign persistent ids are how files show one program to a scanner and another to the loader.",
  references: ["CWE-502", "CWE-436", "CVE-2025-1944"],
  fix: "do not load it; where the writer is yours, find out which tool damaged the file",
  judge: on("anomaly", (seen) => (seen.subject === "pickle" ? seen.detail : null)),
};
