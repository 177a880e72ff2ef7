// The files of a folder, for a scan: named by their path from it, links and devices reported and never opened.
import { closeSync, constants, type Dirent, openSync, readSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { cannotOpen, checkPath, IngotError, type Soon } from "../core/index.ts";
import { MemoryFile, type OpenFile, openFile } from "../formats/index.ts";
import type { ScanSource } from "./scan.ts";

/** Up to this size one synchronous read is several times faster than opening, asking and reading in turns. */
const smallSize = 256 * 1024;
/** Small files are scanned one after the other: all of them are read into the same memory. */
let spare: Uint8Array | null = null;

class SmallFile extends MemoryFile {
  private readonly memory: Uint8Array;

  constructor(memory: Uint8Array, size: number, name: string, sibling: OpenFile["sibling"]) {
    super(memory.subarray(0, size), name, sibling);
    this.memory = memory;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    spare = this.memory;
  }
}

/**
 * Every file under a folder, in the order of their names. What cannot be opened comes as unread: it must not hide the others.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE the folder itself
 */
export async function* filesOf(folder: string, name: string): AsyncGenerator<ScanSource> {
  yield* filesAmong(await entriesOf(folder, name), folder, name);
}

function entriesOf(folder: string, name: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw cannotOpen(cause, name);
  });
}

async function* filesAmong(entries: Dirent[], folder: string, name: string): AsyncGenerator<ScanSource> {
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    const label = `${name.replace(/\/+$/, "")}/${entry.name}`;
    if (entry.isDirectory()) {
      const inside = await entriesOf(file, label).catch((error: IngotError) => error);
      if (inside instanceof IngotError) yield { path: `${label}/`, unread: inside.what };
      else yield* filesAmong(inside, file, label);
    } else if (entry.isFile()) yield await openedSource(file, label);
    else if (entry.isSymbolicLink()) yield { path: label, link: await readlink(file) };
    else yield { path: label, link: "a device, pipe or socket" };
  }
}

async function openedSource(file: string, label: string): Promise<ScanSource> {
  try {
    const opened = await openQuickly(file, label);
    return { path: label, open: () => opened };
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return { path: label, unread: error.what };
  }
}

function openQuickly(file: string, label: string): Soon<OpenFile> {
  const memory = spare ?? new Uint8Array(smallSize + 1);
  spare = null;
  try {
    const size = readSmall(file, memory);
    if (size <= smallSize)
      return new SmallFile(memory, size, label, (relative) =>
        openFile(path.join(path.dirname(file), checkPath(relative, label)), relative),
      );
  } catch (cause) {
    throw cannotOpen(cause as NodeJS.ErrnoException, label);
  }
  spare = memory;
  return openFile(file, label);
}

/** As much of a file as fits into the memory. */
function readSmall(file: string, memory: Uint8Array): number {
  // O_NONBLOCK: a named pipe in its place must not be waited for.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let size = 0;
    for (let read = -1; read !== 0 && size < memory.length; size += read)
      read = readSync(descriptor, memory, size, memory.length - size, null);
    return size;
  } finally {
    closeSync(descriptor);
  }
}
