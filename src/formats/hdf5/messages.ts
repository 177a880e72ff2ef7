// The messages of an object header, of both versions. Rule: HDF5 File Format Specification, IV.A.1.
import { ByteReader, IngotError } from "../../core/index.ts";
import { address, type Hdf5File } from "./superblock.ts";

export interface Message {
  readonly type: number;
  readonly reader: ByteReader;
}

/** Messages of one object; the largest real objects have some thousands of attributes. */
const mostMessages = 100_000;

export const messageType = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** @throws FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE */
export async function readMessages(file: Hdf5File, at: number): Promise<Message[]> {
  const start = file.base + at;
  const head = await file.pages.peek(start, 40, "object header");
  const isNew = Buffer.from(head.bytes.subarray(0, 4)).toString("latin1") === "OHDR";
  return isNew ? readNew(file, start, head) : readOld(file, start, head);
}

async function readOld(file: Hdf5File, start: number, head: ByteReader): Promise<Message[]> {
  if (head.u8() !== 1) throw malformed(head, "no object header is here");
  head.take(7);
  const size = head.u32(true);
  const messages: Message[] = [];
  const blocks: [at: number, size: number][] = [[start + 16, size]];
  await file.pages.part(start, 16, "object header");
  const seen = new Set<number>();
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    if (seen.has(block[0])) throw malformed(head, "continues in itself");
    seen.add(block[0]);
    const reader = await file.pages.part(block[0], block[1], "object header");
    while (reader.remaining >= 8) {
      const type = reader.u16(true);
      const length = reader.u16(true);
      const flags = reader.u8();
      reader.take(3);
      const body = part(reader, length);
      keep(file, { type, reader: body }, flags, messages, blocks);
    }
  }
  return messages;
}

async function readNew(file: Hdf5File, start: number, head: ByteReader): Promise<Message[]> {
  head.take(4);
  if (head.u8() !== 2) throw malformed(head, "is of an unknown version");
  const flags = head.u8();
  if (flags & 0x20) head.take(16);
  if (flags & 0x10) head.take(4);
  const size = address(head, 1 << (flags & 3));
  const messages: Message[] = [];
  const prefix = head.offset;
  await file.pages.part(start, prefix, "object header");
  const blocks: [at: number, size: number][] = [[start + prefix, size + 4]];
  const seen = new Set<number>();
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    if (seen.has(block[0])) throw malformed(head, "continues in itself");
    const isFirst = seen.size === 0;
    seen.add(block[0]);
    const reader = await file.pages.part(block[0], block[1], "object header");
    if (!isFirst && Buffer.from(reader.take(4)).toString("latin1") !== "OCHK")
      throw malformed(reader, "its continuation is not there");
    const least = 4 + (flags & 4 ? 2 : 0);
    // The checksum, and a gap that is too small for a message, stand at the end.
    while (reader.remaining - 4 >= least) {
      const type = reader.u8();
      const length = reader.u16(true);
      const messageFlags = reader.u8();
      if (flags & 4) reader.take(2);
      keep(file, { type, reader: part(reader, length) }, messageFlags, messages, blocks);
    }
  }
  return messages;
}

function keep(file: Hdf5File, message: Message, flags: number, messages: Message[], blocks: [number, number][]): void {
  if (messages.length >= mostMessages) throw malformed(message.reader, `more than ${mostMessages} messages`);
  if (message.type === messageType.continuation) {
    const at = address(message.reader, file.offsetSize);
    blocks.push([file.base + at, address(message.reader, file.lengthSize)]);
    return;
  }
  if (flags & 2 && message.type !== 0)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "uses messages that are shared between objects",
      where: message.reader.where(),
    });
  messages.push(message);
}

/** A reader of the next bytes alone. */
function part(reader: ByteReader, length: number): ByteReader {
  const where = reader.source;
  const bytes = reader.take(length);
  return new ByteReader(bytes, where);
}

export function malformed(reader: ByteReader, what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, where: reader.where(), fix: "save the file again" });
}

/** Steps over the signature and the version of a structure. */
export function signed(reader: ByteReader, signature: string, what: string): void {
  if (Buffer.from(reader.take(4)).toString("latin1") !== signature) throw malformed(reader, `no ${what} is here`);
  const version = reader.u8();
  if (version !== 0) throw malformed(reader, `a ${what} of version ${version}`);
}
