import { quoted } from "../../core/index.ts";
import { on, type Rule } from "../rule.ts";

export const linkEntry: Rule = {
  id: "link-entry",
  severity: "high",
  title: "A link or device among the files",
  rationale: "Unpacking a link lets later entries write through it, and loading follows it: both leave the folder.",
  references: ["CWE-59", "CVE-2026-23745", "CVE-2025-4517"],
  fix: "replace the link by a copy of the file",
  judge: on("link", (seen) => `${quoted(seen.path, 120)} → ${quoted(seen.target, 120)}`),
};
