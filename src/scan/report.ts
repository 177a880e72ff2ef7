// What a scan says: findings, which bytes were understood, and one verdict. Plain JSON: `ingot scan --json` prints it as it is.
import type { Range } from "./coverage.ts";
import { atLeast, type Severity, severities } from "./rule.ts";

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** What was found, with its own names. */
  readonly what: string;
  /** The file, with members: `model.pt!/archive/data.pkl`. */
  readonly file: string;
  /** Byte offset in that file. */
  readonly at?: number;
  readonly why: string;
  readonly fix: string;
  /** How often the same was found in this file, where more than once. */
  readonly times?: number;
}

/** One file or member, and how much of it was understood. */
export interface ScannedFile {
  readonly path: string;
  readonly size: number;
  /** Readers that explained its bytes, e.g. `["zip", "pickle"]`. */
  readonly readers: readonly string[];
  readonly covered: number;
  /** Ranges that nobody explained; at most 16. */
  readonly unexplained: readonly Range[];
  /** Parts that were seen but not understood, and limits that were reached. */
  readonly unread: readonly string[];
}

/**
 * `malicious`: a critical finding. `suspicious`: a high or medium one. `clean`: every byte of every file was understood and
 * nothing of medium severity or above was found. `unknown`: nothing bad was found, but not everything was understood.
 */
export type Verdict = "malicious" | "suspicious" | "unknown" | "clean";

export interface ScanReport {
  readonly target: string;
  /** Where several were scanned: each with its own verdict; everything else is about all of them. */
  readonly targets?: readonly { readonly target: string; readonly verdict: Verdict }[];
  readonly verdict: Verdict;
  /** Whether every byte of every file was understood. */
  readonly complete: boolean;
  readonly findings: readonly Finding[];
  readonly files: readonly ScannedFile[];
  /** Bytes of the files themselves, members not counted. */
  readonly bytes: number;
  /** Of the table of rules: two scans with the same digest judge alike. */
  readonly rules: string;
}

/** Reports of several targets as one: the verdict is that of the worst. */
export function together(reports: readonly [ScanReport, ...ScanReport[]]): ScanReport {
  const [first] = reports;
  if (reports.length === 1) return first;
  const findings = bySeverity(reports.flatMap((report) => report.findings));
  const complete = reports.every((report) => report.complete);
  return {
    target: reports.map(({ target }) => target).join(", "),
    targets: reports.map(({ target, verdict }) => ({ target, verdict })),
    verdict: verdictOf(findings, complete),
    complete,
    findings,
    files: reports.flatMap(({ files }) => files),
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    get rules() {
      return first.rules;
    },
  };
}

/** The worst first, else in their order. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

export function isComplete(file: ScannedFile): boolean {
  return file.covered === file.size && file.unread.length === 0;
}

export function verdictOf(findings: readonly Finding[], complete: boolean): Verdict {
  if (findings.some((finding) => finding.severity === "critical")) return "malicious";
  if (findings.some((finding) => finding.severity === "high")) return "suspicious";
  if (!complete) return "unknown";
  return findings.some((finding) => finding.severity === "medium") ? "suspicious" : "clean";
}

/** Whether a report answers no: a finding at or above the limit, or anything that was not understood. */
export function fails(report: ScanReport, failOn: Severity): boolean {
  return !report.complete || report.findings.some((finding) => atLeast(finding.severity, failOn));
}
