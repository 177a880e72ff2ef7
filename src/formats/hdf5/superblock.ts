// Where an HDF5 file begins and how wide its addresses are. Rule: HDF5 File Format Specification 3.0, II.A.
import { type ByteReader, IngotError } from "../../core/index.ts";
import type { Pages } from "./pages.ts";

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Everything that reading needs of the file as a whole. */
export interface Hdf5File {
  readonly pages: Pages;
  readonly version: number;
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly base: number;
  /** End of the file, as the file says. */
  readonly end: number;
  readonly root: number;
}

/** The signature stands at 0, or at 512 or a doubling of it behind a block of the user's. */
export function signatureAt(head: Uint8Array): number {
  for (let at = 0; at + 8 <= head.length; at = at === 0 ? 512 : at * 2)
    // Asked of every file that is scanned: most differ in the first byte.
    if (head[at] === signature[0] && signature.every((byte, i) => head[at + i] === byte)) return at;
  return -1;
}

/** @throws FILE_MALFORMED, MODEL_UNSUPPORTED */
export async function openHdf5(pages: Pages): Promise<Hdf5File> {
  const at = signatureAt(await pages.file.read(0, 64 * 1024));
  const refuse = (what: string) =>
    new IngotError("FILE_MALFORMED", { what, where: `${pages.file.name}: superblock`, fix: "save the file again" });
  if (at < 0) throw refuse("is not an HDF5 file");
  const head = await pages.peek(at, 128, "superblock");
  head.offset = 8;
  const version = head.u8();
  if (version > 3)
    throw new IngotError("MODEL_UNSUPPORTED", { what: `HDF5 superblock version ${version}`, where: pages.file.name });
  const isOld = version < 2;
  if (isOld) head.take(4);
  const offsetSize = head.u8();
  const lengthSize = head.u8();
  if (![2, 4, 8].includes(offsetSize) || ![2, 4, 8].includes(lengthSize))
    throw refuse(`addresses of ${offsetSize} and lengths of ${lengthSize} bytes`);
  head.take(isOld ? 1 + 2 + 2 + 4 + (version === 1 ? 4 : 0) : 1);
  const next = () => address(head, offsetSize);
  const base = next();
  if (isOld) {
    next();
    const end = next();
    next();
    next(); // name of the root group's entry
    const root = next();
    head.take(4 + 4 + 16);
    await pages.part(at, head.offset, "superblock");
    return { pages, version, offsetSize, lengthSize, base: base || at, end, root };
  }
  next(); // extension of the superblock
  const end = next();
  const root = next();
  head.take(4);
  await pages.part(at, head.offset, "superblock");
  return { pages, version, offsetSize, lengthSize, base: base || at, end, root };
}

/** All bits set: nothing is there. */
export const nowhere = -1;

/** An unsigned number of any width. @throws FILE_MALFORMED beyond 2^53 */
export function uint(reader: ByteReader, size: number): number {
  let value = 0;
  for (const [i, byte] of reader.take(size).entries()) value += byte * 2 ** (8 * i);
  if (!Number.isSafeInteger(value))
    throw new IngotError("FILE_MALFORMED", { what: `a size of ${value}`, where: reader.where() });
  return value;
}

/** An unsigned number of 1, 2, 4 or 8 bytes; `nowhere` where all bits are set. @throws FILE_MALFORMED beyond 2^53 */
export function address(reader: ByteReader, size: number): number {
  if (size === 1) return reader.u8();
  if (size === 2) return reader.u16(true);
  if (size === 4) {
    const value = reader.u32(true);
    return value === 0xffff_ffff ? nowhere : value;
  }
  const value = reader.u64(true);
  if (value === 0xffff_ffff_ffff_ffffn) return nowhere;
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new IngotError("FILE_MALFORMED", { what: `${value} is no place in a file`, where: reader.where() });
  return Number(value);
}
