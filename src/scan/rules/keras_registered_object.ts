import { quoted } from "../../core/index.ts";
import { kerasObject } from "../keras.ts";
import { on, type Rule } from "../rule.ts";

export const kerasRegisteredObject: Rule = {
  id: "keras-registered-object",
  severity: "medium",
  title: "A Keras model needs an object that its loader must register",
  rationale:
    "The name stands for a class of the program that trained the model. Keras refuses to load it unless the caller provides one.",
  references: ["CWE-829"],
  fix: "get the class from the author of the model and read it before you register it",
  judge: on("keras-object", (seen) =>
    kerasObject(seen) === "registered" ? `${seen.path} is the registered object ${quoted(seen.name)}` : null,
  ),
};
