import { on, type Rule } from "../rule.ts";
import { isScript } from "./python_code.ts";

export const modelProgram: Rule = {
  id: "model-program",
  severity: "low",
  title: "The model is a program (TorchScript, Python source beside it)",
  rationale:
    "What it computes stands in code, not only in numbers. It runs only where somebody runs it, but reviewing its weights is not reviewing it.",
  references: ["CWE-829"],
  fix: "read the code before you run it; prefer an export as a plain graph (ONNX)",
  judge: on("code", (seen) => (isScript(seen.subject) ? `${seen.subject}: ${seen.detail}` : null)),
};
