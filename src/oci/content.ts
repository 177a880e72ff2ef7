// Content on its way into a store: copied and hashed in one pass, constant memory, holes kept.
import { createHash } from "node:crypto";
import { constants, copyFile, type FileHandle, open, rm } from "node:fs/promises";
import { cannotOpen, type Digest, IngotError } from "../core/index.ts";

/** Measured: 1 MiB is as fast as 4 and fits the second-level cache together with its zero twin. */
const blockSize = 1 << 20;
const zeros = Buffer.alloc(blockSize);

export interface Content {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Copies a file to `target` (which must not exist), durable when this returns. The digest is that of the bytes written. A
 * file system that shares blocks (Btrfs, XFS, APFS) is asked to do so; elsewhere blocks of zeros become holes.
 * @throws IngotError FILE_UNREADABLE when the file changes meanwhile, FILE_NOT_FOUND, DISK_FULL
 */
export async function copyContent(file: string, target: string, name: string): Promise<Content> {
  await using source = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  const before = await source.stat({ bigint: true });
  if (!before.isFile()) throw new IngotError("FILE_UNREADABLE", { what: "is not a regular file", where: name });
  const size = Number(before.size);
  const content = (await shareBlocks(file, target, size)) ?? (await copyBlocks(source, target, size));
  const after = await source.stat({ bigint: true });
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size || content.size !== size)
    throw new IngotError("FILE_UNREADABLE", {
      what: "changed while it was packed",
      where: name,
      fix: "pack again when nothing writes to it",
    });
  return content;
}

/** Writes bytes to `target`, durable when this returns. */
export async function writeContent(bytes: Uint8Array, target: string): Promise<Content> {
  await using file = await open(target, "wx", 0o644).catch(asWriteError);
  await file.writeFile(bytes).catch(asWriteError);
  await file.sync().catch(asWriteError);
  return { digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, size: bytes.length };
}

/** Writes a stream to `target`, durable when this returns. */
export async function writeStream(chunks: AsyncIterable<Uint8Array>, target: string): Promise<Content> {
  await using file = await open(target, "wx", 0o644).catch(asWriteError);
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    await file.writeFile(chunk).catch(asWriteError);
    hash.update(chunk);
    size += chunk.byteLength;
  }
  await file.sync().catch(asWriteError);
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

/** Hash of what a file holds now, at any size. */
export async function hashFile(file: FileHandle, algorithm: "sha256" | "sha512" = "sha256"): Promise<Content> {
  return eachBlock(file, algorithm, null);
}

async function shareBlocks(file: string, target: string, size: number): Promise<Content | null> {
  if (size < blockSize) return null;
  try {
    await copyFile(file, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch {
    // Most file systems cannot: copy instead, which reports what is really wrong.
    await rm(target, { force: true });
    return null;
  }
  await using copy = await open(target, "r+");
  await copy.chmod(0o644);
  await copy.sync().catch(asWriteError);
  return await hashFile(copy);
}

async function copyBlocks(source: FileHandle, target: string, size: number): Promise<Content> {
  await using copy = await open(target, "wx", 0o644).catch(asWriteError);
  const content = await eachBlock(source, "sha256", async (block, position) => {
    if (block.equals(zeros.subarray(0, block.length))) return;
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await copy.write(block, done, block.length - done, position + done).catch(asWriteError);
      done += bytesWritten;
    }
  });
  if (content.size === size) await copy.truncate(size).catch(asWriteError);
  await copy.sync().catch(asWriteError);
  return content;
}

/** Reads one block ahead and writes one block behind while this thread hashes. */
async function eachBlock(
  file: FileHandle,
  algorithm: "sha256" | "sha512",
  write: ((block: Buffer, position: number) => Promise<void>) | null,
): Promise<Content> {
  const hash = createHash(algorithm);
  const ring = Array.from({ length: 3 }, () => Buffer.allocUnsafeSlow(blockSize));
  const writes: Promise<void>[] = [];
  let position = 0;
  const readAt = (turn: number, at: number) => {
    const reading = file.read(ring[turn % 3]!, 0, blockSize, at);
    // Awaited a turn later; marked as handled now so that an early end is not an unhandled failure.
    reading.catch(() => undefined);
    return reading;
  };
  let next = readAt(0, 0);
  for (let turn = 0; ; turn++) {
    const { bytesRead, buffer } = await next;
    if (bytesRead === 0) break;
    await writes[(turn + 1) % 3];
    next = readAt(turn + 1, position + bytesRead);
    const block = buffer.subarray(0, bytesRead);
    const writing = write?.(block, position) ?? Promise.resolve();
    writing.catch(() => undefined);
    writes[turn % 3] = writing;
    hash.update(block);
    position += bytesRead;
  }
  await Promise.all(writes);
  return { digest: `${algorithm}:${hash.digest("hex")}` as Digest, size: position };
}

/** What writing into a store can meet: a full disk is named as such, everything else rises as it is. */
export function asWriteError(cause: NodeJS.ErrnoException): never {
  if (cause.code === "ENOSPC" || cause.code === "EDQUOT")
    throw new IngotError("DISK_FULL", {
      what: "no space left on the disk of the store",
      where: cause.path,
      fix: "free some space or set INGOT_HOME to another disk; the store is as it was before",
      cause,
    });
  if (cause.code === "EACCES" || cause.code === "EPERM" || cause.code === "EROFS")
    throw new IngotError("FILE_UNREADABLE", {
      what: `the store cannot be written (${cause.code})`,
      where: cause.path,
      cause,
    });
  throw cause;
}
