// Attributes of HDF5 objects: small named values. Rule: HDF5 File Format Specification, IV.A.2.m; texts of any length lie in global heaps (III.E).
import { ByteReader } from "../../core/index.ts";
import { type Datatype, readDataspace, readDatatype } from "./datatype.ts";
import { malformed } from "./messages.ts";
import { address, type Hdf5File } from "./superblock.ts";

export type AttributeValue = string | number | bigint | readonly (string | number | bigint)[] | null;

export interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** null where the type is not one that is read. */
  readonly value: AttributeValue;
}

const mostValues = 1_000_000;
const largestHeap = 256 << 20;

export async function readAttribute(file: Hdf5File, reader: ByteReader): Promise<Attribute> {
  const version = reader.u8();
  if (version < 1 || version > 3) throw malformed(reader, `an attribute of version ${version}`);
  const flags = reader.u8();
  const sizes = [reader.u16(true), reader.u16(true), reader.u16(true)];
  if (version === 3) reader.u8();
  const [nameBytes, typeBytes, spaceBytes] = sizes.map((size) => {
    const bytes = reader.take(size);
    if (version === 1) reader.take(Math.min(reader.remaining, -size & 7));
    return bytes;
  });
  const name = textOf(nameBytes!);
  const part = (bytes: Uint8Array) => new ByteReader(bytes, `${reader.source}: attribute ${JSON.stringify(name)}`);
  if (version > 1 && flags & 3) return { name, type: "shared", shape: [], value: null };
  const type = readDatatype(part(typeBytes!));
  const shape = readDataspace(part(spaceBytes!));
  if (shape === null) return { name, type: type.name, shape: [], value: null };
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > mostValues) throw malformed(reader, `an attribute of ${count} values`);
  const values: (string | number | bigint)[] = [];
  for (let i = 0; i < count; i++) {
    const value = await readValue(file, type, reader);
    if (value === null) return { name, type: type.name, shape, value: null };
    values.push(value);
  }
  return { name, type: type.name, shape, value: shape.length === 0 ? values[0]! : values };
}

async function readValue(file: Hdf5File, type: Datatype, reader: ByteReader): Promise<string | number | bigint | null> {
  if (type.kind === "text") return textOf(reader.take(type.size));
  if (type.kind === "number") return readNumber(type, reader);
  if (type.kind !== "variable text") return null;
  const length = reader.u32(true);
  const heap = address(reader, file.offsetSize);
  const index = reader.u32(true);
  return length === 0 || heap <= 0 ? "" : textOf((await readHeapObject(file, heap, index)).subarray(0, length));
}

function readNumber(type: Datatype, reader: ByteReader): number | bigint {
  const { name, size, littleEndian } = type;
  if (name.startsWith("float")) return size === 4 ? reader.f32(littleEndian) : reader.f64(littleEndian);
  const signed = !name.startsWith("u") && name !== "bool";
  if (size === 1) return signed ? reader.i8() : reader.u8();
  if (size === 2) return signed ? reader.i16(littleEndian) : reader.u16(littleEndian);
  if (size === 4) return signed ? reader.i32(littleEndian) : reader.u32(littleEndian);
  return signed ? reader.i64(littleEndian) : reader.u64(littleEndian);
}

/** One object of a global heap. */
async function readHeapObject(file: Hdf5File, at: number, wanted: number): Promise<Uint8Array> {
  const head = await file.pages.peek(file.base + at, 8 + file.lengthSize, "global heap");
  if (Buffer.from(head.take(4)).toString("latin1") !== "GCOL") throw malformed(head, "no global heap is here");
  head.take(4);
  const size = address(head, file.lengthSize);
  if (size > largestHeap) throw malformed(head, `a global heap of ${size} bytes`);
  const heap = await file.pages.part(file.base + at, size, "global heap");
  heap.take(8 + file.lengthSize);
  while (heap.remaining >= 8 + file.lengthSize) {
    const index = heap.u16(true);
    heap.take(6);
    const length = address(heap, file.lengthSize);
    if (index === 0) break;
    if (index === wanted) return heap.take(length);
    heap.take(Math.min(heap.remaining, Math.ceil(length / 8) * 8));
  }
  throw malformed(heap, `object ${wanted} is not in the global heap`);
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}
