import { on, type Rule } from "../rule.ts";

export const secretInFile: Rule = {
  id: "secret",
  severity: "high",
  title: "A key or token in a file",
  rationale:
    "Packages are copied to many places and never change: whoever can read the package can use the key, for ever.",
  references: ["CWE-798", "CWE-312"],
  fix: "revoke the key now, then remove it from the file",
  judge: on("secret", (seen) => `${seen.subject}: ${seen.detail}`),
};
