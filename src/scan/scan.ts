// A scan: every file of a target through its readers, judged by the rules, with one verdict.
import { lstat } from "node:fs/promises";
import { cannotOpen } from "../core/index.ts";
import { memoryFile, type OpenFile, openFile, openFolder, type Tree } from "../formats/index.ts";
import { Collector, type ScanLimits } from "./collector.ts";
import { filesOf } from "./folder.ts";
import { isComplete, type ScanReport, verdictOf } from "./report.ts";
import { severities } from "./rule.ts";
import { rules, rulesDigest } from "./rules/index.ts";
import { walk, walkFolder } from "./walk.ts";

/** A file to scan, by the path that the report calls it; links and devices are reported, never opened. */
export type ScanSource =
  | { readonly path: string; open(): Promise<OpenFile> }
  | { readonly path: string; readonly link: string };

/**
 * Scans files one after the other, in bounded memory. `target` is what the report is about, `folder` the files as one where they
 * are one.
 */
export async function scanSources(
  target: string,
  sources: AsyncIterable<ScanSource> | Iterable<ScanSource>,
  limits?: ScanLimits,
  folder?: Tree,
): Promise<ScanReport> {
  const collector = new Collector(rules, walk, limits);
  let bytes = 0;
  for await (const source of sources) {
    if ("link" in source) {
      collector.judge({ kind: "link", path: source.path, target: source.link }, source.path, "folder");
      continue;
    }
    await using file = await source.open();
    bytes += file.size;
    await collector.file(source.path, file);
  }
  if (folder) await collector.folder(`${target.replace(/\/+$/, "")}/`, (survey) => walkFolder(folder, survey));
  const findings = collector.findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const { files } = collector;
  const complete = files.every(isComplete) && files.length > 0;
  return {
    target,
    verdict: verdictOf(findings, complete),
    complete,
    findings,
    files,
    bytes,
    rules: rulesDigest(),
  };
}

/** Scans a file, or every file of a folder. @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE for more files than any model has */
export async function scanPath(target: string, name = target): Promise<ScanReport> {
  const status = await lstat(target).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  if (!status.isDirectory()) return scanSources(name, [{ path: name, open: () => openFile(target, name) }]);
  await using folder = await openFolder(target, name);
  return scanSources(name, filesOf(target, name), undefined, folder);
}

/** Scans bytes in memory, e.g. standard input. */
export async function scanBytes(bytes: Uint8Array, name: string): Promise<ScanReport> {
  return scanSources(name, [{ path: name, open: async () => memoryFile(bytes, name) }]);
}
