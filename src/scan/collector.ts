// What readers tell, gathered file by file and judged at once: memory does not grow with what a hostile file repeats.
import { IngotError } from "../core/index.ts";
import type { Observation, OpenFile, Survey } from "../formats/index.ts";
import { Coverage } from "./coverage.ts";
import { pathKind } from "./paths.ts";
import type { Finding, ScannedFile } from "./report.ts";
import type { Rule } from "./rule.ts";

/** Bounds of one scan, members of archives included. */
export interface ScanLimits {
  readonly depth: number;
  readonly files: number;
  readonly nestedBytes: number;
  readonly findings: number;
}

export const defaultLimits: ScanLimits = { depth: 24, files: 200_000, nestedBytes: 2 ** 40, findings: 5000 };

/** How many different parts a report names of one file. */
const shownParts = 16;

/** Surveys a file with whatever readers recognise it. */
export type Walk = (file: OpenFile, survey: Survey) => Promise<void>;

export class Collector {
  private readonly scanned: ScannedFile[] = [];
  /** Files that another file explains, by path, with the reader that does. */
  private readonly explained = new Map<string, string>();
  private readonly found = new Map<string, Finding>();
  private readonly rules: readonly Rule[];
  private readonly walk: Walk;
  private readonly limits: ScanLimits;
  private nestedBytes = 0;

  constructor(rules: readonly Rule[], walk: Walk, limits: ScanLimits = defaultLimits) {
    this.rules = rules;
    this.walk = walk;
    this.limits = limits;
  }

  /** Outer files before their members. */
  get files(): ScannedFile[] {
    return this.scanned.map((file) => {
      const reader = file.readers.length === 0 ? this.explained.get(file.path) : undefined;
      return reader === undefined
        ? file
        : { ...file, readers: [`${reader} weights`], covered: file.size, unexplained: [], unread: [] };
    });
  }

  get findings(): Finding[] {
    return [...this.found.values()];
  }

  /** Surveys one file and everything inside it. Never throws for what the file holds. */
  async file(path: string, file: OpenFile, depth = 0, by: Walk = this.walk): Promise<void> {
    const place = this.scanned.length;
    // Outer files stand before their members.
    this.scanned.push({ path, size: file.size, readers: [], covered: 0, unexplained: [], unread: [] });
    const survey = new FileSurvey(path, file.size, depth, this);
    if (depth > 0) this.nestedBytes += file.size;
    if (depth > this.limits.depth)
      survey.observe({
        kind: "limit",
        limit: "depth",
        detail: `more than ${this.limits.depth} files inside each other`,
      });
    else if (place >= this.limits.files)
      survey.observe({ kind: "limit", limit: "count", detail: `more than ${this.limits.files} files` });
    else if (this.nestedBytes > this.limits.nestedBytes)
      survey.observe({ kind: "limit", limit: "size", detail: `members of more than ${this.limits.nestedBytes} bytes` });
    else
      try {
        await by(file, survey);
      } catch (error) {
        // A reader that fails has understood nothing: its fault must not end the scan, nor let the file pass.
        const reason = error instanceof Error ? error.message : String(error);
        const how = error instanceof IngotError ? "not readable" : "a reader failed";
        survey.observe({ kind: "unread", detail: `${how}: ${reason.slice(0, 200)}` });
      }
    this.scanned[place] = survey.result();
  }

  explain(path: string, reader: string): void {
    if (this.explained.size < this.limits.files) this.explained.set(path, reader);
  }

  judge(observation: Observation, path: string, reader: string): void {
    for (const rule of this.rules) {
      const what = rule.judge(observation, { path, reader });
      if (what !== null) this.keep(rule, what, path, observation.at);
    }
  }

  /** The same finding in the same file is counted; of one rule in one file only so many different ones are named. */
  private keep(rule: Rule, what: string, file: string, at: number | undefined): void {
    const key = `${rule.id}\0${file}\0${what}`;
    const before = this.found.get(key);
    if (before) {
      this.found.set(key, { ...before, times: (before.times ?? 1) + 1 });
      return;
    }
    const others = `${rule.id}\0${file}`;
    const full = this.found.size >= this.limits.findings;
    if (full && this.found.has(others)) return;
    const finding: Finding = {
      rule: rule.id,
      severity: rule.severity,
      what: full ? `more of the same than a report holds, first: ${what}` : what,
      file,
      ...(at === undefined ? {} : { at }),
      why: rule.rationale,
      fix: rule.fix,
    };
    // Past the limit one finding per rule and file still counts, so that nothing critical drowns; far past it, one per rule.
    if (this.found.size < this.limits.findings * 2) this.found.set(full ? others : key, finding);
    else if (!this.found.has(rule.id)) this.found.set(rule.id, finding);
  }
}

/** One file's survey. */
class FileSurvey implements Survey {
  private readonly coverage = new Coverage();
  private readonly readers = new Set<string>();
  private readonly unread = new Set<string>();
  private readonly path: string;
  private readonly size: number;
  private readonly depth: number;
  private readonly collector: Collector;
  private reader = "";

  constructor(path: string, size: number, depth: number, collector: Collector) {
    this.path = path;
    this.size = size;
    this.depth = depth;
    this.collector = collector;
  }

  reading(reader: string): void {
    this.reader = reader;
    this.readers.add(reader);
  }

  covered(start: number, end: number): void {
    this.coverage.add(start, Math.min(end, this.size));
  }

  coveredBeside(path: string): void {
    if (pathKind(path) !== "inside") return;
    const folder = this.path.slice(0, this.path.lastIndexOf("/") + 1);
    this.collector.explain(folder + path, this.reader);
  }

  observe(observation: Observation): void {
    if (observation.kind === "unread") this.note(observation.detail);
    if (observation.kind === "limit") this.note(`${observation.limit}: ${observation.detail}`);
    this.collector.judge(observation, this.path, this.reader);
  }

  async nested(name: string, file: OpenFile, by?: Walk): Promise<void> {
    try {
      await this.collector.file(`${this.path}!/${name}`, file, this.depth + 1, by);
    } finally {
      await file[Symbol.asyncDispose]();
    }
  }

  result(): ScannedFile {
    const gaps = this.coverage.gaps(this.size);
    return {
      path: this.path,
      size: this.size,
      readers: [...this.readers],
      covered: this.coverage.covered(this.size),
      unexplained: gaps.slice(0, shownParts),
      unread: [...this.unread],
    };
  }

  private note(detail: string): void {
    if (this.unread.size < shownParts) this.unread.add(detail);
  }
}
