// Protobuf messages from tables of their fields: one table per message reads it, writes it, and describes it to reflection.

import type { DType } from "../../core/index.ts";
import {
  dataType,
  IntList,
  type MessageKind,
  ProtobufReader,
  ProtobufWriter,
  type TensorData,
} from "../../onnx/index.ts";

export type Scalar = "bool" | "int32" | "int64" | "uint32" | "uint64" | "float" | "double" | "string" | "bytes";

export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: Scalar | EnumType | MessageType;
  /** `map`: `type` is that of the values, keys are texts. */
  readonly label?: "repeated" | "map";
  readonly oneof?: string;
}

/** A row of a table: number, name, type, and what is special about it. */
export type FieldRow = readonly [
  number: number,
  name: string,
  type: Field["type"],
  more?: "repeated" | "map" | { readonly oneof: string },
];

const request: MessageKind = {
  code: "REQUEST_MALFORMED",
  what: "a gRPC request",
  fix: "encode the message by the service's description (server reflection, docs/inference.proto)",
  objects: 2_000_000,
};

/**
 * A message type. A decoded message holds what was sent and nothing else: single fields by name, repeated numbers as typed arrays, repeated
 * others as arrays, maps as objects without prototype. 64-bit integers are numbers where that is exact, bigint elsewhere. Bytes are views.
 */
export class MessageType<T extends object = object> {
  readonly kind = "message";
  /** Without its package. */
  readonly name: string;
  readonly fields: readonly Field[];
  readonly #byNumber = new Map<number, Field>();

  constructor(name: string, rows: readonly FieldRow[]) {
    this.name = name;
    this.fields = rows.map(([number, field, type, more]) => ({
      name: field,
      number,
      type,
      ...(typeof more === "string" ? { label: more } : more ? { oneof: more.oneof } : {}),
    }));
    for (const field of this.fields) this.#byNumber.set(field.number, field);
  }

  /** @throws IngotError REQUEST_MALFORMED naming the byte */
  decode(bytes: Uint8Array): T {
    return this.#read(ProtobufReader.over(bytes, this.name, request));
  }

  encode(value: T): Uint8Array {
    return ProtobufWriter.encode(value, (writer, message) => this.#write(writer, message));
  }

  #read(reader: ProtobufReader): T {
    const message: Record<string, unknown> = Object.create(null);
    const lists = new Map<Field, IntList | Uint8Array[]>();
    while (reader.next()) {
      const field = this.#byNumber.get(reader.field);
      if (!field) reader.skip();
      else if (field.label === "map") readEntry(reader, field, message);
      else if (field.label === "repeated") readRepeated(reader, field, message, lists);
      else {
        // The last member of a oneof is the one that counts.
        if (field.oneof !== undefined)
          for (const other of this.fields) if (other.oneof === field.oneof) delete message[other.name];
        message[field.name] = readOne(reader, field.type);
      }
    }
    for (const [field, list] of lists) message[field.name] = numbersOf(field, list);
    return message as T;
  }

  readMessage(reader: ProtobufReader): T {
    return this.#read(reader.message());
  }

  #write(writer: ProtobufWriter, message: T): void {
    for (const field of this.fields) {
      const value = (message as Record<string, unknown>)[field.name];
      if (value === undefined || value === null) continue;
      if (field.label === "map") writeEntries(writer, field, value as Record<string, unknown>);
      else if (field.label === "repeated")
        for (const element of value as Iterable<unknown>) writeOne(writer, field.number, field.type, element);
      else if (field.oneof !== undefined || !isDefault(value)) writeOne(writer, field.number, field.type, value);
    }
  }

  writeMessage(writer: ProtobufWriter, number: number, message: T): void {
    writer.message(number, message, (inner, value) => this.#write(inner, value));
  }
}

export function enumType(name: string, values: Readonly<Record<string, number>>): EnumType {
  return { kind: "enum", name, values };
}

