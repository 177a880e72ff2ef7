// The central directory of a zip. Rule: PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3 (Zip64).
import { ByteReader, IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";

export interface ZipEntry {
  readonly path: string;
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Offset of the local header in the file. */
  readonly local: number;
  readonly kind: "file" | "folder" | "link" | "device";
  /** Where its record of the directory stands. */
  readonly at: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Bytes before the first of the zip: offsets count from there. */
  readonly base: number;
  readonly start: number;
  readonly end: number;
  /** Where the comment stands that the last record speaks of; it may end behind the file. */
  readonly comment: readonly [start: number, end: number];
  /** Ranges of the records behind the directory. */
  readonly records: readonly (readonly [start: number, end: number])[];
}

const endBytes = Buffer.from("PK\x05\x06", "latin1");
const centralSignature = 0x02014b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const longestComment = 65_535;
export const mostEntries = 500_000;

/** Whether the last bytes of a file hold the end of a zip. */
export function endOfZip(tail: Uint8Array): number {
  // The last signature counts, as for the readers of Python and PyTorch, even where its comment would not fit.
  if (tail.length < 22) return -1;
  return Buffer.from(tail.buffer, tail.byteOffset, tail.length).lastIndexOf(endBytes, tail.length - 22);
}

/** @throws IngotError FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE */
export async function readDirectory(file: FileSource): Promise<ZipDirectory> {
  const tailStart = Math.max(0, file.size - longestComment - 22 - 20);
  const tail = await file.read(tailStart, file.size);
  const found = endOfZip(tail);
  if (found < 0) throw malformed(file.name, "has no end-of-directory record");
  const end = tailStart + found;
  const reader = new ByteReader(tail, file.name, found + 4);
  const [disk, startDisk, here, all] = [reader.u16(true), reader.u16(true), reader.u16(true), reader.u16(true)];
  let [count, size, offset] = [all, reader.u32(true), reader.u32(true)];
  const comment = reader.u16(true);
  const records: [number, number][] = [[end, end + 22]];
  if (found >= 20 && new DataView(tail.buffer, tail.byteOffset).getUint32(found - 20, true) === locator64Signature) {
    const large = await readEnd64(file, new ByteReader(tail, file.name, found - 12), end);
    ({ count, size, offset } = large);
    records.push([end - 20, end], large.record);
  } else if (disk !== startDisk || here !== all)
    throw malformed(file.name, "is one part of a zip that is split over several files");
  if (count > mostEntries)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `lists ${count} members, at most ${mostEntries} are read`,
      where: file.name,
    });
  const directoryEnd = Math.min(...records.map(([first]) => first));
  // What stands in front of a zip moves everything in it.
  const base = directoryEnd - size - offset;
  if (base < 0) throw malformed(file.name, "has a directory that begins before the file");
  const entries = readEntries(await file.read(base + offset, directoryEnd), file.name, count, base, base + offset);
  return { entries, base, start: base + offset, end: directoryEnd, records, comment: [end + 22, end + 22 + comment] };
}

async function readEnd64(file: FileSource, locator: ByteReader, end: number) {
  const at = Number(locator.u64(true));
  // Found by its offset, or where it must stand when something was put in front.
  for (const start of [at, end - 20 - 56]) {
    if (!(start >= 0 && start + 56 <= end)) continue;
    const reader = new ByteReader(await file.read(start, start + 56), file.name);
    if (reader.u32(true) !== end64Signature) continue;
    const length = Number(reader.u64(true)) + 12;
    reader.offset = 32;
    const [count, size, offset] = [reader.u64(true), reader.u64(true), reader.u64(true)].map(Number) as [
      number,
      number,
      number,
    ];
    if (![count, size, offset].every(Number.isSafeInteger)) break;
    return { count, size, offset, record: [start, Math.min(start + length, end - 20)] as [number, number] };
  }
  throw malformed(file.name, "has a Zip64 record that is not where it says");
}

function readEntries(bytes: Uint8Array, source: string, count: number, base: number, start: number): ZipEntry[] {
  const reader = new ByteReader(bytes, source);
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    if (reader.u32(true) !== centralSignature) throw malformed(source, `member ${i} of its directory has no signature`);
    const madeBy = reader.u16(true) >> 8;
    reader.offset += 2;
    const [flags, method] = [reader.u16(true), reader.u16(true)];
    reader.offset += 4;
    const crc = reader.u32(true);
    const sizes = [reader.u32(true), reader.u32(true)];
    const [nameLength, extraLength, commentLength] = [reader.u16(true), reader.u16(true), reader.u16(true)];
    reader.offset += 4;
    const external = reader.u32(true);
    const local = reader.u32(true);
    const name = reader.take(nameLength);
    const [size, compressed, offset] = withZip64(reader.take(extraLength), source, [sizes[1]!, sizes[0]!, local]);
    reader.take(commentLength);
    const path = nameText(name, flags);
    entries.push({
      path,
      name,
      flags,
      method,
      crc,
      compressed,
      size,
      local: base + offset,
      kind: kindOf(path, madeBy, external),
      at: start + at,
    });
  }
  if (reader.remaining > 0)
    throw malformed(source, `its directory goes on for ${reader.remaining} bytes behind the last member`);
  return entries;
}

/** Sizes and offset that are 0xffffffff stand in an extra field of their own, in this order. */
function withZip64(
  extra: Uint8Array,
  source: string,
  values: readonly [size: number, compressed: number, offset: number],
): readonly [size: number, compressed: number, offset: number] {
  if (!values.includes(0xffff_ffff)) return values;
  const reader = new ByteReader(extra, source);
  while (reader.remaining >= 4) {
    const [id, length] = [reader.u16(true), reader.u16(true)];
    const field = new ByteReader(reader.take(Math.min(length, reader.remaining)), source);
    if (id !== 1) continue;
    const large = (value: number) => {
      if (value !== 0xffff_ffff || field.remaining < 8) return value;
      const found = Number(field.u64(true));
      if (!Number.isSafeInteger(found)) throw malformed(source, "states a size beyond 2^53");
      return found;
    };
    return [large(values[0]), large(values[1]), large(values[2])];
  }
  return values;
}

/** UTF-8 where flag 11 says so or where it is; else the bytes as Latin-1, so that no two names become one. */
function nameText(name: Uint8Array, flags: number): string {
  const text = Buffer.from(name).toString("utf8");
  return (flags & 0x800) !== 0 || Buffer.from(text, "utf8").equals(name) ? text : Buffer.from(name).toString("latin1");
}

function kindOf(path: string, madeBy: number, external: number): ZipEntry["kind"] {
  const mode = madeBy === 3 || madeBy === 19 ? (external >>> 16) & 0o170000 : 0;
  if (mode === 0o120000) return "link";
  if (mode !== 0 && mode !== 0o100000 && mode !== 0o040000) return "device";
  return path.endsWith("/") || mode === 0o040000 ? "folder" : "file";
}

export function malformed(where: string, what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, where, fix: "the archive is damaged: copy or export it again" });
}
