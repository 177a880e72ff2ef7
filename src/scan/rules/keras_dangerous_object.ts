import { quoted } from "../../core/index.ts";
import { kerasObject } from "../keras.ts";
import { on, type Rule } from "../rule.ts";

export const kerasDangerousObject: Rule = {
  id: "keras-dangerous-object",
  severity: "critical",
  title: "A Keras configuration makes its loader call something that is no layer",
  rationale:
    "Keras builds every object of a configuration by importing `module` and calling `class_name`. Through that, models switched off safe mode, fetched files, unpickled data and called any function.",
  references: ["CVE-2025-1550", "CVE-2025-8747", "CVE-2025-9906", "CVE-2025-49655"],
  fix: "do not load this file with Keras; report it to where it came from",
  judge: on("keras-object", (seen) =>
    kerasObject(seen) === "dangerous"
      ? `${seen.path} is ${quoted(`${seen.module}.${seen.name}`, 120).slice(1, -1)}`
      : null,
  ),
};
