import { on, type Rule } from "../rule.ts";

export const compressionMalformed: Rule = {
  id: "compression-malformed",
  severity: "high",
  title: "A compressed stream breaks the rules of its format",
  rationale: "What comes out depends on the program that unpacks it, so what was scanned need not be what is loaded.",
  references: ["CWE-436"],
  fix: "get the file again from its source; where it is your own, compress it again",
  judge: on("anomaly", (seen) =>
    seen.subject === "compression" && !/crc|checksum/i.test(seen.detail) ? seen.detail : null,
  ),
};
