import { on, type Rule } from "../rule.ts";

export const archiveChecksum: Rule = {
  id: "archive-checksum",
  severity: "high",
  title: "The content of an archive does not match its checksum",
  rationale:
    "Either the file was damaged, or its content was exchanged; some scanners stop here, while loaders read on.",
  references: ["CVE-2025-10156", "CWE-354"],
  fix: "get the file again from its source and compare digests",
  judge: on("anomaly", (seen) =>
    ["zip", "tar", "compression"].includes(seen.subject) && /crc|checksum/i.test(seen.detail) ? seen.detail : null,
  ),
};
