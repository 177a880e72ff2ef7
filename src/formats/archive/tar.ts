// tar: files one after the other. Rule: POSIX.1-2017 pax (ustar and extended headers), GNU tar manual (long names).
import { ByteReader, bytesFollow, IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import type { Container, Entry, Tree } from "../tree.ts";
import { Names } from "./names.ts";
import { windowOf } from "./window.ts";
import { malformed, mostEntries } from "./zip_directory.ts";

interface TarEntry extends Entry {
  readonly type: string;
  /** Size that the header states. */
  readonly stated: number;
  /** Header, content and padding: `[start, end)`; content begins at `data`. */
  readonly start: number;
  readonly data: number;
  readonly end: number;
  readonly target: string;
}

const block = 512;
const longestName = 64 * 1024;

export const tar: Container = {
  id: "tar",
  title: "tar archive",
  detect: (head) => head.length >= block && isHeader(head),
  async open(file): Promise<Tree> {
    const entries: TarEntry[] = [];
    for await (const entry of entriesOf(file)) entries.push(entry);
    const files = new Map(entries.filter(({ kind }) => kind === "file").map((entry) => [entry.path, entry]));
    return {
      name: file.name,
      container: "tar",
      entries: entries.map(({ path, size, kind }) => ({ path, size, kind })),
      async open(path) {
        const entry = files.get(path);
        if (!entry)
          throw new IngotError("FILE_NOT_FOUND", { what: `the archive has no member "${path}"`, where: file.name });
        return windowOf(file, entry.data, entry.size, `${file.name}!/${path}`);
      },
      async [Symbol.asyncDispose]() {
        await file[Symbol.asyncDispose]();
      },
    };
  },
  survey: surveyTar,
};

/** A checksum of the header that is right: what tells a tar from any other file. */
function isHeader(bytes: Uint8Array): boolean {
  const first = bytes[148]!;
  // A number of octal digits, perhaps behind white space: most files are told by this byte.
  if (!((first >= 0x30 && first <= 0x37) || first === 0x20 || (first >= 9 && first <= 13) || first >= 0x80))
    return false;
  const stated = octal(bytes.subarray(148, 156));
  if (stated === null || stated === 0 || bytes[0] === 0) return false;
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 0x20 : bytes[i]!;
  return sum === stated;
}

/** @throws FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE */
async function* entriesOf(file: FileSource): AsyncGenerator<TarEntry> {
  let at = 0;
  let long: { path?: string; target?: string; size?: number } = {};
  let start = 0;
  for (let count = 0; ; count++) {
    if (count > mostEntries)
      throw new IngotError("FILE_TOO_LARGE", { what: `holds more than ${mostEntries} members`, where: file.name });
    const header = await file.read(at, at + block);
    if (header.length === 0 || header.every((byte) => byte === 0)) return;
    if (header.length < block || !isHeader(header)) throw malformed(file.name, `has no tar header at byte ${at}`);
    const type = String.fromCharCode(header[156]! || 0x30);
    const stated = long.size ?? sizeOf(header.subarray(124, 136), file.name);
    // Links, folders and devices have no content, whatever their header says: the next header follows at once.
    const size = "123456".includes(type) ? 0 : stated;
    const data = at + block;
    const end = data + Math.ceil(size / block) * block;
    if (data + size > file.size)
      throw new IngotError("FILE_TRUNCATED", {
        what: `a member ends at byte ${data + size}, the archive at ${file.size}`,
        where: file.name,
      });
    if ("xXgLK".includes(type)) {
      if (size > longestName) throw malformed(file.name, `has an extended header of ${size} bytes`);
      const content = await file.read(data, data + size);
      if (type === "x" || type === "X") long = { ...long, ...paxOf(content, file.name) };
      else if (type === "L") long = { ...long, path: text(content) };
      else if (type === "K") long = { ...long, target: text(content) };
    } else {
      const prefix =
        text(header.subarray(257, 262)) === "ustar" && text(header.subarray(257, 265)) !== "ustar  "
          ? text(header.subarray(345, 500))
          : "";
      const own = text(header.subarray(0, 100));
      yield {
        path: long.path ?? (prefix ? `${prefix}/${own}` : own),
        target: long.target ?? text(header.subarray(157, 257)),
        size,
        type,
        stated,
        start,
        data,
        end: Math.min(end, file.size),
        kind: kindOf(type),
      };
      long = {};
      start = end;
    }
    at = end;
  }
}

function kindOf(type: string): Entry["kind"] {
  if (type === "5") return "folder";
  if (type === "1" || type === "2") return "link";
  return "3456".includes(type) ? "device" : "file";
}

/** `length key=value\n` records. */
function paxOf(bytes: Uint8Array, source: string): { path?: string; target?: string; size?: number } {
  const found: { path?: string; target?: string; size?: number } = {};
  const reader = new ByteReader(bytes, source);
  while (reader.remaining > 0) {
    const start = Buffer.from(bytes.subarray(reader.offset, reader.offset + 7)).toString("latin1");
    const [, digits] = /^(\d{1,6}) /.exec(start) ?? [];
    if (!digits || Number(digits) < digits.length + 2) break;
    const record = Buffer.from(reader.take(Number(digits)))
      .toString("utf8")
      .slice(digits.length + 1, -1);
    const [key, value] = [record.slice(0, record.indexOf("=")), record.slice(record.indexOf("=") + 1)];
    if (key === "path") found.path = value;
    else if (key === "linkpath") found.target = value;
    else if (key === "size" && /^\d{1,15}$/.test(value)) found.size = Number(value);
  }
  return found;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

function octal(bytes: Uint8Array): number | null {
  const digits = text(bytes).trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** Octal, or a big-endian number where the first bit is set (GNU). */
function sizeOf(bytes: Uint8Array, source: string): number {
  let value = octal(bytes);
  if ((bytes[0]! & 0x80) !== 0) {
    value = 0;
    for (const byte of bytes.subarray(4)) value = value * 256 + byte;
  }
  if (value === null) throw malformed(source, "states a size that is no number");
  if (!Number.isSafeInteger(value)) throw malformed(source, "states a size beyond 2^53");
  return value;
}

async function surveyTar(file: OpenFile, survey: Survey): Promise<void> {
  const names = new Names(survey);
  let reached = 0;
  try {
    for await (const entry of entriesOf(file)) {
      reached = entry.end;
      names.check(entry.path, entry.kind);
      survey.covered(entry.start, entry.end);
      if (entry.stated !== entry.size)
        survey.observe({
          kind: "anomaly",
          subject: "tar",
          detail: `${entry.path} has no content, but states ${entry.stated} bytes of it`,
        });
      if (entry.kind === "link") survey.observe({ kind: "link", path: entry.path, target: entry.target });
      else if (entry.type === "S") survey.observe({ kind: "unread", detail: `${entry.path} is a sparse member` });
      else if (entry.kind === "file")
        await survey.nested(entry.path, windowOf(file, entry.data, entry.size, entry.path));
    }
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "tar", detail: error.what });
    survey.observe({ kind: "unread", detail: error.message });
    return;
  }
  await surveyTail(file, reached, survey);
}

/** An archive ends with blocks of zeros; anything else behind it is a file that hides. */
async function surveyTail(file: OpenFile, from: number, survey: Survey): Promise<void> {
  const tail = await file.read(from, Math.min(file.size, from + (1 << 20)));
  if (tail.every((byte) => byte === 0)) survey.covered(from, from + tail.length);
  else {
    survey.observe({
      kind: "anomaly",
      subject: "trailing-data",
      detail: `${bytesFollow(file.size - from)} the archive`,
      at: from,
    });
    await survey.nested(
      "(behind the archive)",
      windowOf(file, from, file.size - from, `${file.name} behind the archive`),
    );
  }
}
