import { on, type Rule } from "../rule.ts";

export const embeddedScript: Rule = {
  id: "embedded-script",
  severity: "high",
  title: "A script is inside",
  rationale: "A file that begins with `#!` is run by the operating system when it is marked executable.",
  references: ["CWE-506"],
  fix: "leave scripts out of the model's folder, or read them and allow this rule with the reason",
  judge: on("executable", (seen) => (/script/i.test(seen.format) ? `begins like ${seen.format}` : null)),
};
