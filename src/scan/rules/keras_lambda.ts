import { kerasObject } from "../keras.ts";
import { on, type Rule } from "../rule.ts";

export const kerasLambda: Rule = {
  id: "keras-lambda",
  severity: "critical",
  title: "A Keras Lambda layer",
  rationale:
    "A Lambda layer holds marshalled Python bytecode, which runs when the model is built; HDF5 files are loaded without asking.",
  references: ["CVE-2024-3660", "CVE-2025-9905", "CWE-94"],
  fix: "rebuild the model with built-in layers, or export it as ONNX where it was trained",
  judge: on("keras-object", (seen) => (kerasObject(seen) === "lambda" ? `${seen.path} is a Lambda layer` : null)),
};
