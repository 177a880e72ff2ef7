import { quoted } from "../../core/index.ts";
import { kerasObject } from "../keras.ts";
import { on, type Rule } from "../rule.ts";

export const kerasCustomObject: Rule = {
  id: "keras-custom-object",
  severity: "high",
  title: "A Keras configuration takes an object from a module that is not Keras",
  rationale: "The loader imports that module and calls what the file names, with arguments from the file.",
  references: ["CVE-2025-1550", "CWE-470"],
  fix: "check the module; where it is your own, allow this rule in ingot.yaml with the reason",
  judge: on("keras-object", (seen) =>
    kerasObject(seen) === "custom"
      ? `${seen.path} is ${quoted(`${seen.module}.${seen.name}`, 120).slice(1, -1)}`
      : null,
  ),
};
