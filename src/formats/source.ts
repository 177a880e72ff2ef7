// Model files on disk as sources: opened once, read in parts, never followed outside their folder.
import { constants, type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { cannotOpen, checkPath, IngotError } from "../core/index.ts";
import type { FileSource } from "./format.ts";

/** What one Node buffer can hold; larger files are read in parts. */
export const largestRead = 0x7fff_ffff;

export type OpenFile = FileSource & AsyncDisposable;

/**
 * Opens a file for reading in parts. `name` is what messages call it, default `file` as given.
 * @throws IngotError FILE_NOT_FOUND, FILE_UNREADABLE (a folder, a device, no permission)
 */
export async function openFile(file: string, name: string = file): Promise<OpenFile> {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  try {
    const status = await handle.stat();
    if (!status.isFile())
      throw new IngotError("FILE_UNREADABLE", {
        what: status.isDirectory() ? "this is a folder, a file is needed" : "this is not a regular file",
        where: name,
        fix: "name the model file itself",
      });
    return new DiskFile(handle, name, status.size, path.dirname(file));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class DiskFile implements OpenFile {
  readonly name: string;
  readonly size: number;
  private readonly handle: FileHandle;
  private readonly folder: string;

  constructor(handle: FileHandle, name: string, size: number, folder: string) {
    this.handle = handle;
    this.name = name;
    this.size = size;
    this.folder = folder;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const from = Math.max(0, Math.min(start, this.size));
    const length = Math.max(0, Math.min(end, this.size) - from);
    refuseAbove(length, largestRead, this.name);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.handle.read(bytes, filled, Math.min(length - filled, 1 << 30), from + filled);
      if (bytesRead === 0)
        throw new IngotError("FILE_TRUNCATED", {
          what: `shrank while it was read: ${from + filled} bytes left of ${this.size}`,
          where: this.name,
          fix: "try again when nothing writes to it",
        });
      filled += bytesRead;
    }
    return bytes;
  }

  async readAll(limit = largestRead): Promise<Uint8Array> {
    refuseAbove(this.size, Math.min(limit, largestRead), this.name);
    return this.read(0, this.size);
  }

  sibling(relative: string): Promise<OpenFile> {
    return openFile(path.join(this.folder, checkPath(relative, this.name)), relative);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

/**
 * Bytes in memory as a source: what is small, what was unpacked, what tests and fuzzers make.
 * @param sibling opens what lies beside it, where it came from a folder
 */
export function memoryFile(bytes: Uint8Array, name: string, sibling?: OpenFile["sibling"]): MemoryFile {
  return new MemoryFile(bytes, name, sibling);
}

/** A file that answers at once and has nothing to close. */
export class MemoryFile implements OpenFile {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly sibling?: NonNullable<OpenFile["sibling"]>;

  constructor(bytes: Uint8Array, name: string, sibling?: OpenFile["sibling"]) {
    this.name = name;
    this.size = bytes.length;
    this.bytes = bytes;
    if (sibling) this.sibling = sibling;
  }

  read(start: number, end: number): Uint8Array {
    return this.bytes.subarray(Math.max(0, start), Math.max(0, end));
  }

  async readAll(limit = largestRead): Promise<Uint8Array> {
    refuseAbove(this.size, limit, this.name);
    return this.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function refuseAbove(size: number, limit: number, name: string): void {
  if (size > limit)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `holds ${size} bytes, at most ${limit} can be read at once`,
      where: name,
    });
}
