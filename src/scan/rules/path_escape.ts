import { quoted } from "../../core/index.ts";
import { pathKind } from "../paths.ts";
import { on, type Rule } from "../rule.ts";

export const pathEscape: Rule = {
  id: "path-escape",
  severity: "critical",
  title: "A path inside the file leads out of its folder",
  rationale:
    "Loading or unpacking would read or write a file of the machine: keys and passwords come in as weights, or programs are replaced.",
  references: ["CWE-22", "CVE-2022-25882", "CVE-2024-27318", "CVE-2025-12638", "CVE-2025-4517"],
  fix: "do not load or unpack it; report it to where it came from",
  judge: on("path", (seen) => (pathKind(seen.path) === "escape" ? `${seen.purpose}: ${quoted(seen.path, 120)}` : null)),
};
