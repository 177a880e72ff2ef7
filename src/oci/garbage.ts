// What may be deleted when an entry goes: only blobs that nothing left in the store can reach.
import { lstat, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type Digest, IngotError, isDigest } from "../core/index.ts";
import { type Descriptor, isManifestType, largestManifest, referenced } from "./manifest.ts";
import type { Store } from "./store.ts";

/** Another tool may be half-way through bringing blobs that no entry names yet: those are left alone this long. */
const foreignGraceMs = 60 * 60 * 1000;

/**
 * Deletes the blobs of `removed` entries that `kept` ones do not reach, and long-abandoned blobs. Where a kept entry cannot
 * be read, nothing is deleted: what it needs is unknown.
 * @returns bytes freed
 */
export async function collectGarbage(
  store: Store,
  removed: readonly Descriptor[],
  kept: readonly Descriptor[],
): Promise<number> {
  const needed = new Set<Digest>();
  const dropped = new Set<Digest>();
  try {
    for (const entry of kept) await reach(store, entry, needed);
  } catch (error) {
    if (error instanceof IngotError) return 0;
    throw error;
  }
  for (const entry of removed)
    await reach(store, entry, dropped).catch((error) => {
      // A damaged entry that goes away: what it reached is left to age.
      if (!(error instanceof IngotError)) throw error;
    });

  let freed = 0;
  const abandonedBefore = Date.now() - foreignGraceMs;
  const folder = path.join(store.folder, "blobs", "sha256");
  for (const hex of await readdir(folder)) {
    const digest = `sha256:${hex}`;
    if (isDigest(digest) && needed.has(digest)) continue;
    const blob = path.join(folder, hex);
    const status = await lstat(blob);
    if (!status.isFile()) continue;
    if (!(isDigest(digest) && dropped.has(digest)) && status.mtimeMs > abandonedBefore) continue;
    await rm(blob, { force: true });
    freed += status.size;
  }
  return freed;
}

/** Adds the digests of an entry and of everything below it. */
async function reach(store: Store, entry: Descriptor, found: Set<Digest>): Promise<void> {
  if (found.has(entry.digest)) return;
  found.add(entry.digest);
  if (!isManifestType(entry.mediaType)) return;
  const bytes = await store.read(entry, largestManifest);
  for (const child of referenced(bytes, store.blobPath(entry.digest))) await reach(store, child, found);
}
