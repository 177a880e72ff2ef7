// Links and attributes that are too many for a header: records of a B-tree of the second version name objects of a fractal heap.
// Rule: HDF5 File Format Specification, III.A.2 and III.G.
import { ByteReader, IngotError } from "../../core/index.ts";
import { malformed } from "./messages.ts";
import { address, type Hdf5File, nowhere } from "./superblock.ts";

const mostRecords = 1_000_000;

/** The objects that the B-tree at `names` lists, each `skip` bytes into its record (hash or nothing before its id). */
export async function denseRecords(file: Hdf5File, heapAt: number, names: number, skip: number): Promise<ByteReader[]> {
  const heap = await openHeap(file, heapAt);
  const found: ByteReader[] = [];
  for (const record of await readRecords(file, names)) {
    record.take(skip);
    found.push(await heap(record));
  }
  return found;
}

async function readRecords(file: Hdf5File, at: number): Promise<ByteReader[]> {
  const { offsetSize, lengthSize } = file;
  const head = await file.pages.part(file.base + at, 22 + offsetSize + lengthSize, "B-tree");
  if (Buffer.from(head.take(4)).toString("latin1") !== "BTHD") throw malformed(head, "no B-tree is here");
  head.take(2);
  const nodeSize = head.u32(true);
  const recordSize = head.u16(true);
  const depth = head.u16(true);
  head.take(2);
  const root = address(head, offsetSize);
  const count = head.u16(true);
  if (root === nowhere) return [];
  if (depth > 0)
    throw new IngotError("MODEL_UNSUPPORTED", { what: "a group of too many members", where: head.where() });
  const node = await file.pages.part(file.base + root, nodeSize, "B-tree");
  if (Buffer.from(node.take(4)).toString("latin1") !== "BTLF" || count > mostRecords)
    throw malformed(node, "no leaf of a B-tree is here");
  node.take(2);
  return Array.from({ length: count }, () => new ByteReader(node.take(recordSize), node.source));
}

type Heap = (record: ByteReader) => Promise<ByteReader>;

async function openHeap(file: Hdf5File, at: number): Promise<Heap> {
  const { offsetSize, lengthSize, base } = file;
  const head = await file.pages.part(base + at, 26 + 12 * lengthSize + 3 * offsetSize, "fractal heap");
  if (Buffer.from(head.take(4)).toString("latin1") !== "FRHP") throw malformed(head, "no fractal heap is here");
  head.take(1 + 2);
  if (head.u16(true) > 0) throw new IngotError("MODEL_UNSUPPORTED", { what: "a compressed heap", where: head.where() });
  head.u8();
  const largestManaged = head.u32(true);
  head.take(lengthSize + offsetSize + lengthSize + offsetSize + 8 * lengthSize);
  const width = head.u16(true);
  const startSize = address(head, lengthSize);
  const largestDirect = address(head, lengthSize);
  const heapBits = head.u16(true);
  head.take(2);
  const root = address(head, offsetSize);
  const rows = head.u16(true);
  const offsetBytes = Math.ceil(heapBits / 8);
  const lengthBytes = Math.max(1, Math.ceil(Math.log2(Math.min(largestManaged, largestDirect) + 1) / 8));
  const blocks = await directBlocks();
  return async (record) => {
    const kind = (record.u8() >> 4) & 3;
    if (kind !== 0)
      throw new IngotError("MODEL_UNSUPPORTED", { what: "large objects in a heap", where: record.where() });
    const offset = uint(record, offsetBytes);
    const length = uint(record, lengthBytes);
    const block = blocks.find(({ start, size }) => offset >= start && offset + length <= start + size);
    if (!block) throw malformed(record, "names an object that is not in its heap");
    return file.pages.part(base + block.at + offset - block.start, length, "object of a heap");
  };

  async function directBlocks(): Promise<{ at: number; start: number; size: number }[]> {
    if (root === nowhere) return [];
    const found: { at: number; start: number; size: number }[] = [];
    if (rows === 0) found.push({ at: root, start: 0, size: startSize });
    else {
      // The root is a table of blocks; each row after the second doubles their size.
      const prefix = 5 + offsetSize + offsetBytes;
      const directRows = Math.min(rows, Math.max(0, Math.log2(largestDirect / startSize)) + 2);
      if (rows > 64 || width > 1024 || !Number.isInteger(directRows))
        throw malformed(head, "a heap of impossible size");
      if (rows > directRows)
        throw new IngotError("MODEL_UNSUPPORTED", { what: "a heap of too many blocks", where: head.where() });
      const table = await file.pages.part(base + root, prefix + rows * width * offsetSize + 4, "fractal heap");
      if (Buffer.from(table.take(4)).toString("latin1") !== "FHIB")
        throw malformed(table, "no block of a heap is here");
      table.offset = prefix;
      let start = 0;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < width; column++) {
          const size = startSize * 2 ** Math.max(0, row - 1);
          const at = address(table, offsetSize);
          if (at !== nowhere) found.push({ at, start, size });
          start += size;
        }
    }
    for (const { at, size } of found) {
      const block = await file.pages.part(base + at, size, "fractal heap");
      if (Buffer.from(block.take(4)).toString("latin1") !== "FHDB")
        throw malformed(block, "no block of a heap is here");
    }
    return found;
  }
}

function uint(reader: ByteReader, size: number): number {
  let value = 0;
  for (const [i, byte] of reader.take(size).entries()) value += byte * 2 ** (8 * i);
  return value;
}
