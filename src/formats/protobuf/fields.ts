// Protobuf messages by field number: what every format over protobuf reads with.
import type { ProtobufReader } from "../../onnx/index.ts";

/** Wire types: a varint, 8 bytes, a length and bytes (text, messages, packed lists), 4 bytes. */
export const wire = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

type Take = (reader: ProtobufReader) => void;

/** Per field: how it must stand in the file, and what takes it. */
export type Fields = Readonly<Record<number, readonly [wire: 0 | 1 | 2 | 5, take: Take]>>;

/** Reads one message to its end. Fields that are not named, or stand there as another type, are passed over. */
export function readFields(reader: ProtobufReader, fields: Fields): void {
  while (reader.next()) {
    const field = fields[reader.field];
    if (field && field[0] === reader.wire) field[1](reader);
    else reader.skip();
  }
}

/** Field of text. */
export const text = (take: (value: string) => void): Fields[number] => [wire.length, (reader) => take(reader.text())];
/** Field of an integer that fits a JavaScript number. */
export const integer = (take: (value: number) => void): Fields[number] => [
  wire.varint,
  (reader) => take(reader.safeInt()),
];
/** Field of a nested message. */
export const message = (take: Take): Fields[number] => [wire.length, (reader) => take(reader.message())];

/** Field of a map from text: entries are messages of a key (1) and a value (2). */
export function mapOf(take: (key: string, value: ProtobufReader) => void): Fields[number] {
  return message((entry) => {
    let key = "";
    let value: ProtobufReader | undefined;
    readFields(entry, { 1: text((name) => (key = name)), 2: message((reader) => (value = reader)) });
    if (value) take(key, value);
  });
}
