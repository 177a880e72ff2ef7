// The files of a folder, for a scan: named by their path from it, links and devices reported and never opened.
import { readFileSync, statSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { cannotOpen, checkPath } from "../core/index.ts";
import { memoryFile, type OpenFile, openFile } from "../formats/index.ts";
import type { ScanSource } from "./scan.ts";

/** Up to this size one synchronous read is several times faster than opening, asking and reading in turns. */
const smallSize = 256 * 1024;

/** Every file under a folder, in the order of their names. @throws FILE_NOT_FOUND, FILE_UNREADABLE */
export async function* filesOf(folder: string, name: string): AsyncGenerator<ScanSource> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    const label = `${name.replace(/\/+$/, "")}/${entry.name}`;
    if (entry.isDirectory()) yield* filesOf(file, label);
    else if (entry.isFile()) yield { path: label, open: () => openQuickly(file, label) };
    else if (entry.isSymbolicLink()) yield { path: label, link: await readlink(file) };
    else yield { path: label, link: "a device, pipe or socket" };
  }
}

async function openQuickly(file: string, label: string): Promise<OpenFile> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY;
  if (size > smallSize) return openFile(file, label);
  try {
    const sibling = (relative: string) => openFile(path.join(path.dirname(file), checkPath(relative, label)), relative);
    return { ...memoryFile(readFileSync(file), label), sibling };
  } catch (cause) {
    throw cannotOpen(cause as NodeJS.ErrnoException, label);
  }
}
