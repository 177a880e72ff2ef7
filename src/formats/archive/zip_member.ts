// One member of a zip: its local header, and its content as a file. Rule: PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.4.5.
import { ByteReader, IngotError } from "../../core/index.ts";
import {
  decompressBzip2,
  decompressDeflate,
  decompressed,
  decompressLzma,
  decompressZstd,
  Input,
  lzmaProperties,
  withinLimits,
} from "../compression/index.ts";
import type { FileSource } from "../format.ts";
import type { OpenFile } from "../source.ts";
import { windowOf } from "./window.ts";
import { malformed, type ZipEntry } from "./zip_directory.ts";

export interface LocalHeader {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** First byte of the content. */
  readonly data: number;
}

/** Models are stored or shrink a few times; what grows more than this is there to fill memory. */
const mostRatio = 250;

const localSignature = 0x04034b50;

/** @throws IngotError FILE_MALFORMED, FILE_TRUNCATED */
export async function readLocalHeader(file: FileSource, entry: ZipEntry): Promise<LocalHeader> {
  const reader = new ByteReader(await file.read(entry.local, entry.local + 30), `${file.name}: ${entry.path}`);
  if (reader.u32(true) !== localSignature)
    throw malformed(`${file.name}: ${entry.path}`, "has no local header where the directory says");
  reader.offset = 6;
  const [flags, method] = [reader.u16(true), reader.u16(true)];
  reader.offset = 14;
  const [crc, compressed, size] = [reader.u32(true), reader.u32(true), reader.u32(true)];
  const [nameLength, extraLength] = [reader.u16(true), reader.u16(true)];
  const name = await file.read(entry.local + 30, entry.local + 30 + nameLength);
  return { name, flags, method, crc, compressed, size, data: entry.local + 30 + nameLength + extraLength };
}

/**
 * The content of a member: a window where it is stored, else unpacked within bounds.
 * @throws IngotError FILE_MALFORMED, FILE_TRUNCATED, DECOMPRESSION_BOMB, MODEL_UNSUPPORTED
 */
export async function openMember(
  file: FileSource,
  entry: ZipEntry,
  header: LocalHeader,
  name: string,
  onRest?: (bytes: number) => void,
): Promise<OpenFile> {
  const stop = header.data + entry.compressed;
  if (stop > file.size)
    throw new IngotError("FILE_TRUNCATED", { what: `ends at byte ${stop}, the archive at ${file.size}`, where: name });
  if (entry.method === 0) return windowOf(file, header.data, entry.compressed, name);
  const input = new Input(windowOf(file, 0, file.size, name), header.data, stop);
  const limits = { output: Math.max(entry.size, 1), ratio: mostRatio };
  const chunks = withinLimits(await unpacked(entry, input, name), entry.compressed, name, limits);
  const { file: content, end } = await decompressed(chunks, { name });
  if (end < stop) onRest?.(stop - end);
  return content;
}

async function unpacked(entry: ZipEntry, input: Input, name: string): Promise<AsyncGenerator<Uint8Array, number>> {
  if (entry.method === 8) return decompressDeflate(input);
  if (entry.method === 12) return decompressBzip2(input);
  if (entry.method === 93) return decompressZstd(input);
  if (entry.method === 14) return lzma(entry, input, name);
  throw new IngotError("MODEL_UNSUPPORTED", {
    what: `is compressed by method ${entry.method}, which is not read`,
    where: name,
    fix: "pack it again with deflate",
  });
}

/** A version, the length of the properties, the properties, then the stream (APPNOTE 5.8.8). */
async function lzma(entry: ZipEntry, input: Input, name: string): Promise<AsyncGenerator<Uint8Array, number>> {
  const head = new ByteReader(Uint8Array.from(await input.take(9)), name, 4);
  const properties = lzmaProperties(head.u8());
  if (!properties) throw malformed(name, "has LZMA properties that do not exist");
  return decompressLzma(input, properties, head.u32(true), entry.size);
}
