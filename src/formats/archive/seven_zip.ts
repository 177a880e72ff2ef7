// 7z: files in blocks that are compressed as one. Rule: 7zFormat.txt of the LZMA SDK. Copy, LZMA, LZMA2, deflate, bzip2 and the x86 filter are
// unpacked; what is encrypted or packed by anything else is told as not read.
import { crc32 } from "node:zlib";
import { ByteReader, bytesFollow, IngotError } from "../../core/index.ts";
import {
  decompressBzip2,
  decompressDeflate,
  decompressed,
  decompressLzma,
  decompressLzma2,
  Input,
  lzma2Dictionary,
  lzmaProperties,
  withinLimits,
  withoutX86Filter,
} from "../compression/index.ts";
import type { FileSource } from "../format.ts";
import { memoryFile, type OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import type { Container, Tree } from "../tree.ts";
import { Names } from "./names.ts";
import { type Block, type Coder, type SevenZipFile, SevenZipHeader } from "./seven_zip_header.ts";
import { windowOf } from "./window.ts";
import { malformed } from "./zip_directory.ts";

const signature = Buffer.from("377abcaf271c", "hex");
const startSize = 32;
const largestHeader = 256 << 20;
const limits = { output: 64 * 2 ** 30, ratio: 2000 };

interface Listing {
  readonly blocks: readonly Block[];
  readonly files: readonly SevenZipFile[];
  /** Where the header lies, which the signature points at. */
  readonly header: readonly [start: number, end: number];
  /** Packed bytes of a header that is packed itself. */
  readonly packedHeader: readonly (readonly [start: number, end: number])[];
}

export const sevenZip: Container = {
  id: "7z",
  title: "7z archive",
  detect: (head) => head.length >= startSize && signature.equals(head.subarray(0, 6)),
  async open(file): Promise<Tree> {
    const { blocks, files } = await list(file);
    let kept: { block: number; content: OpenFile } | null = null;
    return {
      name: file.name,
      container: "7z",
      entries: files.map(({ path, size, kind }) => ({ path, size, kind })),
      async open(path) {
        const found = files.find((one) => one.path === path && one.kind === "file");
        const where = `${file.name}!/${path}`;
        if (!found)
          throw new IngotError("FILE_NOT_FOUND", { what: `the archive has no member "${path}"`, where: file.name });
        if (found.place === null) return memoryFile(new Uint8Array(0), where);
        const { block, offset } = found.place;
        if (kept?.block !== block) {
          await kept?.content[Symbol.asyncDispose]();
          kept = null;
          kept = { block, content: await unpack(file, blocks[block]!) };
        }
        return windowOf(kept.content, offset, found.size, where);
      },
      async [Symbol.asyncDispose]() {
        await kept?.content[Symbol.asyncDispose]();
        await file[Symbol.asyncDispose]();
      },
    };
  },
  survey: surveySevenZip,
};

/** @throws FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE, MODEL_UNSUPPORTED */
async function list(file: OpenFile): Promise<Listing> {
  const start = new ByteReader(await file.read(0, startSize), file.name, 12);
  const [offset, size] = [Number(start.u64(true)), Number(start.u64(true))];
  const end = startSize + offset + size;
  if (!(end <= file.size))
    throw new IngotError("FILE_TRUNCATED", {
      what: `its header ends at byte ${end}, the archive at ${file.size}`,
      where: file.name,
    });
  const place = [startSize + offset, end] as const;
  const packedHeader: [number, number][] = [];
  if (size === 0) return { blocks: [], files: [], header: place, packedHeader };
  if (size > largestHeader) throw malformed(file.name, `has a header of ${size} bytes`);
  let bytes = await file.read(...place);
  const stated = start.u32(true);
  if (crc32(bytes) !== stated) throw malformed(file.name, "has a header with a wrong checksum");
  for (let depth = 0; ; depth++) {
    const header = new SevenZipHeader(bytes, file.name);
    const kind = header.kind();
    if (kind === 0x01) return { ...header.files(), header: place, packedHeader };
    if (kind !== 0x17 || depth > 4) throw malformed(file.name, `has a header of kind ${kind}`);
    const [block] = header.streams().blocks;
    if (!block) throw malformed(file.name, "has a packed header that is empty");
    packedHeader.push([block.start, block.end]);
    await using unpacked = await unpack(file, block);
    bytes = Uint8Array.from(await unpacked.readAll(largestHeader));
  }
}

/** What a block unpacks to. The caller closes it. @throws MODEL_UNSUPPORTED and as decompressors do */
async function unpack(file: FileSource, block: Block): Promise<OpenFile> {
  if (!(block.end <= file.size))
    throw new IngotError("FILE_TRUNCATED", {
      what: `a packed block ends at byte ${block.end}, the archive at ${file.size}`,
      where: file.name,
    });
  if (block.coders === null) throw unsupported(file, "a block whose coders branch");
  let content: OpenFile = windowOf(file, block.start, block.end - block.start, file.name);
  for (const [i, coder] of block.coders.entries()) {
    const before = content;
    const size = block.sizes[i]!;
    const chunks = withinLimits(decoded(coder, before, size), before.size, file.name, {
      ...limits,
      output: Math.min(size, limits.output),
    });
    content = (await decompressed(chunks, { name: file.name })).file;
    await before[Symbol.asyncDispose]();
    if (content.size !== size) throw malformed(file.name, `unpacks to ${content.size} bytes where it states ${size}`);
  }
  return content;
}

function decoded({ id, properties }: Coder, file: OpenFile, size: number): AsyncGenerator<Uint8Array, number> {
  const input = new Input(file);
  if (id === "00") return copied(input, size);
  if (id === "21") {
    const dictionary = lzma2Dictionary(properties[0] ?? 255);
    if (dictionary !== null) return decompressLzma2(input, dictionary);
  }
  if (id === "030101" && properties.length >= 5) {
    const own = lzmaProperties(properties[0]!);
    if (own) return decompressLzma(input, own, new ByteReader(properties, file.name, 1).u32(true), size);
  }
  if (id === "040108") return decompressDeflate(input);
  if (id === "040202") return decompressBzip2(input);
  if (id === "03030103" || id === "04") return withoutX86Filter(copied(input, size));
  if (id.startsWith("06f107")) throw unsupported(file, "an encrypted block");
  throw unsupported(file, `a block packed by method ${id || "of no name"}`);
}

async function* copied(input: Input, size: number): AsyncGenerator<Uint8Array, number> {
  for (let left = size; left > 0; ) {
    const part = Math.min(left, 1 << 18);
    yield Uint8Array.from(await input.take(part));
    left -= part;
  }
  return input.offset;
}

async function surveySevenZip(file: OpenFile, survey: Survey): Promise<void> {
  let listing: Listing;
  try {
    listing = await list(file);
  } catch (error) {
    tell(error, survey);
    return;
  }
  const { blocks, files, header, packedHeader } = listing;
  survey.covered(0, startSize);
  survey.covered(...header);
  for (const [start, end] of packedHeader) survey.covered(start, end);
  const names = new Names(survey);
  for (const one of files) names.check(one.path, one.kind);
  for (const [number, block] of blocks.entries()) {
    try {
      const content = await unpack(file, block);
      try {
        for (const one of files) if (one.place?.block === number) await surveyMember(one, content, survey);
      } finally {
        await content[Symbol.asyncDispose]();
      }
      survey.covered(block.start, block.end);
    } catch (error) {
      tell(error, survey);
    }
  }
  if (header[1] < file.size) {
    survey.observe({
      kind: "anomaly",
      subject: "trailing-data",
      at: header[1],
      detail: `${bytesFollow(file.size - header[1])} the archive`,
    });
    await survey.nested("(behind the archive)", windowOf(file, header[1], file.size - header[1], file.name));
  }
}

async function surveyMember(
  { path, kind, size, place }: SevenZipFile,
  content: OpenFile,
  survey: Survey,
): Promise<void> {
  const member = windowOf(content, place!.offset, size, path);
  if (place!.crc !== null && (await checksum(member)) !== place!.crc)
    survey.observe({
      kind: "anomaly",
      subject: "compression",
      detail: `${path}: its content does not match its checksum`,
    });
  if (kind === "link") {
    const target = Buffer.from(await member.read(0, 4096)).toString("utf8");
    return survey.observe({ kind: "link", path, target });
  }
  await survey.nested(path, member);
}

async function checksum(file: OpenFile): Promise<number> {
  let crc = 0;
  for (let at = 0; at < file.size; at += 1 << 20) crc = crc32(await file.read(at, at + (1 << 20)), crc);
  return crc;
}

function tell(error: unknown, survey: Survey): void {
  if (!(error instanceof IngotError)) throw error;
  if (error.code === "DECOMPRESSION_BOMB") survey.observe({ kind: "limit", limit: "ratio", detail: error.what });
  else if (error.code !== "MODEL_UNSUPPORTED")
    survey.observe({
      kind: "anomaly",
      subject: error.code === "FILE_TRUNCATED" ? "truncated" : "structure",
      detail: error.what,
    });
  survey.observe({ kind: "unread", detail: error.what });
}

function unsupported(file: FileSource, what: string): IngotError {
  return new IngotError("MODEL_UNSUPPORTED", {
    what: `${what}, which is not read`,
    where: file.name,
    fix: "unpack it where you can afford to, and use what was in it",
  });
}
