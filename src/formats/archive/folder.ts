// A folder on disk as a tree: regular files only, no link is followed.
import { lstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { cannotOpen, checkPath, IngotError } from "../../core/index.ts";
import { openFile } from "../source.ts";
import type { Entry, Tree } from "../tree.ts";
import { mostEntries } from "./zip_directory.ts";

const deepest = 32;

/** @throws IngotError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_TOO_LARGE */
export async function openFolder(folder: string, name: string = folder): Promise<Tree> {
  const entries: Entry[] = [];
  await list(folder, "", 0, entries, name);
  return {
    name,
    container: "folder",
    entries,
    open: (relative) => openFile(path.join(folder, checkPath(relative, name)), `${name}/${relative}`),
    async [Symbol.asyncDispose]() {},
  };
}

/** A file whose size is looked up by who asks: of a thousand files few are. */
class DiskEntry implements Entry {
  readonly kind = "file";
  readonly path: string;
  private readonly folder: string;

  constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  /** Ten times as fast as to wait for each; what is gone in between is told by who opens it. */
  get size(): number {
    return lstatSync(`${this.folder}/${this.path}`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

async function list(folder: string, inside: string, depth: number, entries: Entry[], name: string): Promise<void> {
  const found = await readdir(path.join(folder, inside), { withFileTypes: true }).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  for (const item of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const relative = inside === "" ? item.name : `${inside}/${item.name}`;
    if (entries.length >= mostEntries)
      throw new IngotError("FILE_TOO_LARGE", { what: `holds more than ${mostEntries} files`, where: name });
    if (item.isDirectory()) {
      entries.push({ path: relative, size: 0, kind: "folder" });
      if (depth < deepest) await list(folder, relative, depth + 1, entries, name);
    } else if (item.isFile()) entries.push(new DiskEntry(relative, folder));
    else entries.push({ path: relative, size: 0, kind: item.isSymbolicLink() ? "link" : "device" });
  }
}
