// TypeProto: what a value is. Symbolic dimension names are kept as dimensions.
import { dataType, dataTypeOf } from "./data_types.ts";
import type { Codec, Field } from "./message_codec.ts";
import type { Dimension, ValueType } from "./model.ts";
import type { ProtobufReader } from "./protobuf_reader.ts";
import type { ProtobufWriter } from "./protobuf_writer.ts";

/**
 * Bytes of types that say more than `ValueType` holds: denotations, opaque types, element types and fields of a newer ONNX.
 * Types are immutable, so a changed type is a new object and is written from its members alone.
 */
const saidMore = new WeakMap<ValueType, Uint8Array>();

/** Set by any reader below that met something it cannot hold. */
interface Loss {
  lossy: boolean;
}

export const valueType: Codec<ValueType> = {
  read(reader) {
    const loss: Loss = { lossy: false };
    const type = readType(reader, loss);
    if (loss.lossy && type.kind !== "unknown") saidMore.set(type, reader.whole());
    return type;
  },
  write(writer, type) {
    const bytes = type.kind === "unknown" ? type.bytes : saidMore.get(type);
    if (bytes) writer.raw(bytes);
    else writeType(writer, type);
  },
};

/** Field `type` of a value; absent when null. */
export function nullableType<T extends { type: ValueType | null }>(number: number): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => {
      target.type = valueType.read(reader.message());
    },
    write: (writer, source) => {
      if (source.type) writer.message(number, source.type, valueType.write);
    },
  };
}

function readType(reader: ProtobufReader, loss: Loss): ValueType {
  let type: ValueType | null = null;
  while (reader.next()) {
    const { field, wire } = reader;
    if (type || wire !== 2) skip(reader, loss);
    else if (field === 1) type = { kind: "tensor", ...readTensor(reader.message(), loss) };
    else if (field === 4) type = { kind: "sequence", element: readElement(reader.message(), loss) };
    else if (field === 5) type = readMap(reader.message(), loss);
    else if (field === 8) type = { kind: "sparse_tensor", ...readTensor(reader.message(), loss) };
    else if (field === 9) type = { kind: "optional", element: readElement(reader.message(), loss) };
    else skip(reader, loss);
  }
  return type ?? { kind: "unknown", bytes: reader.whole() };
}

function readTensor(reader: ProtobufReader, loss: Loss): Pick<ValueType & { kind: "tensor" }, "dtype" | "shape"> {
  let number = 0;
  let shape: Dimension[] | null = null;
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === 0) number = reader.safeInt();
    else if (reader.field === 2 && reader.wire === 2) shape = readShape(reader.message(), loss);
    else skip(reader, loss);
  }
  const dtype = dataTypeOf(number)?.dtype ?? null;
  if (!dtype) loss.lossy = true;
  return { dtype, shape };
}

function readShape(reader: ProtobufReader, loss: Loss): Dimension[] {
  const shape: Dimension[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === 2) shape.push(readDimension(reader.message(), loss));
    else skip(reader, loss);
  }
  return shape;
}

/** An unnamed dimension and one with a negative size are both unknown, as ONNX Runtime takes them. */
function readDimension(reader: ProtobufReader, loss: Loss): Dimension {
  let dimension: Dimension = null;
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === 0) dimension = reader.safeInt();
    else if (reader.field === 2 && reader.wire === 2) dimension = reader.text();
    else skip(reader, loss);
  }
  if (dimension === "" || (typeof dimension === "number" && dimension < 0)) {
    loss.lossy = true;
    return null;
  }
  return dimension;
}

function readElement(reader: ProtobufReader, loss: Loss): ValueType | null {
  let element: ValueType | null = null;
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === 2) element = readType(reader.message(), loss);
    else skip(reader, loss);
  }
  return element;
}

function readMap(reader: ProtobufReader, loss: Loss): ValueType {
  let number = 0;
  let value: ValueType | null = null;
  while (reader.next()) {
    if (reader.field === 1 && reader.wire === 0) number = reader.safeInt();
    else if (reader.field === 2 && reader.wire === 2) value = readType(reader.message(), loss);
    else skip(reader, loss);
  }
  const key = dataTypeOf(number)?.dtype ?? reader.fail(`a map has keys of type ${number}, which ONNX does not define`);
  return { kind: "map", key, value };
}

function skip(reader: ProtobufReader, loss: Loss): void {
  reader.skip();
  loss.lossy = true;
}

function writeType(writer: ProtobufWriter, type: ValueType): void {
  if (type.kind === "unknown") writer.raw(type.bytes);
  else if (type.kind === "tensor") writer.message(1, type, writeTensor);
  else if (type.kind === "sequence") writer.message(4, type, writeElement);
  else if (type.kind === "map") writer.message(5, type, writeMap);
  else if (type.kind === "sparse_tensor") writer.message(8, type, writeTensor);
  else writer.message(9, type, writeElement);
}

function writeTensor(writer: ProtobufWriter, { dtype, shape }: ValueType & { kind: "tensor" | "sparse_tensor" }): void {
  if (dtype) writer.int(1, dataType(dtype).number);
  if (shape) writer.message(2, shape, writeShape);
}

function writeShape(writer: ProtobufWriter, shape: readonly Dimension[]): void {
  for (const dimension of shape) writer.message(1, dimension, writeDimension);
}

function writeDimension(writer: ProtobufWriter, dimension: Dimension): void {
  if (typeof dimension === "number") writer.int(1, dimension);
  else if (dimension !== null) writer.text(2, dimension);
}

function writeElement(writer: ProtobufWriter, { element }: ValueType & { kind: "sequence" | "optional" }): void {
  if (element) writer.message(1, element, writeType);
}

function writeMap(writer: ProtobufWriter, { key, value }: ValueType & { kind: "map" }): void {
  writer.int(1, dataType(key).number);
  if (value) writer.message(2, value, writeType);
}
