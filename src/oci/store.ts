// The store: packages in a local folder that is an OCI image layout, so that every OCI tool reads and writes it too.
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Digest, IngotError } from "../core/index.ts";
import { asWriteError, hashFile } from "./content.ts";
import { collectGarbage } from "./garbage.ts";
import { type Lock, takeLock } from "./lock.ts";
import {
  type Descriptor,
  type Index,
  largestManifest,
  type Manifest,
  parseIndex,
  parseManifest,
  subjectAnnotation,
} from "./manifest.ts";
import { replaceFile, StoreWriter, sweepStaging } from "./writer.ts";

export interface StoreOptions {
  /** How long to wait for another writer. Default 10 s. */
  readonly lockWaitMs?: number;
}

/** Blobs up to this size are verified in one piece: blocks for a stream of them would be larger than they are. */
const readAtOnce = 1 << 20;
const layoutFile = { imageLayoutVersion: "1.0.0" };
const emptyIndex: Index = { schemaVersion: 2, manifests: [] };

/**
 * Readers need no lock: blobs are immutable and `index.json` is replaced whole. Writers stage what they bring, then commit
 * under one lock. Killed at any point, a writer leaves the old or the new state, and leftovers that the next one removes.
 */
export class Store {
  readonly folder: string;
  private readonly lockWaitMs: number;

  private constructor(folder: string, options: StoreOptions) {
    this.folder = folder;
    this.lockWaitMs = options.lockWaitMs ?? 10_000;
  }

  /** A folder that does not exist yet is an empty store; the first write creates it. @throws STORE_CORRUPT */
  static async open(folder: string, options: StoreOptions = {}): Promise<Store> {
    const store = new Store(path.resolve(folder), options);
    const found = await readdir(store.folder).catch(absentAsNothing("ENOENT"));
    // After the listing: another process may create the store meanwhile, its layout before anything foreign could appear.
    const layout = await store.document("oci-layout");
    if (layout !== null) {
      checkLayoutVersion(layout, path.join(store.folder, "oci-layout"));
      return store;
    }
    const foreign = found?.find((name) => name !== ".ingot" && name !== "blobs" && !name.startsWith("."));
    if (foreign !== undefined)
      throw new IngotError("STORE_CORRUPT", {
        what: `is not an OCI layout: it holds \`${foreign}\` but no \`oci-layout\``,
        where: store.folder,
        fix: "name another folder, or an empty one",
      });
    return store;
  }

  /** The entries of `index.json`, in its order; names are in `org.opencontainers.image.ref.name`. */
  async entries(): Promise<readonly Descriptor[]> {
    return (await this.index()).manifests;
  }

  async index(): Promise<Index> {
    const bytes = await this.document("index.json");
    return bytes === null ? emptyIndex : parseIndex(bytes, path.join(this.folder, "index.json"));
  }

  /** Where a blob lies (or would lie): for readers that take a path. Verify it first. */
  blobPath(digest: Digest): string {
    const [algorithm, hex] = digest.split(":") as [string, string];
    return path.join(this.folder, "blobs", algorithm, hex);
  }

  /** A blob's bytes, verified. @throws STORE_CORRUPT naming the blob, FILE_TOO_LARGE above `limit` */
  async read(blob: Pick<Descriptor, "digest" | "size">, limit = 0x7fff_ffff): Promise<Uint8Array> {
    if (blob.size > limit)
      throw new IngotError("FILE_TOO_LARGE", {
        what: `holds ${blob.size} bytes, at most ${limit} are read at once`,
        where: this.blobPath(blob.digest),
      });
    await this.checkSize(blob);
    const bytes = await readFile(this.blobPath(blob.digest));
    const [algorithm, hex] = blob.digest.split(":") as [string, string];
    if (createHash(algorithm).update(bytes).digest("hex") !== hex) throw this.corrupt(blob, "its bytes have changed");
    return bytes;
  }

  /** Verifies a blob of any size without keeping it. @throws STORE_CORRUPT */
  async verify(blob: Pick<Descriptor, "digest" | "size">): Promise<void> {
    if (blob.size <= readAtOnce) {
      await this.read(blob);
      return;
    }
    await this.checkSize(blob);
    await using file = await open(this.blobPath(blob.digest));
    const found = await hashFile(file, blob.digest.startsWith("sha512") ? "sha512" : "sha256");
    if (found.digest !== blob.digest) throw this.corrupt(blob, "its bytes have changed");
  }

