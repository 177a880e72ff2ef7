// A program as an image needs it: without symbols and notes for debuggers, which are a seventh of Node. What `strip -s` leaves out, without
// moving anything that is loaded.
// Rule: System V gABI, ELF-64: programs are loaded by their program headers; sections are for linkers and debuggers, and may be missing.
import { open } from "node:fs/promises";
import { IngotError } from "../../core/index.ts";
import type { FileContent } from "./tar.ts";

const headerSize = 64;

/** The file up to the end of what is loaded, with a header that names no sections. @throws IngotError FILE_MALFORMED */
export async function withoutSections(file: string): Promise<FileContent> {
  await using handle = await open(file);
  const header = Buffer.alloc(headerSize);
  const { bytesRead } = await handle.read(header, 0, headerSize, 0);
  const wrong = (what: string) => new IngotError("FILE_MALFORMED", { what, where: file });
  if (bytesRead < headerSize || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1)
    throw wrong("is no 64-bit little-endian ELF file");
  const [tableAt, entrySize, count] = [
    Number(header.readBigUInt64LE(32)),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  const table = Buffer.alloc(entrySize * count);
  const { size } = await handle.stat();
  if (entrySize < 56 || (await handle.read(table, 0, table.length, tableAt)).bytesRead < table.length)
    throw wrong("ends before its headers do");
  let end = tableAt + table.length;
  for (let at = 0; at < table.length; at += entrySize)
    end = Math.max(end, Number(table.readBigUInt64LE(at + 8)) + Number(table.readBigUInt64LE(at + 32)));
  if (end > size) throw wrong("ends before what is loaded of it does");
  // e_shoff, e_shnum, e_shstrndx.
  header.writeBigUInt64LE(0n, 40);
  header.writeUInt32LE(0, 60);
  return { file, begin: header, size: end };
}
