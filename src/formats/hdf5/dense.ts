// Links and attributes that are too many for a header: records of a B-tree of the second version name objects of a fractal heap.
// Rule: HDF5 File Format Specification, III.A.2 and III.G.
import { ByteReader, IngotError } from "../../core/index.ts";
import { seeFreeSpace } from "./free_space.ts";
import { malformed } from "./messages.ts";
import { address, type Hdf5File, nowhere, uint } from "./superblock.ts";
import { recordsOf } from "./tree2.ts";

/** The objects that the B-tree at `names` lists, each `skip` bytes into its record (hash or nothing before its id). */
export async function* denseRecords(
  file: Hdf5File,
  heapAt: number,
  names: number,
  skip: number,
): AsyncGenerator<ByteReader> {
  const heap = await openHeap(file, heapAt);
  let total = 0;
  for await (const { size, count, reader } of recordsOf(file, names))
    for (let i = 0; i < count; i++) {
      const record = new ByteReader(reader.take(size), reader.source);
      record.take(skip);
      const object = await heap(record);
      total += object.bytes.length;
      if (total > file.pages.file.size) throw malformed(record, "names the same objects over and over");
      yield object;
    }
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
  head.take(lengthSize + offsetSize + lengthSize);
  await seeFreeSpace(file, address(head, offsetSize));
  head.take(8 * lengthSize);
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
    const block = blockAt(offset);
    if (!block || offset < block.start || offset + length > block.start + block.size)
      throw malformed(record, "names an object that is not in its heap");
    return file.pages.part(base + block.at + offset - block.start, length, "object of a heap");
  };

  /** The last one that begins there or before: they are in order. */
  function blockAt(offset: number) {
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (blocks[middle]!.start <= offset) low = middle + 1;
      else high = middle;
    }
    return blocks[low - 1];
  }

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
