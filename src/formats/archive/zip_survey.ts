// A zip as the scanner sees it: every member through both of its headers, and every byte that belongs to none.
import { crc32 } from "node:zlib";
import { IngotError } from "../../core/index.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { Names } from "./names.ts";
import { windowOf } from "./window.ts";
import { readDirectory, type ZipDirectory, type ZipEntry } from "./zip_directory.ts";
import { type LocalHeader, openMember, readLocalHeader } from "./zip_member.ts";

type Range = readonly [start: number, end: number];

const chunk = 1 << 20;
/** Flags that change nothing about the content: a data descriptor follows, UTF-8 names, and how hard deflate tried. */
const harmlessFlags = 0x0806;
const encryptedFlag = 1;
const descriptorFlag = 8;

export async function surveyZip(file: OpenFile, survey: Survey): Promise<void> {
  let directory: ZipDirectory;
  try {
    directory = await readDirectory(file);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "zip", detail: error.what });
    survey.observe({ kind: "unread", detail: error.message });
    return;
  }
  const taken: Range[] = [[directory.start, directory.end], ...directory.records];
  await surveyComment(file, directory, taken, survey);
  const sharing = await sharedBytes(file, directory);
  if (sharing !== null)
    survey.observe({
      kind: "anomaly",
      subject: "zip",
      detail: "members share their bytes (overlapping entries)",
      at: sharing,
    });
  const names = new Names(survey);
  for (const entry of directory.entries) {
    names.check(entry.path, entry.kind);
    const range = await surveyMember(file, entry, survey, sharing === null);
    if (range) taken.push(range);
  }
  for (const [start, end] of taken) survey.covered(start, end);
  await surveyGaps(file, taken, survey);
}

/** @returns what the member takes of the file */
async function surveyMember(file: OpenFile, entry: ZipEntry, survey: Survey, opens: boolean): Promise<Range | null> {
  const anomaly = (detail: string) =>
    survey.observe({ kind: "anomaly", subject: "zip", detail: `${entry.path}: ${detail}`, at: entry.local });
  let header: LocalHeader;
  try {
    header = await readLocalHeader(file, entry);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    anomaly(error.what);
    return null;
  }
  compareHeaders(entry, header, anomaly);
  const range: Range = [entry.local, header.data + entry.compressed + (await descriptorSize(file, entry, header))];
  if (entry.kind === "folder" && entry.size === 0 && entry.compressed === 0) return range;
  if (!opens) {
    // Unpacking the same bytes again and again is what such an archive is for.
    survey.observe({ kind: "unread", detail: `${entry.path} was not opened: it shares bytes with another member` });
    return range;
  }
  await surveyContent(file, entry, header, survey, anomaly);
  return range;
}

/** Loaders read one header, scanners the other. */
function compareHeaders(entry: ZipEntry, header: LocalHeader, anomaly: (detail: string) => void): void {
  if (!Buffer.from(entry.name).equals(header.name))
    anomaly(`is called "${Buffer.from(header.name).toString("latin1").slice(0, 80)}" in its own header`);
  if (entry.method !== header.method)
    anomaly(`is compressed by method ${entry.method} in the directory and by ${header.method} in its own header`);
  if (((entry.flags ^ header.flags) & ~harmlessFlags & ~descriptorFlag) !== 0)
    anomaly("has other flags in its own header");
  if (((entry.flags ^ header.flags) & encryptedFlag) !== 0) anomaly("is marked as encrypted in one of its headers");
  if ((header.flags & descriptorFlag) !== 0) return;
  if (header.crc !== entry.crc) anomaly("has another CRC in its own header");
  const states = (own: number, listed: number) => own === listed || own === 0xffff_ffff;
  if (!states(header.size, entry.size) || !states(header.compressed, entry.compressed))
    anomaly("has another size in its own header");
}

