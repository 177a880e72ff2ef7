import { on, type Rule } from "../rule.ts";

export const archiveInconsistent: Rule = {
  id: "archive-inconsistent",
  severity: "critical",
  title: "An archive that reads differently in different programs",
  rationale:
    "Names, sizes or flags disagree between the two places where an archive keeps them, or entries overlap. Scanners skip such an entry; PyTorch and Keras load it.",
  references: ["CVE-2025-1944", "CVE-2025-1945", "CWE-436"],
  fix: "do not load it; where it is your own, pack the files again with an ordinary tool",
  judge: on("anomaly", (seen) =>
    (seen.subject === "zip" || seen.subject === "tar") && !/crc|checksum/i.test(seen.detail) ? seen.detail : null,
  ),
};
