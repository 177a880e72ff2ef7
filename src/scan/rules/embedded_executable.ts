import { on, type Rule } from "../rule.ts";

export const embeddedExecutable: Rule = {
  id: "embedded-executable",
  severity: "critical",
  title: "A program is inside",
  rationale: "Models are numbers. Machine code among them waits to be run, by a loader that is tricked or by a person.",
  references: ["CWE-506", "CWE-829"],
  fix: "do not unpack it; find out how the program got in",
  judge: on("executable", (seen) => (/script/i.test(seen.format) ? null : `begins like ${seen.format}`)),
};
