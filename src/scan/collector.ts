// What readers tell, gathered file by file and judged at once: memory does not grow with what a hostile file repeats.
import { IngotError } from "../core/index.ts";
import type { Observation, OpenFile, Survey } from "../formats/index.ts";
import { Coverage, type Range } from "./coverage.ts";
import { judgeGlobal } from "./globals/judge.ts";
import { pathKind } from "./paths.ts";
import { type Finding, isComplete, type ScannedFile } from "./report.ts";
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

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function coverageOf(coverage: Coverage, size: number): Pick<ScannedFile, "covered" | "unexplained"> {
  const gaps = coverage.gaps(size);
  const covered = gaps.reduce((total, [start, end]) => total - (end - start), size);
  return { covered, unexplained: gaps.length > shownParts ? gaps.slice(0, shownParts) : gaps };
}

/** Surveys a file with whatever readers recognise it. */
export type Walk = (file: OpenFile, survey: Survey) => Promise<void>;

export class Collector {
  private readonly scanned: ScannedFile[] = [];
  /** Files that another file explains, by path: which reader does, and how much of it. */
  private readonly explained = new Map<string, { readonly reader: string; readonly coverage: Coverage }>();
  /** What the readers of a file understood themselves, where that is not all of it. */
  private readonly partial = new Map<string, Coverage>();
  private readonly found = new Map<string, Finding>();
  private readonly rules: ReadonlyMap<Observation["kind"], readonly Rule[]>;
  private readonly walk: Walk;
  private readonly limits: ScanLimits;
  private nestedBytes = 0;

  constructor(rules: readonly Rule[], walk: Walk, limits: ScanLimits = defaultLimits) {
    this.rules = Map.groupBy(rules, (rule) => rule.judge.kind);
    this.walk = walk;
    this.limits = limits;
  }

  /** Outer files before their members. */
  get files(): ScannedFile[] {
    return this.scanned.map((file) => {
      const by = this.explained.get(file.path);
      return by === undefined || isComplete(file) ? file : this.withExplained(file, by.reader, by.coverage);
    });
  }

  /** A file that is numbers to the file beside it; numbers may begin like a text by chance. */
  private withExplained(file: ScannedFile, reader: string, by: Coverage): ScannedFile {
    const both = this.partial.get(file.path)?.with(by) ?? by;
    const gaps = both.gaps(file.size);
    return {
      ...file,
      readers: [...file.readers.filter((one) => one !== "text"), `${reader} weights`],
      ...coverageOf(both, file.size),
      unread: gaps.length === 0 && file.readers.every((one) => one === "text") ? [] : file.unread,
    };
  }

  get findings(): Finding[] {
    return [...this.found.values()];
  }

  /** Surveys one file and everything inside it; files beside it are in `folder`. Never throws for what the file holds. */
  async file(path: string, file: OpenFile, depth = 0, by: Walk = this.walk, folder = folderOf(path)): Promise<void> {
    const place = this.scanned.length;
    // Outer files stand before their members.
    this.scanned.push({ path, size: file.size, readers: [], covered: 0, unexplained: [], unread: [] });
    const survey = new FileSurvey(path, file.size, depth, folder, this);
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
    const result = survey.result();
    this.scanned[place] = result;
    if (result.covered > 0 && !isComplete(result)) this.partial.set(path, survey.coverage);
  }

  /** Surveys what only the format of a whole folder knows; `path` ends with `/`. Listed among the files only where something is unread. */
  async folder(path: string, by: (survey: Survey) => Promise<void>): Promise<void> {
    const survey = new FileSurvey(path, 0, 0, path, this);
    await by(survey);
    const result = survey.result();
    if (!isComplete(result)) this.scanned.push(result);
  }

  /** A file that could not be opened: it is among the files, and understood by nobody. */
  unopened(path: string, reason: string): void {
    this.scanned.push({ path, size: 0, readers: [], covered: 0, unexplained: [], unread: [reason] });
  }

  explain(path: string, reader: string, ranges: readonly Range[]): void {
    const before = this.explained.get(path);
    if (before === undefined && this.explained.size >= this.limits.files) return;
    const coverage = before?.coverage ?? new Coverage();
    for (const [start, end] of ranges) coverage.add(start, end);
    if (before === undefined) this.explained.set(path, { reader, coverage });
  }

  judge(observation: Observation, path: string, reader: string): void {
    const rules = this.rules.get(observation.kind);
    if (!rules) return;
    const scene = { path, reader };
    for (const rule of rules) {
      const what = rule.judge(observation, scene);
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
  readonly coverage = new Coverage();
  private readonly readers = new Set<string>();
  private readonly unread = new Set<string>();
  private readonly path: string;
  private readonly size: number;
  private readonly depth: number;
  /** What paths to files beside this one start with. */
  private readonly folder: string;
  private readonly collector: Collector;
  private reader = "";

  constructor(path: string, size: number, depth: number, folder: string, collector: Collector) {
    this.path = path;
    this.size = size;
    this.depth = depth;
    this.folder = folder;
    this.collector = collector;
  }

  reading(reader: string): void {
    this.reader = reader;
    this.readers.add(reader);
  }

  covered(start: number, end: number): void {
    this.coverage.add(start, Math.min(end, this.size));
  }

  coveredBeside(path: string, ranges: readonly Range[] = [[0, Number.POSITIVE_INFINITY]]): void {
    if (pathKind(path) !== "inside") return;
    this.collector.explain(this.folder + path, this.reader, ranges);
  }

  observe(observation: Observation): void {
    // Most of what pickles name is known to be safe, which is the one thing that no rule tells.
    if (observation.kind === "global" && judgeGlobal(observation.module, observation.name, observation.args) === "safe")
      return;
    if (observation.kind === "unread") this.note(observation.detail);
    if (observation.kind === "limit") this.note(`${observation.limit}: ${observation.detail}`);
    this.collector.judge(observation, this.path, this.reader);
  }

  asksArguments(module: string, name: string): boolean {
    return judgeGlobal(module, name, "?") !== "safe";
  }

  async nested(name: string, file: OpenFile, by?: Walk): Promise<void> {
    try {
      const path = `${this.path}!/${name}`;
      // What is only compressed has its neighbours where the compressed file has them.
      await this.collector.file(path, file, this.depth + 1, by, file.sibling ? this.folder : folderOf(path));
    } finally {
      await file[Symbol.asyncDispose]();
    }
  }

  result(): ScannedFile {
    return {
      path: this.path,
      size: this.size,
      readers: [...this.readers],
      ...coverageOf(this.coverage, this.size),
      unread: [...this.unread],
    };
  }

  private note(detail: string): void {
    if (this.unread.size < shownParts) this.unread.add(detail);
  }
}
