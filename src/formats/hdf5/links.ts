// Which objects a group holds: old groups are a B-tree over names in a heap, new ones hold links in their header or in a fractal heap.
// Rule: HDF5 File Format Specification, III.A to III.D, IV.A.2.g.
import type { ByteReader } from "../../core/index.ts";
import { denseRecords } from "./dense.ts";
import { type Message, malformed, messageType } from "./messages.ts";
import { address, type Hdf5File, nowhere } from "./superblock.ts";

export interface Link {
  readonly name: string;
  /** Object header, or what a soft or external link says. */
  readonly target:
    | { readonly at: number }
    | { readonly path: string }
    | { readonly file: string; readonly path: string };
}

const mostLinks = 1_000_000;
const deepestTree = 32;

export async function readLinks(file: Hdf5File, messages: readonly Message[]): Promise<Link[]> {
  const links: Link[] = [];
  for (const { type, reader } of messages) {
    if (type === messageType.symbolTable) {
      const tree = address(reader, file.offsetSize);
      const heap = address(reader, file.offsetSize);
      await readSymbols(file, tree, await readNames(file, heap), links, 0);
    } else if (type === messageType.link) links.push(readLink(file, reader));
    else if (type === messageType.linkInfo) {
      reader.u8();
      const flags = reader.u8();
      if (flags & 1) reader.take(8);
      const heap = address(reader, file.offsetSize);
      const names = address(reader, file.offsetSize);
      if (heap !== nowhere)
        for await (const record of denseRecords(file, heap, names, 4)) {
          links.push(readLink(file, record));
          if (links.length > mostLinks) throw malformed(reader, `more than ${mostLinks} links in a group`);
        }
    }
    if (links.length > mostLinks) throw malformed(reader, `more than ${mostLinks} links in a group`);
  }
  return links;
}

async function readNames(file: Hdf5File, at: number): Promise<ByteReader> {
  const head = await file.pages.part(file.base + at, 8 + 2 * file.lengthSize + file.offsetSize, "local heap");
  if (Buffer.from(head.take(4)).toString("latin1") !== "HEAP") throw malformed(head, "no local heap is here");
  head.take(4);
  const size = address(head, file.lengthSize);
  address(head, file.lengthSize);
  return file.pages.part(file.base + address(head, file.offsetSize), size, "names of a group");
}

async function readSymbols(file: Hdf5File, at: number, names: ByteReader, links: Link[], depth: number): Promise<void> {
  const start = file.base + at;
  const { offsetSize, lengthSize } = file;
  const head = await file.pages.peek(start, 8 + 2 * offsetSize, "B-tree");
  if (depth > deepestTree || Buffer.from(head.take(4)).toString("latin1") !== "TREE" || head.u8() !== 0)
    throw malformed(head, "no B-tree of a group is here");
  const level = head.u8();
  const used = head.u16(true);
  const node = await file.pages.part(
    start,
    8 + 2 * offsetSize + used * (offsetSize + lengthSize) + lengthSize,
    "B-tree",
  );
  node.take(8 + 2 * offsetSize + lengthSize);
  for (let i = 0; i < used; i++) {
    const child = address(node, offsetSize);
    node.take(lengthSize);
    if (level > 0) await readSymbols(file, child, names, links, depth + 1);
    else await readSymbolNode(file, child, names, links);
    if (links.length > mostLinks) throw malformed(node, `more than ${mostLinks} links in a group`);
  }
}

async function readSymbolNode(file: Hdf5File, at: number, names: ByteReader, links: Link[]): Promise<void> {
  const entry = 2 * file.offsetSize + 24;
  const head = await file.pages.peek(file.base + at, 8, "symbol table");
  if (Buffer.from(head.take(4)).toString("latin1") !== "SNOD") throw malformed(head, "no symbol table is here");
  head.take(2);
  const count = head.u16(true);
  const node = await file.pages.part(file.base + at, 8 + count * entry, "symbol table");
  node.take(8);
  for (let i = 0; i < count; i++) {
    const name = textAt(names, address(node, file.offsetSize));
    const object = address(node, file.offsetSize);
    const cache = node.u32(true);
    node.take(4);
    const scratch = node.u32(true);
    node.take(12);
    links.push({ name, target: cache === 2 ? { path: textAt(names, scratch) } : { at: object } });
  }
}

function textAt(names: ByteReader, offset: number): string {
  const end = names.bytes.indexOf(0, offset);
  if (offset < 0 || end < 0) throw malformed(names, "a name does not end");
  return Buffer.from(names.bytes.subarray(offset, end)).toString("utf8");
}

function readLink(file: Hdf5File, reader: ByteReader): Link {
  if (reader.u8() !== 1) throw malformed(reader, "a link of an unknown version");
  const flags = reader.u8();
  const type = flags & 8 ? reader.u8() : 0;
  if (flags & 4) reader.take(8);
  if (flags & 16) reader.u8();
  const name = reader.utf8(address(reader, 1 << (flags & 3)));
  if (type === 0) return { name, target: { at: address(reader, file.offsetSize) } };
  const value = reader.take(reader.u16(true));
  if (type === 1) return { name, target: { path: Buffer.from(value).toString("utf8") } };
  const [outside = "", path = ""] = Buffer.from(value.subarray(1)).toString("utf8").split("\0");
  return { name, target: { file: outside, path } };
}
