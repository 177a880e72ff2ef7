// AttributeProto: a name and one value of fifteen kinds. The kind is always written, as IR 2 and later demand.
import { joined } from "./bytes.ts";
import type { Codec } from "./message_codec.ts";
import { writeUnknown } from "./message_codec.ts";
import { graph, sparseTensor } from "./messages.ts";
import type { Attribute, AttributeValue, Graph, SparseTensor, StoredTensor, ValueType } from "./model.ts";
import { IntList, type ProtobufReader } from "./protobuf_reader.ts";
import type { ProtobufWriter } from "./protobuf_writer.ts";
import { tensor } from "./tensor_codec.ts";
import { valueType } from "./type_codec.ts";

type Kind = AttributeValue["kind"];

/** AttributeProto.AttributeType, by number. */
const kinds: readonly Kind[] = [
  "undefined",
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
  "strings",
  "tensors",
  "graphs",
  "sparse_tensor",
  "sparse_tensors",
  "type",
  "types",
];

const noValue = { kind: "undefined", value: null } as const;

/** Everything the fields of one attribute can hold; at the end the kind says which of them counts. */
interface Found {
  float: number | null;
  int: bigint | null;
  string: Uint8Array | null;
  tensor: StoredTensor | null;
  graph: Graph | null;
  sparse_tensor: SparseTensor | null;
  type: ValueType | null;
  floats: Uint8Array[];
  ints: IntList;
  strings: Uint8Array[];
  tensors: StoredTensor[];
  graphs: Graph[];
  sparse_tensors: SparseTensor[];
  types: ValueType[];
}

function read(reader: ProtobufReader): Attribute {
  const found: Found = {
    float: null,
    int: null,
    string: null,
    tensor: null,
    graph: null,
    sparse_tensor: null,
    type: null,
    floats: [],
    ints: new IntList(),
    strings: [],
    tensors: [],
    graphs: [],
    sparse_tensors: [],
    types: [],
  };
  const unknown: Uint8Array[] = [];
  let name = "";
  let docString = "";
  let refAttrName = "";
  let type = 0;
  while (reader.next()) {
    const { field, wire } = reader;
    if (wire === 5 && field === 2) found.float = reader.float();
    else if (wire === 0 && field === 3) found.int = reader.int();
    else if ((wire === 0 || wire === 2) && field === 8) reader.intsInto(found.ints);
    else if ((wire === 5 || wire === 2) && field === 7) found.floats.push(reader.fixed(4));
    else if (wire === 0 && field === 20) type = reader.safeInt();
    else if (wire !== 2) unknown.push(reader.skip());
    else if (field === 1) name = reader.text();
    else if (field === 4) found.string = reader.bytes();
    else if (field === 5) found.tensor = tensor.read(reader.message());
    else if (field === 6) found.graph = graph.read(reader.message());
    else if (field === 9) found.strings.push(reader.bytes());
    else if (field === 10) found.tensors.push(tensor.read(reader.message()));
    else if (field === 11) found.graphs.push(graph.read(reader.message()));
    else if (field === 13) docString = reader.text();
    else if (field === 14) found.type = valueType.read(reader.message());
    else if (field === 15) found.types.push(valueType.read(reader.message()));
    else if (field === 21) refAttrName = reader.text();
    else if (field === 22) found.sparse_tensor = sparseTensor.read(reader.message());
    else if (field === 23) found.sparse_tensors.push(sparseTensor.read(reader.message()));
    else unknown.push(reader.skip());
  }
  const kind = kinds[type] ?? reader.fail(`attribute "${name}" has type ${type}, which ONNX does not define`);
  const value =
    refAttrName !== "" ? noValue : readValue(kind === "undefined" ? guessed(found) : kind, found, name, reader);
  const attribute: Attribute = { name, ...value };
  if (docString !== "") attribute.docString = docString;
  if (refAttrName !== "") attribute.reference = { name: refAttrName, kind };
  if (unknown.length > 0) attribute.unknown = unknown;
  return attribute;
}

/** Files of IR 1 say no kind: the field that is there tells. */
function guessed(found: Found): Kind {
  for (const kind of kinds.slice(1)) {
    const value = found[kind as keyof Found];
    const isList = Array.isArray(value) || value instanceof IntList;
    if (isList ? value.length > 0 : value !== null) return kind;
  }
  return "undefined";
}

/** The value of `kind`; what is absent is the default of protobuf, except for messages, which must be there. */
function readValue(kind: Kind, found: Found, name: string, reader: ProtobufReader): AttributeValue {
  switch (kind) {
    case "undefined":
      return noValue;
    case "float":
      return { kind, value: found.float ?? 0 };
    case "int":
      return { kind, value: found.int ?? 0n };
    case "string":
      return { kind, value: found.string ?? new Uint8Array() };
    case "ints":
      return { kind, value: found.ints.values() };
    case "floats":
      return { kind, value: floatsOf(found.floats) };
    case "strings":
    case "tensors":
    case "graphs":
    case "sparse_tensors":
    case "types":
      return { kind, value: found[kind] } as AttributeValue;
    default: {
      const value = found[kind];
      if (value === null) return reader.fail(`attribute "${name}" is a ${kind} but holds none`);
      return { kind, value } as AttributeValue;
    }
  }
}

/** A copy: floats of a file are seldom aligned. */
function floatsOf(parts: Uint8Array[]): Float32Array {
  const bytes = new Uint8Array(joined(parts));
  return new Float32Array(bytes.buffer);
}

function write(writer: ProtobufWriter, attribute: Attribute): void {
  if (attribute.name !== "") writer.text(1, attribute.name);
  writeValue(writer, attribute);
  if (attribute.docString) writer.text(13, attribute.docString);
  const type = kinds.indexOf(attribute.reference?.kind ?? attribute.kind);
  if (type > 0) writer.int(20, type);
  if (attribute.reference) writer.text(21, attribute.reference.name);
  writeUnknown(writer, attribute.unknown);
}

function writeValue(writer: ProtobufWriter, { kind, value }: AttributeValue): void {
  switch (kind) {
    case "undefined":
      break;
    case "float":
      writer.float(2, value);
      break;
    case "int":
      writer.int(3, value);
      break;
    case "string":
      writer.bytes(4, value);
      break;
    case "tensor":
      writer.message(5, value, tensor.write);
      break;
    case "graph":
      writer.message(6, value, graph.write);
      break;
    case "floats":
      writer.floats(7, value);
      break;
    case "ints":
      writer.ints(8, value);
      break;
    case "strings":
      for (const item of value) writer.bytes(9, item);
      break;
    case "tensors":
      writer.messages(10, value, tensor.write);
      break;
    case "graphs":
      writer.messages(11, value, graph.write);
      break;
    case "type":
      writer.message(14, value, valueType.write);
      break;
    case "types":
      writer.messages(15, value, valueType.write);
      break;
    case "sparse_tensor":
      writer.message(22, value, sparseTensor.write);
      break;
    case "sparse_tensors":
      writer.messages(23, value, sparseTensor.write);
      break;
  }
}

export const attribute: Codec<Attribute> = { read, write };
