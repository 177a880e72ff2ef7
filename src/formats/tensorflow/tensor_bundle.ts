// variables.index: which variable lies where in the data files. Rule: tensorflow/core/protobuf/tensor_bundle.proto, lib/io/{format,block,table}.cc
// (a LevelDB table: blocks of sorted keys that share prefixes, an index block, a footer of 48 bytes).
import path from "node:path";
import { ByteReader, type Dim, IngotError } from "../../core/index.ts";
import { ProtobufReader } from "../../onnx/index.ts";
import { integer, message, readFields, wire } from "../protobuf/fields.ts";
import { readShape, tensorflowGraph } from "./graph_def.ts";

export const footerSize = 48;
/** Last eight bytes of a table, little-endian. */
export const tableMagic = 0xdb4775248b80fb57n;

/** A checkpoint's index is small; a block of it even more so. */
const entryLimit = 2_000_000;

export interface BundleEntry {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly Dim[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
}

export interface TensorBundle {
  readonly source: string;
  readonly shards: number;
  readonly bigEndian: boolean;
  readonly entries: readonly BundleEntry[];
}

/** @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, MODEL_UNSUPPORTED for compressed blocks */
export function readTensorBundle(bytes: Uint8Array, source: string): TensorBundle {
  const footer = new ByteReader(bytes, source, Math.max(0, bytes.length - footerSize));
  varint(footer);
  varint(footer);
  const index = { offset: varint(footer), size: varint(footer) };
  const entries: BundleEntry[] = [];
  let shards = 1;
  let bigEndian = false;
  for (const handle of blockEntries(bytes, source, index.offset, index.size)) {
    const reader = new ByteReader(handle.value, source);
    for (const { key, value } of blockEntries(bytes, source, varint(reader), varint(reader))) {
      const record = ProtobufReader.over(value, source, tensorflowGraph);
      if (key.length === 0) {
        readFields(record, {
          1: integer((count) => (shards = count)),
          2: integer((order) => (bigEndian = order === 1)),
        });
        continue;
      }
      entries.push(readEntry(Buffer.from(key).toString("utf8"), record));
      if (entries.length > entryLimit) throw malformed(source, `lists more than ${entryLimit} variables`);
    }
  }
  return { source, shards, bigEndian, entries };
}

/** The data files beside the index, with what the variables take of each: `[start, end)`. */
export function shardsOf(bundle: TensorBundle, index: string): Map<string, [start: number, end: number][]> {
  const stem = path.posix.basename(index).replace(/\.index$/, "");
  const number = (value: number) => String(value).padStart(5, "0");
  const shards = new Map<string, [number, number][]>();
  for (const { shard, offset, size } of bundle.entries) {
    const name = `${stem}.data-${number(shard)}-of-${number(bundle.shards)}`;
    const ranges = shards.get(name) ?? [];
    ranges.push([offset, offset + size]);
    shards.set(name, ranges);
  }
  return shards;
}

function readEntry(name: string, reader: ProtobufReader): BundleEntry {
  const entry = { name, dtype: 0, shape: [] as readonly Dim[], shard: 0, offset: 0, size: 0 };
  readFields(reader, {
    1: integer((value) => (entry.dtype = value)),
    2: message((shape) => (entry.shape = readShape(shape) ?? [])),
    3: integer((value) => (entry.shard = value)),
    4: [wire.varint, (field) => (entry.offset = field.safeInt())],
    5: [wire.varint, (field) => (entry.size = field.safeInt())],
  });
  return entry;
}

/** Keys and values of one block. @throws IngotError FILE_MALFORMED, FILE_TRUNCATED, MODEL_UNSUPPORTED */
function* blockEntries(
  bytes: Uint8Array,
  source: string,
  offset: number,
  size: number,
): Generator<{ key: Uint8Array; value: Uint8Array }> {
  const whole = new ByteReader(bytes, source, offset);
  const block = whole.take(size);
  if (whole.u8() !== 0)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the index of variables is compressed",
      where: source,
      fix: "save the model with another version of TensorFlow",
    });
  if (size < 4) throw malformed(source, `a block of ${size} bytes`);
  const restarts = new ByteReader(block, source, size - 4).u32(true);
  const end = size - 4 - 4 * restarts;
  if (end < 0) throw malformed(source, `a block with ${restarts} restarts`);
  const reader = new ByteReader(block.subarray(0, end), source);
  let key: Uint8Array = new Uint8Array();
  while (reader.remaining > 0) {
    const [shared, added, length] = [varint(reader), varint(reader), varint(reader)];
    if (shared > key.length) throw malformed(source, "a key continues one that is shorter");
    key = Buffer.concat([key.subarray(0, shared), reader.take(added)]);
    yield { key, value: reader.take(length) };
  }
}

function varint(reader: ByteReader): number {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = reader.u8();
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return Number.isSafeInteger(value) ? value : 0;
  }
  throw malformed(reader.source, "a number is longer than eight bytes");
}

function malformed(source: string, what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, where: source, fix: "the file is damaged: copy or export it again" });
}
