import { callText } from "../call_text.ts";
import { judgeGlobal } from "../globals/judge.ts";
import { on, type Rule } from "../rule.ts";

export const pickleDangerousGlobal: Rule = {
  id: "pickle-dangerous-global",
  severity: "critical",
  title: "A pickle reaches for a function that can run programs, read files or find any other function",
  rationale: "Loading a pickle imports and calls what it names. No trained model needs this name; attacks do.",
  references: ["CWE-502", "CVE-2025-1716", "CVE-2025-10157", "GHSA-vvpj-8cmc-gx39", "GHSA-5j3x-jp52-966f"],
  fix: "do not load this file anywhere; find out who made it and report it to where it came from",
  judge: on("global", (seen) =>
    judgeGlobal(seen.module, seen.name, seen.args) === "dangerous" ? callText(seen) : null,
  ),
};
