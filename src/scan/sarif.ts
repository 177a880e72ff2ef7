// A report as SARIF 2.1.0, which code hosts and editors show. Rule: OASIS sarif-v2.1.0-errata01.
import { isComplete, type ScanReport } from "./report.ts";
import { type Rule, referenceUrl, type Severity } from "./rule.ts";
import { rules } from "./rules/index.ts";

const levels: Readonly<Record<Severity, string>> = { critical: "error", high: "error", medium: "warning", low: "note" };
/** What GitHub sorts by. */
const scores: Readonly<Record<Severity, string>> = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.0" };
const unexplained = "not-understood";

export function sarifOf(report: ScanReport, version: string): Record<string, unknown> {
  const ids = [...rules.map((rule) => rule.id), unexplained];
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Ingot", semanticVersion: version, rules: [...rules.map(ruleOf), unexplainedRule] } },
        results: [
          ...report.findings.map((finding) => ({
            ruleId: finding.rule,
            ruleIndex: ids.indexOf(finding.rule),
            level: levels[finding.severity],
            message: { text: `${finding.what}. ${finding.fix}.` },
            locations: [locationOf(finding.file, finding.at)],
            ...(finding.times === undefined ? {} : { occurrenceCount: finding.times }),
          })),
          ...report.files
            .filter((file) => !isComplete(file))
            .map((file) => ({
              ruleId: unexplained,
              ruleIndex: ids.length - 1,
              level: "error",
              message: {
                text: `${file.size - file.covered} of ${file.size} bytes were not understood${file.unread.length > 0 ? `: ${file.unread.join("; ")}` : ""}.`,
              },
              locations: [locationOf(file.path, file.unexplained[0]?.[0])],
            })),
        ],
        properties: { verdict: report.verdict, complete: report.complete, rulesDigest: report.rules },
        columnKind: "utf16CodeUnits",
      },
    ],
  };
}

function ruleOf(rule: Rule) {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.rationale },
    help: { text: `${rule.fix}. ${rule.references.map(referenceUrl).join(" ")}` },
    defaultConfiguration: { level: levels[rule.severity] },
    properties: { "security-severity": scores[rule.severity], tags: ["security", ...rule.references] },
  };
}

const unexplainedRule = {
  id: unexplained,
  shortDescription: { text: "Bytes that no reader understood" },
  fullDescription: { text: "A file is clean only when every byte of it was understood; these were not." },
  defaultConfiguration: { level: "error" },
};

/** The file on disk; the member inside it and the byte stand in its logical location. */
function locationOf(file: string, at: number | undefined) {
  const disk = file.split("!/", 1)[0]!;
  return {
    physicalLocation: {
      artifactLocation: { uri: disk.split("/").map(encodeURIComponent).join("/") },
      ...(at === undefined || file !== disk ? {} : { region: { byteOffset: at } }),
    },
    ...(file === disk ? {} : { logicalLocations: [{ fullyQualifiedName: file, kind: "resource" }] }),
  };
}
