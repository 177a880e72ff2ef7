import { callText } from "../call_text.ts";
import { judgeGlobal } from "../globals/judge.ts";
import { on, type Rule } from "../rule.ts";

export const pickleStandardLibraryGlobal: Rule = {
  id: "pickle-standard-library-global",
  severity: "high",
  title: "A pickle names a part of Python's standard library that models do not need",
  rationale:
    "Every list of forbidden names has been bypassed with a library function nobody had listed, so only names known to be safe pass.",
  references: ["CWE-502", "CVE-2026-56315"],
  fix: "ask its author why the model holds this; save the model without it, or convert it to ONNX or safetensors where it was trained",
  judge: on("global", (seen) =>
    judgeGlobal(seen.module, seen.name, seen.args) === "standard" ? callText(seen) : null,
  ),
};