/** Sizes and CRC once more behind the content, where the writer did not know them before. */
async function descriptorSize(file: OpenFile, entry: ZipEntry, header: LocalHeader): Promise<number> {
  if ((header.flags & descriptorFlag) === 0) return 0;
  const bytes = await file.read(header.data + entry.compressed, header.data + entry.compressed + 24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const signed = bytes.length >= 4 && view.getUint32(0, true) === 0x08074b50;
  const at = signed ? 4 : 0;
  if (bytes.length < at + 12 || view.getUint32(at, true) !== entry.crc) return 0;
  const wide =
    bytes.length >= at + 20 &&
    view.getUint32(at + 4, true) === entry.compressed % 2 ** 32 &&
    view.getUint32(at + 8, true) === Math.floor(entry.compressed / 2 ** 32) &&
    view.getUint32(at + 12, true) === entry.size % 2 ** 32;
  const narrow =
    view.getUint32(at + 4, true) === entry.compressed % 2 ** 32 &&
    view.getUint32(at + 8, true) === entry.size % 2 ** 32;
  return narrow ? at + 12 : wide ? at + 20 : 0;
}

async function surveyContent(
  file: OpenFile,
  entry: ZipEntry,
  header: LocalHeader,
  survey: Survey,
  anomaly: (detail: string) => void,
): Promise<void> {
  const isMarked = (entry.flags & header.flags & encryptedFlag) !== 0;
  const encrypted = () =>
    survey.observe({ kind: "unread", detail: `${entry.path} is encrypted: unpack it with its password and scan that` });
  let content: OpenFile;
  try {
    content = await openMember(file, entry, header, entry.path, (bytes) =>
      anomaly(`has ${bytes} bytes behind its content`),
    );
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    if (error.code === "DECOMPRESSION_BOMB")
      survey.observe({ kind: "limit", limit: "size", detail: `${entry.path}: ${error.what}` });
    else if (!isMarked) anomaly(error.what);
    if (isMarked) encrypted();
    else survey.observe({ kind: "unread", detail: `${entry.path}: ${error.what}` });
    // Loaders that do not believe the headers read the bytes as they are.
    if (entry.method !== 0)
      await survey.nested(
        `${entry.path} (as stored)`,
        windowOf(file, header.data, Math.min(entry.compressed, file.size - header.data), entry.path),
      );
    return;
  }
  const problems: string[] = [];
  if (content.size !== entry.size) problems.push(`unpacks to ${content.size} bytes, the directory says ${entry.size}`);
  if ((await crcOf(content)) !== entry.crc) problems.push("has the wrong CRC");
  if (!isMarked) for (const problem of problems) anomaly(problem);
  else if (problems.length > 0) encrypted();
  else anomaly("is marked as encrypted and is not");
  if (entry.kind === "link") {
    survey.observe({
      kind: "link",
      path: entry.path,
      target: Buffer.from(await content.read(0, 1024)).toString("utf8"),
    });
  }
  await survey.nested(entry.path, content);
}

async function crcOf(file: OpenFile): Promise<number> {
  let crc = 0;
  for (let at = 0; at < file.size; at += chunk) crc = crc32(await file.read(at, at + chunk), crc);
  return crc;
}

/** Where two members take the same bytes, told from their headers alone; null where none do. */
async function sharedBytes(file: OpenFile, { entries, start, end }: ZipDirectory): Promise<number | null> {
  const taken: Range[] = [[start, end]];
  for (const entry of entries) {
    const header = await readLocalHeader(file, entry).catch((error: unknown) => {
      if (error instanceof IngotError) return null;
      throw error;
    });
    if (header) taken.push([entry.local, header.data + entry.compressed]);
  }
  let reached = 0;
  for (const [first, last] of taken.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (first < reached) return first;
    reached = Math.max(reached, last);
  }
  return null;
}

/** A comment is text for people: whatever else it is, it is looked at. */
async function surveyComment(
  file: OpenFile,
  { comment: [start, end] }: ZipDirectory,
  taken: Range[],
  survey: Survey,
): Promise<void> {
  if (end > file.size)
    survey.observe({
      kind: "anomaly",
      subject: "zip",
      detail: "states a comment that ends behind the file",
      at: start,
    });
  const size = Math.min(end, file.size) - start;
  if (size <= 0) return;
  taken.push([start, start + size]);
  await survey.nested("(comment)", windowOf(file, start, size, `${file.name} comment`));
}

/** Bytes of no member: padding of zeros is nothing, anything else is a file that hides. */
async function surveyGaps(file: OpenFile, taken: readonly Range[], survey: Survey): Promise<void> {
  let reached = 0;
  for (const [start, end] of [...taken, [file.size, file.size] as const].sort((a, b) => a[0] - b[0])) {
    if (start > reached) await surveyGap(file, reached, start, survey);
    reached = Math.max(reached, end);
  }
}

async function surveyGap(file: OpenFile, start: number, end: number, survey: Survey): Promise<void> {
  const place = start === 0 ? "before the archive" : end === file.size ? "behind the archive" : "between the members";
  for (let at = start; at < end; at += chunk)
    if (!(await file.read(at, Math.min(end, at + chunk))).every((byte) => byte === 0)) {
      survey.observe({ kind: "anomaly", subject: "trailing-data", detail: `${end - start} bytes ${place}`, at: start });
      await survey.nested(`(${place})`, windowOf(file, start, end - start, `${file.name} ${place}`));
      return;
    }
  survey.covered(start, end);
}
