// The picture of a scan: the verdict first, then what was found, where, why it matters and what to do; then what nobody understood.
import { counted, grouped } from "../core/index.ts";
import type { Finding, ScannedFile, ScanReport, Verdict } from "../scan/index.ts";
import { few, size } from "./render.ts";
import { inOneLine } from "./visible.ts";

const verdicts: Readonly<Record<Verdict, string>> = {
  malicious:
    "MALICIOUS   loading or unpacking this can do what no model needs: do not, before you know why it is there",
  suspicious: "SUSPICIOUS  this holds what should not be in a model",
  unknown: "UNKNOWN     nothing bad was found, but not everything could be understood",
  clean: "CLEAN       every byte was understood, and nothing bad is among them",
};
const nothing = "UNKNOWN     there is not one byte to understand";
const shownGroups = 12;
const shownOfGroup = 3;
const shownFiles = 10;
const shownTargets = 40;

export function renderScan(report: ScanReport): string {
  const isNothing = report.verdict === "unknown" && report.bytes === 0;
  const lines = [...targetsOf(report), isNothing ? nothing : verdicts[report.verdict], ""];
  const groups = [...Map.groupBy(report.findings, ({ rule, file }) => `${rule}\0${outermost(file)}`).values()];
  for (const group of groups.slice(0, shownGroups)) lines.push(...renderGroup(group), "");
  const more = groups.slice(shownGroups).reduce((sum, group) => sum + group.length, 0);
  if (more > 0) lines.push(`… and ${counted(more, "more finding", "more findings")} (--json lists them all)`, "");
  const unknown = report.files.filter((file) => file.covered < file.size || file.unread.length > 0);
  if (unknown.length > 0) {
    lines.push("not understood:");
    for (const file of unknown.slice(0, shownFiles))
      lines.push(`  ${file.path}: ${file.size === 0 ? "not read" : coverageText(file)}`, ...gapsOf(file));
    if (unknown.length > shownFiles)
      lines.push(`  … and ${counted(unknown.length - shownFiles, "more file", "more files")}`);
    lines.push("");
  }
  lines.push(summary(report));
  return lines.map(inOneLine).join("\n");
}

/** What was scanned; of several each with its own verdict. */
function targetsOf({ target, targets }: ScanReport): string[] {
  if (!targets) return [target];
  const shown = targets.slice(0, shownTargets).map((one) => `${one.verdict.padEnd(10)}  ${one.target}`);
  return [...shown, ...(targets.length > shownTargets ? [`… and ${targets.length - shownTargets} more`] : []), ""];
}

/** The file that a member is in. */
function outermost(file: string): string {
  return file.split("!/", 1)[0]!;
}

/** Findings of one rule in one file: the first ones, and the reason and the advice once. */
function renderGroup(group: readonly Finding[]): string[] {
  const [first] = group as [Finding, ...Finding[]];
  const more = group.length - shownOfGroup;
  return [
    ...group.slice(0, shownOfGroup).flatMap((finding) => {
      const place = finding.at === undefined ? finding.file : `${finding.file} at byte ${finding.at}`;
      const times = finding.times === undefined ? "" : ` (${finding.times} times)`;
      return [
        `${finding.severity.toUpperCase().padEnd(8)}  ${finding.what}${times}  [${finding.rule}]`,
        `   at: ${place}`,
      ];
    }),
    ...(more > 0 ? [`          … and ${more} more of ${first.rule} in ${outermost(first.file)}`] : []),
    `  why: ${first.why}`,
    `  fix: ${first.fix}`,
  ];
}

/** `100% of 4,812,331 bytes explained by: zip, pickle`. */
export function coverageText(file: ScannedFile): string {
  const share = file.size === 0 ? 100 : Math.floor((file.covered / file.size) * 1000) / 10;
  const by = file.readers.length > 0 ? ` explained by: ${file.readers.join(", ")}` : " explained";
  return `${share}% of ${counted(file.size, "byte")}${by}`;
}

function gapsOf(file: ScannedFile): string[] {
  const gaps = file.unexplained.map(([start, end]) => `${start}–${end - 1}`);
  return [
    ...(gaps.length > 0 ? [`    bytes ${few(gaps)}: no reader knows them`] : []),
    ...file.unread.map((detail) => `    ${detail}`),
  ];
}

function summary(report: ScanReport): string {
  const [only] = report.files;
  if (report.files.length === 1 && only) return coverageText(only);
  const understood = report.files.filter((file) => file.covered === file.size && file.unread.length === 0).length;
  return `${counted(report.files.length, "file or member", "files and members")}, ${size(report.bytes)}; ${grouped(understood)} of them understood to the last byte`;
}
