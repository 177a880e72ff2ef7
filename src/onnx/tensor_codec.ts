// TensorProto: elements stay where they are in the file until `tensorOf` is asked for them.
import { joined } from "./bytes.ts";
import { dataType, dataTypeOf } from "./data_types.ts";
import { type Codec, entry, writeUnknown } from "./message_codec.ts";
import type { StoredTensor } from "./model.ts";
import type { ProtobufReader } from "./protobuf_reader.ts";
import type { ProtobufWriter } from "./protobuf_writer.ts";

/** Fields that hold elements one by one: float_data, int32_data, int64_data, double_data, uint64_data. */
const typedFields = new Set([4, 5, 7, 10, 11]);

const noBytes = { kind: "raw", bytes: new Uint8Array() } as const;

function empty(): StoredTensor {
  return { name: "", dtype: "float32", dims: [], content: noBytes, docString: "" };
}

export const tensor: Codec<StoredTensor> & { empty(): StoredTensor } = { empty, read, write };

function read(reader: ProtobufReader): StoredTensor {
  const result = empty();
  const typed: Uint8Array[] = [];
  const strings: Uint8Array[] = [];
  const external: [string, string][] = [];
  const unknown: Uint8Array[] = [];
  let raw: Uint8Array | null = null;
  let type = 0;
  let isExternal = false;
  while (reader.next()) {
    const { field, wire } = reader;
    if (field === 1 && (wire === 0 || wire === 2)) reader.sizesInto(result.dims);
    else if (field === 2 && wire === 0) type = reader.safeInt();
    else if (typedFields.has(field)) typed.push(reader.skip());
    else if (field === 6 && wire === 2) strings.push(reader.bytes());
    else if (field === 8 && wire === 2) result.name = reader.text();
    else if (field === 9 && wire === 2) raw = reader.bytes();
    else if (field === 12 && wire === 2) result.docString = reader.text();
    else if (field === 13 && wire === 2) external.push(entry.read(reader.message()));
    else if (field === 14 && wire === 0) isExternal = reader.safeInt() === 1;
    else unknown.push(reader.skip());
  }
  const known =
    dataTypeOf(type) ?? reader.fail(`tensor "${result.name}" has element type ${type}, which ONNX does not define`);
  result.dtype = known.dtype;
  if (isExternal) result.content = externalContent(reader, result.name, external);
  else if (known.dtype === "string") result.content = { kind: "strings", values: strings };
  else if (raw && (raw.length > 0 || typed.length === 0)) result.content = { kind: "raw", bytes: raw };
  else if (typed.length > 0) result.content = { kind: "typed", bytes: joined(typed) };
  if (unknown.length > 0) result.unknown = unknown;
  return result;
}

function externalContent(reader: ProtobufReader, name: string, pairs: [string, string][]): StoredTensor["content"] {
  const extra: [string, string][] = [];
  let location = "";
  let offset = 0n;
  let length: bigint | null = null;
  const count = (key: string, value: string) =>
    /^[0-9]{1,18}$/.test(value)
      ? BigInt(value)
      : reader.fail(`external data of tensor "${name}" has ${key} "${value}"`);
  for (const [key, value] of pairs) {
    if (key === "location") location = value;
    else if (key === "offset") offset = count(key, value);
    else if (key === "length") length = count(key, value);
    else extra.push([key, value]);
  }
  if (location === "") reader.fail(`external data of tensor "${name}" names no file`);
  return { kind: "external", location, offset, length, extra };
}

function write(writer: ProtobufWriter, value: StoredTensor): void {
  const { content } = value;
  for (const dim of value.dims) writer.int(1, dim);
  writer.int(2, dataType(value.dtype).number);
  if (content.kind === "typed") writer.raw(content.bytes);
  if (content.kind === "strings") for (const bytes of content.values) writer.bytes(6, bytes);
  if (value.name !== "") writer.text(8, value.name);
  if (content.kind === "raw") writer.bytes(9, content.bytes);
  if (value.docString !== "") writer.text(12, value.docString);
  if (content.kind === "external") {
    for (const pair of externalEntries(content)) writer.message(13, pair, entry.write);
    writer.int(14, 1);
  }
  writeUnknown(writer, value.unknown);
}

function externalEntries(content: StoredTensor["content"] & { kind: "external" }): [string, string][] {
  const pairs: [string, string][] = [
    ["location", content.location],
    ["offset", `${content.offset}`],
  ];
  if (content.length !== null) pairs.push(["length", `${content.length}`]);
  return [...pairs, ...content.extra];
}
