// Decompressed output with random access: in memory while it is small, then in a file that is deleted when closed.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { memoryFile, type OpenFile, openFile } from "../source.ts";

const mostInMemory = 64 * 2 ** 20;

export interface Decompressed {
  readonly file: OpenFile;
  /** Offset behind the compressed data; bytes that follow are no part of it. */
  readonly end: number;
}

/** Collects the output of a decompressor. Siblings of `source` stay reachable. The caller closes the file. */
export async function decompressed(
  chunks: AsyncGenerator<Uint8Array, number>,
  source: { readonly name: string; readonly sibling?: OpenFile["sibling"] },
  inMemory = mostInMemory,
): Promise<Decompressed> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) {
      const sibling = source.sibling && ((relative: string) => source.sibling!(relative));
      return {
        file: memoryFile(parts.length === 1 ? parts[0]! : joined(parts, size), source.name, sibling),
        end: value,
      };
    }
    parts.push(value);
    size += value.length;
    if (size > inMemory) return inFile(parts, chunks, source);
  }
}

function joined(parts: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function inFile(
  parts: Uint8Array[],
  chunks: AsyncGenerator<Uint8Array, number>,
  source: { readonly name: string; readonly sibling?: OpenFile["sibling"] },
): Promise<Decompressed> {
  const folder = await mkdtemp(path.join(tmpdir(), "ingot-"));
  try {
    const place = path.join(folder, "unpacked");
    const handle = await open(place, "wx", 0o600);
    let end: number;
    try {
      for (const part of parts.splice(0)) await handle.writeFile(part);
      for (;;) {
        const { done, value } = await chunks.next();
        if (done) {
          end = value;
          break;
        }
        await handle.writeFile(value);
      }
    } finally {
      await handle.close();
    }
    const file = await openFile(place, source.name);
    const dispose = async () => {
      await file[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    };
    return { file: withSiblings(file, source, dispose), end };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The folder is that of the compressed file, never that of the unpacked one. */
function withSiblings(
  file: OpenFile,
  source: { readonly sibling?: OpenFile["sibling"] },
  dispose: () => Promise<void>,
): OpenFile {
  return {
    name: file.name,
    size: file.size,
    read: (start, end) => file.read(start, end),
    readAll: (limit) => file.readAll(limit),
    ...(source.sibling ? { sibling: (relative: string) => source.sibling!(relative) } : {}),
    [Symbol.asyncDispose]: dispose,
  };
}
