// The built pages, read when somebody first asks for them: starting the server must not wait for them.
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

export interface Asset {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly etag: string;
  /** The bytes compressed, kept after the first call. */
  gzip(): Buffer;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export class WebAssets {
  private readonly folder: string | null;
  private files: Promise<ReadonlyMap<string, Asset>> | null = null;

  /** @param folder what `npm run build` writes; null or absent = the pages are not built */
  constructor(folder: string | null) {
    this.folder = folder;
  }

  /** Only names found in the folder exist: a request's path never reaches the file system. */
  async find(name: string): Promise<Asset | undefined> {
    this.files ??= readFolder(this.folder);
    return (await this.files).get(name);
  }
}

/** `dist/web` of the tree this code runs from, built or from source; null where it was not built. */
export function builtPages(from = import.meta.dirname): string | null {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "dist", "web");
    if (existsSync(path.join(candidate, "index.html"))) return candidate;
    if (folder === path.dirname(folder)) return null;
  }
}

async function readFolder(folder: string | null): Promise<ReadonlyMap<string, Asset>> {
  const files = new Map<string, Asset>();
  if (folder === null || !existsSync(folder)) return files;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const contentType = contentTypes[path.extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file).replaceAll(path.sep, "/");
    files.set(name, assetOf(await readFile(file), contentType));
  }
  return files;
}

function assetOf(bytes: Buffer, contentType: string): Asset {
  let zipped: Buffer | null = null;
  const gzip = () => {
    zipped ??= process.getBuiltinModule("node:zlib").gzipSync(bytes);
    return zipped;
  };
  return { bytes, contentType, etag: `"${hash("sha256", bytes).slice(0, 32)}"`, gzip };
}
