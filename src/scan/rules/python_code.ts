import { on, type Rule } from "../rule.ts";

export const pythonCode: Rule = {
  id: "python-code",
  severity: "critical",
  title: "Python code is inside the model and runs when it is loaded or used",
  rationale:
    "Bytecode or source in a model file is a program by another name: cloudpickle and dill functions, Keras Lambda layers, packaged modules. It does whatever it was written to do.",
  references: ["CWE-94", "CVE-2024-3660", "CVE-2025-9905"],
  fix: "ask for the model without embedded code (a named function in an installed package, a built-in layer), or as ONNX",
  judge: on("code", (seen) => (isScript(seen.subject) ? null : `${seen.subject}: ${seen.detail}`)),
};

/** TorchScript and MLIR are programs for an interpreter that only computes with tensors. */
export function isScript(subject: string): boolean {
  return /torchscript|source file/i.test(subject);
}
