// What is packed is scanned first: critical findings and what nobody understood are refused, unless the project says why not.
import { IngotError, nearest } from "../core/index.ts";
import { openFile } from "../formats/index.ts";
import { type Finding, isComplete, rules, type ScanReport, scanSources } from "../scan/index.ts";
import type { ParsedProject } from "./project.ts";

/** A file that goes into the package, or is converted into it. */
export interface PackedFile {
  /** Where it lies. */
  readonly file: string;
  /** What the project calls it. */
  readonly name: string;
}

/** @throws IngotError SCAN_REFUSED naming the finding, or the file that was not understood */
export async function scanPacked(files: readonly PackedFile[], parsed: ParsedProject): Promise<ScanReport> {
  const { project } = parsed;
  for (const [index, { rule }] of (project.scan?.allow ?? []).entries())
    if (!rules.some((known) => known.id === rule))
      throw unknownRule(rule, parsed.where(["scan", "allow", index, "rule"]));
  const report = await scanSources(
    `${project.name}:${project.version}`,
    files.map(({ file, name }) => ({ path: name, open: () => openFile(file, name) })),
  );
  const allowed = new Set(project.scan?.allow?.map((exception) => exception.rule));
  const refused = report.findings.filter((finding) => finding.severity === "critical" && !allowed.has(finding.rule));
  if (refused.length > 0) throw refusal(refused);
  const unknown = report.files.find((file) => !isComplete(file));
  if (unknown && project.scan?.unknown !== "allow")
    throw new IngotError("SCAN_REFUSED", {
      what: `${unknown.size - unknown.covered} of ${unknown.size} bytes were not understood${unknown.unread[0] === undefined ? "" : `: ${unknown.unread[0]}`}`,
      where: unknown.path,
      fix: "`ingot scan` shows which; leave the file out, or write `scan: { unknown: allow }` into ingot.yaml",
    });
  return report;
}

function unknownRule(rule: string, where: string): IngotError {
  const near = nearest(
    rule,
    rules.map((known) => known.id),
  );
  return new IngotError("PROJECT_INVALID", {
    what: `there is no rule \`${rule}\`${near ? `, did you mean \`${near}\`?` : ""}`,
    where,
    fix: "see `ingot rules`",
  });
}

function refusal(refused: readonly Finding[]): IngotError {
  const [first] = refused as [Finding];
  const others = refused.length > 1 ? ` (and ${refused.length - 1} more critical findings)` : "";
  return new IngotError("SCAN_REFUSED", {
    what: `${first.what}  [${first.rule}]${others}`,
    where: first.at === undefined ? first.file : `${first.file} at byte ${first.at}`,
    fix: `${first.fix}; to pack it all the same, write \`scan: { allow: [{ rule: ${first.rule}, reason: … }] }\` into ingot.yaml`,
  });
}
