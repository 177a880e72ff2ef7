// scan: judges what the readers of `formats` observe. Rules are data, one per file; a verdict is clean only when every byte was
// understood.
export { defaultLimits, type ScanLimits } from "./collector.ts";
export type { Range } from "./coverage.ts";
export {
  type Finding,
  fails,
  isComplete,
  type ScannedFile,
  type ScanReport,
  together,
  type Verdict,
} from "./report.ts";
export { atLeast, type Rule, referenceUrl, type Severity, severities } from "./rule.ts";
export { rules } from "./rules/index.ts";
export { sarifOf } from "./sarif.ts";
export { type ScanSource, scanBytes, scanPath, scanSources, scanStream } from "./scan.ts";
