// Writing to a store: staged beside it, moved in at once.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Digest } from "../core/index.ts";
import { asWriteError, type Content, copyContent, writeContent, writeStream } from "./content.ts";
import { type Lock, takeLock } from "./lock.ts";
import type { Descriptor } from "./manifest.ts";
import type { Store } from "./store.ts";

/**
 * Content on its way in lies in a folder of its own under `.ingot/staging`, held by its own lock, where garbage collection
 * never looks; `commit` moves it into `blobs/` and replaces `index.json`. Nothing of an abandoned write is ever visible.
 */
export class StoreWriter implements AsyncDisposable {
  private readonly store: Store;
  private readonly staging: string;
  private readonly held: Lock;
  private readonly staged = new Map<Digest, string>();
  private count = 0;

  private constructor(store: Store, staging: string, held: Lock) {
    this.store = store;
    this.staging = staging;
    this.held = held;
  }

  /** Called by the store, under its lock. */
  static async begin(store: Store): Promise<StoreWriter> {
    const staging = path.join(stagingFolder(store.folder), randomBytes(8).toString("hex"));
    await mkdir(staging, { recursive: true }).catch(asWriteError);
    const held = await takeLock(path.join(staging, "lock"), 0);
    if (held === null) throw new Error(`a new staging folder is already locked: ${staging}`);
    return new StoreWriter(store, staging, held);
  }

  /** Copies and hashes in one pass. `name` is what messages call the file. @throws FILE_*, DISK_FULL */
  async addFile(file: string, name = file): Promise<Content> {
    return this.keep(this.next(), (target) => copyContent(file, target, name));
  }

  async addBytes(bytes: Uint8Array): Promise<Content> {
    return this.keep(this.next(), (target) => writeContent(bytes, target));
  }

  /** Writes and hashes what a stream brings. */
  async addStream(chunks: AsyncIterable<Uint8Array>): Promise<Content> {
    return this.keep(this.next(), (target) => writeStream(chunks, target));
  }

  /** Where content lies until the commit: to read back what was just written. */
  stagedPath(digest: Digest): string | undefined {
    return this.staged.get(digest);
  }

  /**
   * Makes everything added visible, with the entries that `update` returns. An `update` that throws leaves the store as it
   * was. Blobs that exist already are replaced by their equals, which heals a damaged one.
   * @throws STORE_LOCKED, STORE_CORRUPT, DISK_FULL
   */
  async commit(update: (entries: readonly Descriptor[]) => readonly Descriptor[]): Promise<void> {
    using _lock = await this.store.lock();
    const index = await this.store.index();
    const text = JSON.stringify({ ...index, manifests: update(index.manifests) });
    const newIndex = path.join(this.staging, "index.json");
    await writeContent(Buffer.from(text), newIndex);
    // From here on nothing needs space: only renames.
    for (const [digest, file] of this.staged) await rename(file, this.store.blobPath(digest)).catch(asWriteError);
    await syncFolder(path.join(this.store.folder, "blobs", "sha256"));
    await rename(newIndex, path.join(this.store.folder, "index.json")).catch(asWriteError);
    await syncFolder(this.store.folder);
    this.staged.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.held[Symbol.dispose]();
    await removeStaging(this.staging);
  }

  private next(): string {
    return path.join(this.staging, `content-${this.count++}`);
  }

  private async keep(target: string, bring: (target: string) => Promise<Content>): Promise<Content> {
    const content = await bring(target);
    const twin = this.staged.get(content.digest);
    if (twin === undefined) this.staged.set(content.digest, target);
    else await rm(target);
    return content;
  }
}

/** Removes what killed writers left: staging folders whose lock nobody holds. Call it under the store's lock. */
export async function sweepStaging(folder: string): Promise<void> {
  // `replaceFile` runs under the store's lock, which is ours: whatever it left here is dead.
  for (const name of await readdir(path.join(folder, ".ingot")))
    if (name !== "lock" && name !== "staging")
      await rm(path.join(folder, ".ingot", name), { recursive: true, force: true });
  for (const name of await readdir(stagingFolder(folder)).catch(() => [])) {
    const abandoned = path.join(stagingFolder(folder), name);
    const held = await takeLock(path.join(abandoned, "lock"), 0).catch((error) => {
      // Its owner has just removed it.
      if (!existsSync(abandoned)) return null;
      throw error;
    });
    if (held === null) continue;
    held[Symbol.dispose]();
    await removeStaging(abandoned);
  }
}

/** Owner and sweeper may remove the same folder at the same time: each retries until nothing is left. */
async function removeStaging(staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true, maxRetries: 10, retryDelay: 5 });
}

/** Replaces `name` whole: a reader, or a crash, sees the old or the new text. */
export async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const fresh = path.join(folder, ".ingot", `${name}.${randomBytes(6).toString("hex")}`);
  try {
    await writeContent(Buffer.from(text), fresh);
    await rename(fresh, path.join(folder, name)).catch(asWriteError);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

function stagingFolder(folder: string): string {
  return path.join(folder, ".ingot", "staging");
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its renames are journalled by the file system.
  if (process.platform === "win32") return;
  await using handle = await open(folder);
  await handle.sync().catch(asWriteError);
}