/** Wire types: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
function wireOf(type: Field["type"]): number {
  if (typeof type === "object") return type.kind === "enum" ? 0 : 2;
  if (type === "double") return 1;
  if (type === "float") return 5;
  return type === "string" || type === "bytes" ? 2 : 0;
}

function expectWire(reader: ProtobufReader, type: Field["type"], packable = false): void {
  const wire = wireOf(type);
  if (reader.wire !== wire && !(packable && reader.wire === 2))
    reader.fail(`field ${reader.field} has wire type ${reader.wire} instead of ${wire}`);
}

function readOne(reader: ProtobufReader, type: Field["type"]): unknown {
  expectWire(reader, type);
  if (typeof type === "object")
    return type.kind === "enum" ? Number(BigInt.asIntN(32, reader.int())) : type.readMessage(reader);
  switch (type) {
    case "bool":
      return reader.int() !== 0n;
    case "int32":
      return Number(BigInt.asIntN(32, reader.int()));
    case "uint32":
      return Number(BigInt.asUintN(32, reader.int()));
    case "int64":
      return exact(reader.int());
    case "uint64":
      return exact(BigInt.asUintN(64, reader.int()));
    case "float":
      return reader.float();
    case "double": {
      const bytes = reader.fixed(8);
      return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
    }
    case "string":
      return reader.text();
    case "bytes":
      return reader.bytes();
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readRepeated(
  reader: ProtobufReader,
  field: Field,
  message: Record<string, unknown>,
  lists: Map<Field, IntList | Uint8Array[]>,
): void {
  const wire = wireOf(field.type);
  if (wire === 2) {
    const element = readOne(reader, field.type);
    const elements = message[field.name];
    if (Array.isArray(elements)) elements.push(element);
    else message[field.name] = [element];
    return;
  }
  expectWire(reader, field.type, true);
  let list = lists.get(field);
  if (!list) {
    list = wire === 0 ? new IntList() : [];
    lists.set(field, list);
  }
  if (list instanceof IntList) reader.intsInto(list);
  else list.push(reader.fixed(wire === 1 ? 8 : 4));
}

const numberTypes: Partial<Record<Scalar, DType>> = {
  bool: "uint8",
  int32: "int32",
  int64: "int64",
  uint32: "uint32",
  uint64: "uint64",
  float: "float32",
  double: "float64",
};

function numbersOf({ type }: Field, list: IntList | Uint8Array[]): TensorData {
  const dtype = (typeof type === "string" && numberTypes[type]) || "int32";
  const Numbers = dataType(dtype).array!;
  if (!(list instanceof IntList)) {
    const bytes = Buffer.concat(list);
    const numbers = new Numbers(bytes.length / (dataType(dtype).bits / 8));
    new Uint8Array(numbers.buffer).set(bytes);
    return numbers;
  }
  const values = list.values();
  const numbers = new Numbers(values.length);
  if (dtype === "uint8") for (let i = 0; i < values.length; i++) numbers[i] = Number(Number(values[i]) !== 0);
  else if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array)
    for (let i = 0; i < values.length; i++) numbers[i] = BigInt(values[i]!);
  else for (let i = 0; i < values.length; i++) numbers[i] = Number(BigInt.asIntN(32, BigInt(values[i]!)));
  return numbers;
}

function readEntry(reader: ProtobufReader, { name, type }: Field, message: Record<string, unknown>): void {
  message[name] ??= Object.create(null);
  const entries = message[name] as Record<string, unknown>;
  if (reader.wire !== 2) reader.fail(`field ${reader.field} has wire type ${reader.wire} instead of 2`);
  const entry = reader.message();
  let key = "";
  let value = emptyOf(type);
  while (entry.next()) {
    if (entry.field === 1) key = readOne(entry, "string") as string;
    else if (entry.field === 2) value = readOne(entry, type);
    else entry.skip();
  }
  entries[key] = value;
}

/** What an entry of a map has whose value was not sent. */
function emptyOf(type: Field["type"]): unknown {
  if (typeof type === "object") return type.kind === "enum" ? 0 : {};
  if (type === "string") return "";
  if (type === "bytes") return new Uint8Array();
  return type === "bool" ? false : 0;
}

function isDefault(value: unknown): boolean {
  return value === 0 || value === 0n || value === "" || value === false;
}

const writers: Readonly<Record<Scalar, (writer: ProtobufWriter, number: number, value: unknown) => void>> = {
  bool: (writer, number, value) => writer.int(number, value ? 1 : 0),
  int32: (writer, number, value) => writer.int(number, value as number),
  int64: (writer, number, value) => writer.int(number, value as number | bigint),
  uint32: (writer, number, value) => writer.int(number, value as number),
  uint64: (writer, number, value) => writer.int(number, value as number | bigint),
  float: (writer, number, value) => writer.float(number, value as number),
  double: (writer, number, value) => writer.double(number, value as number),
  string: (writer, number, value) => writer.text(number, value as string),
  bytes: (writer, number, value) => writer.bytes(number, value as Uint8Array),
};

function writeOne(writer: ProtobufWriter, number: number, type: Field["type"], value: unknown): void {
  if (typeof type === "string") writers[type](writer, number, value);
  else if (type.kind === "message") type.writeMessage(writer, number, value as object);
  else writer.int(number, typeof value === "string" ? type.values[value]! : (value as number));
}

function writeEntries(
  writer: ProtobufWriter,
  { number, type }: Field,
  entries: Readonly<Record<string, unknown>>,
): void {
  for (const entry of Object.entries(entries))
    writer.message(number, entry, (inner, [key, value]) => {
      writeOne(inner, 1, "string", key);
      writeOne(inner, 2, type, value);
    });
}
