// Where the chunks of a dataset lie, by the indices of the fourth version of layouts on. Rule: HDF5 File Format Specification, IV.A.2.i and
// appendix C; version 5 (HDF5 2.0) has wider sizes in the same places.
import type { ByteReader } from "../../core/index.ts";
import { readExtensibleArray, readFixedArray } from "./arrays.ts";
import type { StoredPart } from "./dataset.ts";
import { malformed } from "./messages.ts";
import { address, type Hdf5File, nowhere, uint } from "./superblock.ts";
import { recordsOf } from "./tree2.ts";

/** @param reader stands behind the class of the layout */
export async function readChunkIndex(
  file: Hdf5File,
  reader: ByteReader,
  shape: readonly number[],
): Promise<{ parts: StoredPart[]; unread?: string }> {
  const { offsetSize, lengthSize, base } = file;
  const flags = reader.u8();
  const rank = reader.u8();
  const width = reader.u8();
  if (rank < 1 || rank > 33 || width < 1 || width > 8) throw malformed(reader, `chunks of ${rank} dimensions`);
  // The last one is the size of an element.
  const dims = Array.from({ length: rank }, () => uint(reader, width));
  const chunkBytes = dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes === 0) throw malformed(reader, `chunks of ${dims.join(" × ")}`);
  const parts: StoredPart[] = [];
  const add = (at: number, size: number) => {
    if (at !== nowhere) parts.push({ start: base + at, size });
  };
  const element = (record: ByteReader, size: number, isFiltered: boolean) => {
    const at = address(record, offsetSize);
    add(at, isFiltered ? uint(record, size - offsetSize - 4) : chunkBytes);
    if (isFiltered) record.take(4);
  };
  const kind = reader.u8();
  switch (kind) {
    case 1: {
      // One chunk, its size behind filters and which of them were left out.
      const size = flags & 2 ? address(reader, lengthSize) : chunkBytes;
      if (flags & 2) reader.take(4);
      add(address(reader, offsetSize), size);
      return { parts };
    }
    case 2: {
      // All chunks one behind the other.
      const count = shape.reduce((product, length, i) => product * Math.ceil(length / dims[i]!), 1);
      if (!Number.isSafeInteger(count * chunkBytes)) throw malformed(reader, `${count} chunks of ${chunkBytes} bytes`);
      add(address(reader, offsetSize), count * chunkBytes);
      return { parts };
    }
    case 3: {
      reader.take(1);
      const at = address(reader, offsetSize);
      if (at !== nowhere) await readFixedArray(file, at, element);
      return { parts };
    }
    case 4: {
      reader.take(5);
      const at = address(reader, offsetSize);
      if (at !== nowhere) await readExtensibleArray(file, at, element);
      return { parts };
    }
    case 5: {
      reader.take(6);
      const at = address(reader, offsetSize);
      if (at !== nowhere) await readTree(at);
      return { parts };
    }
    default:
      return { parts, unread: `an index of chunks of kind ${kind}` };
  }

  /** Records say where in the shape the chunk stands, behind what the other indices have. */
  async function readTree(at: number): Promise<void> {
    const places = 8 * (rank - 1);
    for await (const { type, size, count, reader: records } of recordsOf(file, at)) {
      const isFiltered = type === 11;
      const own = size - places;
      if ((type !== 10 && !isFiltered) || own < offsetSize + (isFiltered ? 5 : 0) || own > offsetSize + 12)
        throw malformed(records, "a B-tree of something else than chunks");
      for (let i = 0; i < count; i++) {
        element(records, own, isFiltered);
        records.take(places);
      }
    }
  }
}
