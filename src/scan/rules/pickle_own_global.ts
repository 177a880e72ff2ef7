import { callText } from "../call_text.ts";
import { judgeGlobal } from "../globals/judge.ts";
import { on, type Rule } from "../rule.ts";

export const pickleOwnGlobal: Rule = {
  id: "pickle-own-global",
  severity: "medium",
  title: "A pickle needs a class or function of the program that trained it",
  rationale:
    "It was defined in a notebook or script (`__main__`): elsewhere the model does not load, or loads whatever has that name there.",
  references: ["CWE-502"],
  fix: "move it into a module that is installed where the model runs, or save the model without it",
  judge: on("global", (seen) => (judgeGlobal(seen.module, seen.name, seen.args) === "own" ? callText(seen) : null)),
};
