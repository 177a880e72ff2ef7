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

/** Ten times as fast as to wait for each; what is gone in between is told by who opens it. */
function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
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
    } else if (item.isFile()) entries.push({ path: relative, size: sizeOf(`${folder}/${relative}`), kind: "file" });
    else entries.push({ path: relative, size: 0, kind: item.isSymbolicLink() ? "link" : "device" });
  }
}
