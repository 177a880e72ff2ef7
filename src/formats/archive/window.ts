// A part of a file as a file of its own, without copying it.
import { IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { largestRead, MemoryFile, memoryFile, type OpenFile } from "../source.ts";

/** Bytes `[start, start + size)` of a file. Closing it leaves the file open. */
export function windowOf(file: FileSource, start: number, size: number, name: string): OpenFile {
  if (file instanceof MemoryFile && start >= 0 && start + size <= file.size)
    return memoryFile(file.bytes.subarray(start, start + size), name);
  const read = (from: number, to: number) => {
    const [first, last] = [Math.max(0, Math.min(from, size)), Math.max(0, Math.min(to, size))];
    return file.read(start + first, start + Math.max(first, last));
  };
  return {
    name,
    size,
    read,
    async readAll(limit = largestRead) {
      if (size > Math.min(limit, largestRead))
        throw new IngotError("FILE_TOO_LARGE", {
          what: `holds ${size} bytes, at most ${limit} can be read at once`,
          where: name,
        });
      return read(0, size);
    },
    async [Symbol.asyncDispose]() {},
  };
}
