// Tar archives that are a function of their content: sorted by path, owned by root, made in 1970.
// Rule: POSIX.1-2017, pax: ustar headers, and a pax header where a path is too long for one.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { IngotError } from "../../core/index.ts";

/** A file as it is on disk, or as much of it as `size` says, with other bytes at its beginning. */
export interface FileContent {
  readonly file: string;
  readonly size?: number;
  readonly begin?: Uint8Array;
}

export type TarEntry = {
  /** Relative, `/` between parts, without a leading one. */
  readonly path: string;
} & (
  | { readonly kind: "file"; readonly content: Uint8Array | FileContent; readonly isExecutable?: boolean }
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly target: string }
);

const block = 512;

/** The archive's bytes. Folders above every entry come by themselves; a path twice is an error. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  for (const entry of complete(entries)) {
    const size = await sizeOf(entry);
    if (Buffer.byteLength(entry.path) > 100) yield* paxHeader(entry.path);
    yield header(entry, size);
    if (entry.kind !== "file") continue;
    let written = 0;
    for await (const chunk of contentOf(entry.content)) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== size)
      throw new IngotError("FILE_UNREADABLE", {
        what: `changed while it was read (${size} bytes became ${written})`,
        where: entry.path,
      });
    yield padding(size);
  }
  yield Buffer.alloc(2 * block);
}

/** With all folders, in the order of their paths: a folder stands before what it holds. */
function complete(entries: readonly TarEntry[]): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new TypeError(`two entries at ${entry.path}`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries)
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at);
      if (!byPath.has(folder)) byPath.set(folder, { kind: "folder", path: folder });
    }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function sizeOf(entry: TarEntry): Promise<number> {
  if (entry.kind !== "file") return 0;
  if (entry.content instanceof Uint8Array) return entry.content.byteLength;
  return entry.content.size ?? (await stat(entry.content.file)).size;
}

async function* contentOf(content: Uint8Array | FileContent): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  const { file, begin, size } = content;
  if (begin) yield begin;
  const end = size === undefined ? {} : { end: size - 1 };
  yield* createReadStream(file, { highWaterMark: 1 << 20, start: begin?.byteLength ?? 0, ...end });
}

function header(entry: TarEntry, size: number): Buffer {
  const mode = entry.kind === "file" && !entry.isExecutable ? 0o644 : entry.kind === "link" ? 0o777 : 0o755;
  const type = { file: "0", link: "2", folder: "5" }[entry.kind];
  const path = entry.kind === "folder" ? `${entry.path}/` : entry.path;
  return ustar(path, mode, size, type, entry.kind === "link" ? entry.target : "");
}

function ustar(path: string, mode: number, size: number, type: string, target: string): Buffer {
  const bytes = Buffer.alloc(block);
  bytes.write(path, 0, 100, "utf8");
  bytes.write(octal(mode, 7), 100, "latin1");
  bytes.write(octal(0, 7), 108, "latin1");
  bytes.write(octal(0, 7), 116, "latin1");
  bytes.write(octal(size, 11), 124, "latin1");
  bytes.write(octal(0, 11), 136, "latin1");
  bytes.write(" ".repeat(8), 148, "latin1");
  bytes.write(type, 156, "latin1");
  bytes.write(target, 157, 100, "utf8");
  bytes.write("ustar\0" + "00", 257, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return bytes;
}

/** `<length> path=<path>\n`, where the length counts itself. */
function* paxHeader(path: string): Generator<Uint8Array> {
  const rest = Buffer.byteLength(` path=${path}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  const record = Buffer.from(`${length} path=${path}\n`);
  yield ustar("pax", 0o644, record.byteLength, "x", "");
  yield record;
  yield padding(record.byteLength);
}

function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
