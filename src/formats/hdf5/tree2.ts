// B-trees of the second version: members of large groups, many attributes, chunks that may grow in several directions.
// Rule: HDF5 File Format Specification, III.A.2.
import type { ByteReader } from "../../core/index.ts";
import { malformed, signed } from "./messages.ts";
import { address, type Hdf5File, nowhere, uint } from "./superblock.ts";

const mostRecords = 2_000_000;
const deepest = 16;
/** Signature, version, type and checksum of a node. */
const overhead = 10;

/** The records of one node. */
export interface Records {
  /** What they are: 5 and 6 links, 8 and 9 attributes, 10 and 11 chunks. */
  readonly type: number;
  readonly size: number;
  readonly count: number;
  /** Stands at the first; they follow one another. */
  readonly reader: ByteReader;
}

/** Node by node, none twice. @throws FILE_MALFORMED, FILE_TRUNCATED */
export async function* recordsOf(file: Hdf5File, at: number): AsyncGenerator<Records> {
  const { offsetSize, lengthSize, base, pages } = file;
  const head = await pages.part(base + at, 22 + offsetSize + lengthSize, "B-tree");
  signed(head, "BTHD", "B-tree");
  const type = head.u8();
  const nodeSize = head.u32(true);
  const size = head.u16(true);
  const depth = head.u16(true);
  head.take(2);
  const root = address(head, offsetSize);
  const count = head.u16(true);
  if (root === nowhere) return;
  if (depth > deepest || size === 0 || nodeSize < overhead + size) throw malformed(head, "a B-tree of impossible size");
  const pointers = pointerSizes();
  const seen = new Set<number>();
  let found = 0;
  yield* visit(root, count, depth);

  /** How children are told at each depth: how many records they have themselves, and with all below them. */
  function pointerSizes(): { own: number; all: number }[] {
    const leaf = Math.floor((nodeSize - overhead) / size);
    const own = bytesFor(leaf);
    const sizes = [{ own, all: 0 }];
    for (let level = 1, total = leaf; level < depth; level++) {
      const pointer = offsetSize + own + sizes[level - 1]!.all;
      const records = Math.floor((nodeSize - overhead - pointer) / (size + pointer));
      total = (records + 1) * total + records;
      sizes.push({ own, all: bytesFor(total) });
    }
    return sizes;
  }

  async function* visit(node: number, count: number, level: number): AsyncGenerator<Records> {
    found += count;
    if (found > mostRecords || seen.has(node)) throw malformed(head, "a B-tree that goes in circles or has no end");
    seen.add(node);
    const reader = await pages.part(base + node, nodeSize, "B-tree");
    signed(reader, level > 0 ? "BTIN" : "BTLF", "node of a B-tree");
    reader.take(1);
    const first = reader.offset;
    yield { type, size, count, reader };
    if (level === 0) return;
    reader.offset = first + count * size;
    const { own, all } = pointers[level - 1]!;
    for (let i = 0; i <= count; i++) {
      const child = address(reader, offsetSize);
      const inChild = uint(reader, own);
      reader.take(all);
      yield* visit(child, inChild, level - 1);
    }
  }
}

/** Bytes that numbers up to `largest` take. */
function bytesFor(largest: number): number {
  return Math.floor(Math.log2(Math.max(1, largest)) / 8) + 1;
}
