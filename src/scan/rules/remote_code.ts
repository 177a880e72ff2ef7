import { quoted } from "../../core/index.ts";
import { judgeGlobal } from "../globals/judge.ts";
import { on, type Rule } from "../rule.ts";

export const remoteCode: Rule = {
  id: "remote-code",
  severity: "high",
  title: "A configuration makes its loader import code",
  rationale:
    "`auto_map`, `trust_remote_code` and `_target_` tell Transformers, Hydra and NeMo which Python to import and call: the repository's own, or any function that is installed.",
  references: ["CWE-829", "CVE-2025-23304"],
  fix: "read the code it names, pin its revision, or use a model of a built-in architecture",
  judge: on("remote-code", (seen) => {
    const isHarmless =
      (seen.key.endsWith("trust_remote_code") && /^false$/i.test(seen.value)) ||
      (seen.key.endsWith("trusted_types") && seen.value.split(", ").every(onlyBuildsValues));
    return isHarmless ? null : `${seen.key} = ${quoted(seen.value, 120)}`;
  }),
};

/** MLflow writes its own list beside every LightGBM and XGBoost model: what it trusts needs no trust. */
function onlyBuildsValues(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot > 0 && judgeGlobal(name.slice(0, dot), name.slice(dot + 1)) === "safe";
}
