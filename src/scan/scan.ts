// A scan: every file of a target through its readers, judged by the rules, with one verdict.
import { lstat } from "node:fs/promises";
import { cannotOpen, IngotError, type Soon } from "../core/index.ts";
import { decompressed, memoryFile, type OpenFile, openFile, openFolder, type Tree } from "../formats/index.ts";
import { Collector, type ScanLimits } from "./collector.ts";
import { filesOf } from "./folder.ts";
import { bySeverity, isComplete, type ScanReport, verdictOf } from "./report.ts";
import { rules, rulesDigest } from "./rules/index.ts";
import { walk, walkFolder } from "./walk.ts";

/** A file to scan, by the path that the report calls it; links and devices are reported, never opened; `unread` says why one could not be. */
export type ScanSource =
  | {
      readonly path: string;
      open(): Soon<OpenFile>;
      /** Why what is opened is not all of it. */
      readonly cut?: string;
    }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly unread: string };

/**
 * Scans files one after the other, in bounded memory. `target` is what the report is about, `folder` the files as one where they
 * are one.
 */
export async function scanSources(
  target: string,
  sources: AsyncIterable<ScanSource> | Iterable<ScanSource>,
  limits?: ScanLimits,
  folder?: Tree | null,
): Promise<ScanReport> {
  const collector = new Collector(rules, walk, limits);
  let bytes = 0;
  for await (const source of sources) {
    if ("link" in source) {
      collector.judge({ kind: "link", path: source.path, target: source.link }, source.path, "folder");
      continue;
    }
    if ("unread" in source) {
      collector.unopened(source.path, source.unread);
      continue;
    }
    const opening = source.open();
    await using file = opening instanceof Promise ? await opening : opening;
    bytes += file.size;
    const { cut } = source;
    if (cut === undefined) await collector.file(source.path, file);
    else
      await collector.file(source.path, file, 0, async (given, survey) => {
        survey.observe({ kind: "limit", limit: "size", detail: cut });
        await walk(given, survey);
      });
  }
  if (folder) await collector.folder(`${target.replace(/\/+$/, "")}/`, (survey) => walkFolder(folder, survey));
  const findings = bySeverity(collector.findings);
  const { files } = collector;
  // Of nothing there is nothing to say: as a rule it is a download that failed.
  const complete = files.every(isComplete) && bytes > 0;
  return {
    target,
    verdict: verdictOf(findings, complete),
    complete,
    findings,
    files,
    bytes,
    // A terminal does not show it, and cryptography takes a while to load.
    get rules() {
      return rulesDigest();
    },
  };
}

/** Scans a file, or every file of a folder. @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE for more files than any model has */
export async function scanPath(target: string, name = target): Promise<ScanReport> {
  const status = await lstat(target).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  if (!status.isDirectory()) return scanSources(name, [{ path: name, open: () => openFile(target, name) }]);
  await using folder = await openFolder(target, name).catch((error) => {
    // A folder inside that may not be listed: `filesOf` says so, and what the files are together cannot be told.
    if (error instanceof IngotError && error.code === "FILE_UNREADABLE") return null;
    throw error;
  });
  return scanSources(name, filesOf(target, name), undefined, folder);
}

/** Standard input beyond this is a finding: what is larger belongs into a file. */
const largestStream = 2 ** 32;

/** Scans what a stream brings: kept in memory while it is small, else in a file that is deleted. Endless streams end as a finding. */
export async function scanStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  largest = largestStream,
): Promise<ScanReport> {
  let cut: string | undefined;
  async function* chunks(): AsyncGenerator<Uint8Array, number> {
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > largest) {
        cut = `the stream brings more than ${largest} bytes: write it to a file and scan that`;
        break;
      }
      yield chunk;
    }
    return size;
  }
  const { file } = await decompressed(chunks(), { name });
  return scanSources(name, [{ path: name, open: async () => file, ...(cut === undefined ? {} : { cut }) }]);
}

/** Scans bytes in memory. */
export async function scanBytes(bytes: Uint8Array, name: string): Promise<ScanReport> {
  return scanSources(name, [{ path: name, open: async () => memoryFile(bytes, name) }]);
}