  /** @throws STORE_CORRUPT */
  async manifest(entry: Pick<Descriptor, "digest" | "size">): Promise<Manifest> {
    return parseManifest(await this.read(entry, largestManifest), this.blobPath(entry.digest));
  }

  /** Begins a write; dispose of the writer whether it committed or not. @throws STORE_LOCKED, DISK_FULL */
  async write(): Promise<StoreWriter> {
    using _lock = await this.lock();
    await sweepStaging(this.folder);
    return StoreWriter.begin(this);
  }

  /** Removes the entries that `unwanted` picks, then the blobs that nothing needs any more. */
  async remove(unwanted: (entry: Descriptor) => boolean): Promise<{ removed: Descriptor[]; freedBytes: number }> {
    if (!(await this.entries()).some(unwanted)) return { removed: [], freedBytes: 0 };
    using _lock = await this.lock();
    await sweepStaging(this.folder);
    const index = await this.index();
    const stays = index.manifests.filter((entry) => !unwanted(entry));
    // What is told about a package goes with the last entry of it.
    const kept = stays.filter((entry) => {
      const subject = entry.annotations?.[subjectAnnotation];
      const wasThere = index.manifests.some((other) => other.digest === subject && unwanted(other));
      return !wasThere || stays.some((other) => other.digest === subject);
    });
    const removed = index.manifests.filter((entry) => !kept.includes(entry));
    await replaceFile(this.folder, "index.json", JSON.stringify({ ...index, manifests: kept }));
    return { removed, freedBytes: await collectGarbage(this, removed, kept) };
  }

  /** The lock of all writers; creates the layout where there is none. */
  async lock(): Promise<Lock> {
    await mkdir(path.join(this.folder, ".ingot"), { recursive: true }).catch(asWriteError);
    const lock = await takeLock(path.join(this.folder, ".ingot", "lock"), this.lockWaitMs);
    if (lock === null)
      throw new IngotError("STORE_LOCKED", {
        what: `another process has been writing to the store for ${this.lockWaitMs / 1000} s`,
        where: this.folder,
        fix: "try again when it is done",
      });
    try {
      await mkdir(path.join(this.folder, "blobs", "sha256"), { recursive: true }).catch(asWriteError);
      if ((await this.document("oci-layout")) === null)
        await replaceFile(this.folder, "oci-layout", JSON.stringify(layoutFile));
      if ((await this.document("index.json")) === null)
        await replaceFile(this.folder, "index.json", JSON.stringify(emptyIndex));
      return lock;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  private async document(name: string): Promise<Uint8Array | null> {
    return readFile(path.join(this.folder, name)).catch(absentAsNothing("ENOENT"));
  }

  private async checkSize(blob: Pick<Descriptor, "digest" | "size">): Promise<void> {
    const status = await stat(this.blobPath(blob.digest)).catch(absentAsNothing("ENOENT"));
    if (status === null) throw this.corrupt(blob, "it is not there");
    if (!status.isFile()) throw this.corrupt(blob, "it is not a file");
    if (status.size !== blob.size) throw this.corrupt(blob, `it holds ${status.size} bytes, ${blob.size} were stored`);
  }

  private corrupt(blob: Pick<Descriptor, "digest">, how: string): IngotError {
    return new IngotError("STORE_CORRUPT", {
      what: `blob ${blob.digest.slice(0, 19)}… is damaged: ${how}`,
      where: this.blobPath(blob.digest),
      fix: "pack or copy the package again: that replaces the blob",
    });
  }
}

function checkLayoutVersion(bytes: Uint8Array, where: string): void {
  let version: unknown;
  try {
    version = (JSON.parse(Buffer.from(bytes).toString("utf8")) as { imageLayoutVersion?: unknown } | null)
      ?.imageLayoutVersion;
  } catch {
    version = undefined;
  }
  if (typeof version !== "string" || !version.startsWith("1."))
    throw new IngotError("STORE_CORRUPT", {
      what: "says no OCI layout version that is known (1.0.0)",
      where,
      fix: `its content should be ${JSON.stringify(layoutFile)}`,
    });
}

function absentAsNothing(code: string): (cause: NodeJS.ErrnoException) => null {
  return (cause) => {
    if (cause.code === code) return null;
    throw new IngotError("FILE_UNREADABLE", {
      what: `cannot be read (${cause.code ?? cause.message})`,
      where: cause.path,
      cause,
    });
  };
}
