import { callText } from "../call_text.ts";
import { judgeGlobal } from "../globals/judge.ts";
import { on, type Rule } from "../rule.ts";

export const pickleUnknownGlobal: Rule = {
  id: "pickle-unknown-global",
  severity: "high",
  title: "A pickle names a class or function that is not known to be safe",
  rationale:
    "Loading imports and may call it, with arguments that the file chooses. What it does is up to whichever package is installed under this name.",
  references: ["CWE-502"],
  fix: "check what this name does in the package it belongs to; where it is your own, allow this rule in ingot.yaml with the reason",
  judge: on("global", (seen) => (judgeGlobal(seen.module, seen.name, seen.args) === "unknown" ? callText(seen) : null)),
};
