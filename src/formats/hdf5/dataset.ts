// Where the values of a dataset lie. Rule: HDF5 File Format Specification, IV.A.2.i; chunks of the older kind: III.A.1.
import type { ByteReader } from "../../core/index.ts";
import { readChunkIndex } from "./chunk_index.ts";
import { malformed } from "./messages.ts";
import { address, type Hdf5File, nowhere } from "./superblock.ts";

export interface StoredPart {
  /** In the file. */
  readonly start: number;
  readonly size: number;
}

export interface Storage {
  readonly kind: "compact" | "contiguous" | "chunked";
  readonly parts: readonly StoredPart[];
  /** Why the parts are not all known. */
  readonly unread?: string;
}

const mostChunks = 2_000_000;

export async function readStorage(file: Hdf5File, reader: ByteReader, shape: readonly number[]): Promise<Storage> {
  const version = reader.u8();
  if (version < 3 || version > 5) return { kind: "contiguous", parts: [], unread: `layout version ${version}` };
  const kind = reader.u8();
  if (kind === 0) return { kind: "compact", parts: [] };
  if (kind === 1) {
    const at = address(reader, file.offsetSize);
    const size = address(reader, file.lengthSize);
    return { kind: "contiguous", parts: at === nowhere ? [] : [{ start: file.base + at, size }] };
  }
  if (kind !== 2) return { kind: "contiguous", parts: [], unread: `layout class ${kind}` };
  if (version > 3) return { kind: "chunked", ...(await readChunkIndex(file, reader, shape)) };
  const dims = reader.u8();
  const tree = address(reader, file.offsetSize);
  const parts: StoredPart[] = [];
  if (tree !== nowhere) await readChunks(file, tree, dims, parts, 0);
  return { kind: "chunked", parts };
}

async function readChunks(file: Hdf5File, at: number, dims: number, parts: StoredPart[], depth: number): Promise<void> {
  const { offsetSize, base } = file;
  const start = base + at;
  const keySize = 8 + 8 * dims;
  const head = await file.pages.peek(start, 8, "B-tree");
  if (depth > 32 || Buffer.from(head.take(4)).toString("latin1") !== "TREE" || head.u8() !== 1)
    throw malformed(head, "no B-tree of chunks is here");
  const level = head.u8();
  const used = head.u16(true);
  const prefix = 8 + 2 * offsetSize;
  const node = await file.pages.part(start, prefix + used * (keySize + offsetSize) + keySize, "B-tree");
  node.take(prefix);
  for (let i = 0; i < used; i++) {
    const size = node.u32(true);
    node.take(keySize - 4);
    const child = address(node, offsetSize);
    if (level > 0) await readChunks(file, child, dims, parts, depth + 1);
    else parts.push({ start: base + child, size });
    if (parts.length > mostChunks) throw malformed(node, `more than ${mostChunks} chunks`);
  }
}
