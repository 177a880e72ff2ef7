// Scanning a package in the store: every file under the name it has in the package, its digest verified first.
import { IngotError } from "../core/index.ts";
import { type OpenFile, openFile } from "../formats/index.ts";
import type { Store } from "../oci/index.ts";
import { type ScanReport, scanSources } from "../scan/index.ts";
import type { PackageFile } from "./file_set.ts";
import { resolveReference } from "./list.ts";
import { asPackageError, readManifest } from "./open.ts";

/** @throws IngotError REFERENCE_INVALID, PACKAGE_NOT_FOUND, PACKAGE_CORRUPT, PACKAGE_INVALID */
export async function scanPackage(reference: string, store: Store): Promise<ScanReport> {
  const entry = await resolveReference(reference, store);
  const where = `${entry.name}:${entry.version}`;
  const { files } = await readManifest(entry, store);
  const open = async (file: PackageFile): Promise<OpenFile> => {
    await store.verify(file).catch((error) => {
      throw asPackageError(error, where, file.path);
    });
    return withSiblings(await openFile(store.blobPath(file.digest), file.path), (path) => {
      const sibling = files.find((candidate) => candidate.path === path);
      if (sibling) return open(sibling);
      throw new IngotError("FILE_NOT_FOUND", { what: `the package holds no ${path}`, where });
    });
  };
  return scanSources(
    where,
    files.map((file) => ({ path: file.path, open: () => open(file) })),
  );
}

/** In the store files lie under their digests: neighbours are found by the names of the package. */
function withSiblings(file: OpenFile, sibling: (path: string) => Promise<OpenFile>): OpenFile {
  return {
    name: file.name,
    size: file.size,
    read: (start, end) => file.read(start, end),
    readAll: (limit) => file.readAll(limit),
    sibling,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
