// The two arrays that find chunks by their number. Rule: HDF5 File Format Specification, III.H (fixed array) and III.I (extensible array).
import type { ByteReader } from "../../core/index.ts";
import { malformed, signed } from "./messages.ts";
import { address, type Hdf5File, nowhere } from "./superblock.ts";

const mostElements = 2_000_000;

/** Is told where an element stands and how many bytes it has; chunks behind filters have more than an address. */
export type EachElement = (reader: ByteReader, size: number, isFiltered: boolean) => void;

export async function readFixedArray(file: Hdf5File, at: number, each: EachElement): Promise<void> {
  const { offsetSize, lengthSize, base, pages } = file;
  const head = await pages.part(base + at, 12 + lengthSize + offsetSize, "fixed array");
  signed(head, "FAHD", "fixed array");
  const blocks = new Blocks(file, head, each);
  const pageElements = 2 ** head.u8();
  const count = address(head, lengthSize);
  const block = address(head, offsetSize);
  if (block === nowhere) return;
  if (count > mostElements) throw malformed(head, `an array of ${count} chunks`);
  const prefix = 6 + offsetSize;
  if (count <= pageElements) return blocks.whole(block, "FADB", prefix, count);
  const pageCount = Math.ceil(count / pageElements);
  const bitmap = Math.ceil(pageCount / 8);
  const front = await pages.part(base + block, prefix + bitmap + 4, "fixed array");
  signed(front, "FADB", "block of a fixed array");
  front.offset = prefix;
  await blocks.paged(block + prefix + bitmap + 4, pageElements, count, bitsOf(front.take(bitmap)));
}

export async function readExtensibleArray(file: Hdf5File, at: number, each: EachElement): Promise<void> {
  const { offsetSize, lengthSize, base, pages } = file;
  const head = await pages.part(base + at, 16 + 6 * lengthSize + offsetSize, "extensible array");
  signed(head, "EAHD", "extensible array");
  const blocks = new Blocks(file, head, each);
  const bits = head.u8();
  const inIndex = head.u8();
  const smallest = head.u8();
  const pointers = head.u8();
  const pageElements = 2 ** head.u8();
  head.take(6 * lengthSize);
  const index = address(head, offsetSize);
  if (index === nowhere) return;
  if (bits > 48 || !isPowerOf2(smallest) || !isPowerOf2(pointers)) throw malformed(head, "an array of impossible size");
  /** Blocks are grouped: each group after the second has twice as many, or twice as long ones. */
  const groups = 1 + bits - Math.log2(smallest);
  const directGroups = Math.min(groups, 2 * Math.log2(pointers));
  const inGroup = (group: number) => 2 ** (group >> 1);
  const elementsIn = (group: number) => smallest * 2 ** ((group + 1) >> 1);
  const numberBytes = Math.ceil(bits / 8);
  const prefix = 6 + offsetSize;
  const addresses = 2 * (pointers - 1) + groups - directGroups;
  const node = await pages.part(
    base + index,
    prefix + inIndex * blocks.size + addresses * offsetSize + 4,
    "extensible array",
  );
  signed(node, "EAIB", "index of an extensible array");
  node.offset = prefix;
  blocks.elements(node, inIndex);
  for (let group = 0; group < directGroups; group++)
    for (let i = 0; i < inGroup(group); i++) await dataBlock(address(node, offsetSize), group, null);
  for (let group = directGroups; group < groups; group++) await superBlock(address(node, offsetSize), group);

  async function superBlock(block: number, group: number): Promise<void> {
    if (block === nowhere) return;
    const pageCount = elementsIn(group) > pageElements ? elementsIn(group) / pageElements : 0;
    const bitmap = inGroup(group) * Math.ceil(pageCount / 8);
    const size = prefix + numberBytes + bitmap + inGroup(group) * offsetSize + 4;
    const reader = await pages.part(base + block, size, "extensible array");
    signed(reader, "EASB", "block of an extensible array");
    reader.offset = prefix + numberBytes;
    const isWritten = bitsOf(reader.take(bitmap));
    for (let i = 0; i < inGroup(group); i++)
      await dataBlock(
        address(reader, offsetSize),
        group,
        pageCount === 0 ? null : (page) => isWritten(i * pageCount + page),
      );
  }

  async function dataBlock(block: number, group: number, isWritten: ((page: number) => boolean) | null): Promise<void> {
    if (block === nowhere) return;
    const front = prefix + numberBytes;
    if (isWritten === null) return blocks.whole(block, "EADB", front, elementsIn(group));
    signed(await pages.part(base + block, front + 4, "extensible array"), "EADB", "block of an extensible array");
    await blocks.paged(block + front + 4, pageElements, elementsIn(group), isWritten);
  }
}

/** What the two kinds share: blocks of elements, whole or in pages of which only some were ever written. */
class Blocks {
  readonly size: number;
  private readonly file: Hdf5File;
  private readonly each: EachElement;
  private readonly isFiltered: boolean;
  private total = 0;

  /** @param head stands at the kind of the elements, and is left behind their size */
  constructor(file: Hdf5File, head: ByteReader, each: EachElement) {
    this.file = file;
    this.each = each;
    const client = head.u8();
    this.size = head.u8();
    this.isFiltered = client === 1;
    const least = file.offsetSize + (this.isFiltered ? 5 : 0);
    if (client > 1 || this.size < least || this.size > least + 7)
      throw malformed(head, "an array of something else than chunks");
  }

  async whole(block: number, signature: string, prefix: number, count: number): Promise<void> {
    const reader = await this.file.pages.part(
      this.file.base + block,
      prefix + count * this.size + 4,
      "array of chunks",
    );
    signed(reader, signature, "block of an array");
    reader.offset = prefix;
    this.elements(reader, count);
  }

  async paged(first: number, perPage: number, count: number, isWritten: (page: number) => boolean): Promise<void> {
    for (let page = 0; page * perPage < count; page++) {
      if (!isWritten(page)) continue;
      const here = Math.min(perPage, count - page * perPage);
      const at = this.file.base + first + page * (perPage * this.size + 4);
      this.elements(await this.file.pages.part(at, here * this.size + 4, "array of chunks"), here);
    }
  }

  elements(reader: ByteReader, count: number): void {
    this.total += count;
    if (this.total > mostElements) throw malformed(reader, `an array of more than ${mostElements} chunks`);
    for (let i = 0; i < count; i++) this.each(reader, this.size, this.isFiltered);
  }
}

/** The highest bit of a byte is the first. */
function bitsOf(bytes: Uint8Array): (index: number) => boolean {
  return (index) => ((bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

function isPowerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
