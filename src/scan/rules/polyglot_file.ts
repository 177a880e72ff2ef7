import { on, type Rule } from "../rule.ts";

export const polyglotFile: Rule = {
  id: "polyglot-file",
  severity: "high",
  title: "The file is two formats at once",
  rationale: "A program that looks at the beginning and one that looks at the end load different things from it.",
  references: ["CWE-434", "CWE-436"],
  fix: "do not load it; ask for a file that is one thing",
  judge: on("anomaly", (seen) => (seen.subject === "polyglot" ? seen.detail : null)),
};
