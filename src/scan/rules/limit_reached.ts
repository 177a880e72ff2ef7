import { on, type Rule } from "../rule.ts";

export const limitReached: Rule = {
  id: "limit-reached",
  severity: "high",
  title: "The file goes beyond a limit that no honest file reaches",
  rationale:
    "Ratios, depths and counts like these fill the memory or disk of whoever opens the file (archive and memo bombs).",
  references: ["CWE-409", "CWE-400", "CWE-674"],
  fix: "do not unpack or load it",
  judge: on("limit", (seen) => `${seen.limit}: ${seen.detail}`),
};
