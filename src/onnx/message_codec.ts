// Protobuf messages as tables: one row per field says its number, its wire form and where it lives in memory.
import type { UnknownFields } from "./model.ts";
import type { ProtobufReader } from "./protobuf_reader.ts";
import type { ProtobufWriter } from "./protobuf_writer.ts";

/** Reads and writes the inside of one message. */
export interface Codec<T> {
  read(reader: ProtobufReader): T;
  write(writer: ProtobufWriter, value: T): void;
}

/** One field of a message held as `T`. Fields with another wire type than `wire` are kept as unknown ones. */
export interface Field<T> {
  readonly number: number;
  readonly wire: 0 | 2;
  /** A list of numbers, which may also come packed into wire type 2. */
  readonly packable?: true;
  read(reader: ProtobufReader, target: T): void;
  write(writer: ProtobufWriter, source: T): void;
}

type KeyOf<T, V> = { [K in keyof T]-?: T[K] extends V ? (V extends T[K] ? K : never) : never }[keyof T];

/**
 * The codec of a message described by its fields, which the table lists by number. What the table does not know is kept byte for
 * byte in `unknown` and written where its number belongs.
 */
export function message<T extends { unknown?: UnknownFields }>(create: () => T, fields: readonly Field<T>[]): Codec<T> {
  const byNumber: (Field<T> | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return {
    read(reader) {
      const target = create();
      const unknown: Uint8Array[] = [];
      while (reader.next()) {
        const field = byNumber[reader.field];
        if (field && (reader.wire === field.wire || (field.packable && reader.wire === 2))) field.read(reader, target);
        else unknown.push(reader.skip());
      }
      if (unknown.length > 0) target.unknown = unknown;
      return target;
    },
    write(writer, value) {
      const unknown = value.unknown ? byFieldNumber(value.unknown) : [];
      let next = 0;
      for (const field of fields) {
        while (next < unknown.length && unknown[next]!.number < field.number) writer.raw(unknown[next++]!.bytes);
        field.write(writer, value);
      }
      while (next < unknown.length) writer.raw(unknown[next++]!.bytes);
    },
  };
}

export function writeUnknown(writer: ProtobufWriter, unknown: UnknownFields | undefined): void {
  if (unknown) for (const field of unknown) writer.raw(field);
}

function byFieldNumber(unknown: UnknownFields): { number: number; bytes: Uint8Array }[] {
  const numbered = unknown.map((bytes) => ({ number: fieldNumber(bytes), bytes }));
  return numbered.sort((a, b) => a.number - b.number);
}

/** Of an encoded field: its tag is a varint of up to five bytes. */
function fieldNumber(bytes: Uint8Array): number {
  let tag = 0;
  for (let i = 0; i < 5; i++) {
    tag += (bytes[i]! & 127) * 2 ** (7 * i);
    if (bytes[i]! < 128) break;
  }
  return Math.floor(tag / 8);
}

/** Optional string; absent when empty. */
export function text<T>(number: number, key: KeyOf<T, string>): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => set(target, key, reader.text()),
    write: (writer, source) => {
      const value = source[key] as string;
      if (value !== "") writer.text(number, value);
    },
  };
}

/** String that is written even when empty, as the onnx package writes it. */
export function statedText<T>(number: number, key: KeyOf<T, string>): Field<T> {
  return { ...text(number, key), write: (writer, source) => writer.text(number, source[key] as string) };
}

/** Optional integer that fits a number; written always, so that 0 is told from absent where it matters. */
export function int<T>(number: number, key: KeyOf<T, number>): Field<T> {
  return {
    number,
    wire: 0,
    read: (reader, target) => set(target, key, reader.safeInt()),
    write: (writer, source) => writer.int(number, source[key] as number),
  };
}

/** Optional 64-bit integer; absent when 0. */
export function int64<T>(number: number, key: KeyOf<T, bigint>): Field<T> {
  return {
    number,
    wire: 0,
    read: (reader, target) => set(target, key, reader.int()),
    write: (writer, source) => {
      const value = source[key] as bigint;
      if (value !== 0n) writer.int(number, value);
    },
  };
}

export function texts<T>(number: number, key: KeyOf<T, string[]>): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => list<string>(target, key).push(reader.text()),
    write: (writer, source) => {
      for (const value of list<string>(source, key)) writer.text(number, value);
    },
  };
}

/** One nested message. */
export function nested<T, V>(number: number, key: KeyOf<T, V>, codec: () => Codec<V>): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => set(target, key, codec().read(reader.message())),
    write: (writer, source) => writer.message(number, source[key] as V, codec().write),
  };
}

export function repeated<T, V>(number: number, key: KeyOf<T, V[]>, codec: () => Codec<V>): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => list<V>(target, key).push(codec().read(reader.message())),
    write: (writer, source) => {
      const { write } = codec();
      for (const value of list<V>(source, key)) writer.message(number, value, write);
    },
  };
}

/** StringStringEntryProto list: `[key, value]` pairs in file order. */
export function entries<T>(number: number, key: KeyOf<T, [key: string, value: string][]>): Field<T> {
  return {
    number,
    wire: 2,
    read: (reader, target) => list<[string, string]>(target, key).push(entry.read(reader.message())),
    write: (writer, source) => {
      for (const pair of list<[string, string]>(source, key)) writer.message(number, pair, entry.write);
    },
  };
}

export const entry: Codec<[key: string, value: string]> = {
  read(reader) {
    const pair: [string, string] = ["", ""];
    while (reader.next()) {
      if (reader.wire === 2 && (reader.field === 1 || reader.field === 2)) pair[reader.field - 1] = reader.text();
      else reader.skip();
    }
    return pair;
  },
  write(writer, [key, value]) {
    writer.text(1, key);
    writer.text(2, value);
  },
};

/** `repeated int64` of sizes, as numbers; negative ones are refused. */
export function sizes<T>(number: number, key: KeyOf<T, number[]>): Field<T> {
  return {
    number,
    wire: 0,
    packable: true,
    read: (reader, target) => reader.sizesInto(list<number>(target, key)),
    write: (writer, source) => {
      for (const value of list<number>(source, key)) writer.int(number, value);
    },
  };
}

function list<V>(target: unknown, key: PropertyKey): V[] {
  return (target as Record<PropertyKey, V[]>)[key]!;
}

function set<T>(target: T, key: PropertyKey, value: unknown): void {
  (target as Record<PropertyKey, unknown>)[key] = value;
}
