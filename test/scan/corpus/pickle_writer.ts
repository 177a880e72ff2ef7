// Pickles written opcode by opcode, as attacks are: nothing here checks that they make sense.
import { command, latin1, u32, u64 } from "./sample.ts";

export const op = {
  proto: (version: number) => Buffer.from([0x80, version]),
  stop: latin1("."),
  mark: latin1("("),
  reduce: latin1("R"),
  build: latin1("b"),
  tuple: latin1("t"),
  tuple1: Buffer.from([0x85]),
  tuple2: Buffer.from([0x86]),
  emptyTuple: latin1(")"),
  emptyDict: latin1("}"),
  emptyList: latin1("]"),
  pop: latin1("0"),
  none: latin1("N"),
  global: (module: string, name: string) => latin1(`c${module}\n${name}\n`),
  stackGlobal: Buffer.from([0x93]),
  memoize: Buffer.from([0x94]),
  newobj: Buffer.from([0x81]),
  text: (value: string) => Buffer.concat([latin1("X"), u32(Buffer.byteLength(value)), Buffer.from(value)]),
  shortText: (value: string) => Buffer.concat([Buffer.from([0x8c, Buffer.byteLength(value)]), Buffer.from(value)]),
  bytes: (value: Uint8Array) => Buffer.concat([latin1("B"), u32(value.length), value]),
  line: (value: string) => latin1(`S'${value}'\n`),
  frame: (size: number) => Buffer.concat([Buffer.from([0x95]), u64(size)]),
  binput: (slot: number) => Buffer.from([0x71, slot]),
  binget: (slot: number) => Buffer.from([0x68, slot]),
} as const;

export function joined(...parts: Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** Calls `module.name(argument)` in protocol 2. */
export function callPickle(module: string, name: string, argument = command): Buffer {
  return joined(op.proto(2), op.global(module, name), op.text(argument), op.tuple1, op.reduce, op.stop);
}

/** The same in protocol 4, with the name taken from the stack. */
export function stackCallPickle(module: string, name: string, argument = command): Buffer {
  const body = joined(
    op.shortText(module),
    op.memoize,
    op.shortText(name),
    op.memoize,
    op.stackGlobal,
    op.memoize,
    op.shortText(argument),
    op.memoize,
    op.tuple1,
    op.memoize,
    op.reduce,
    op.memoize,
    op.stop,
  );
  return joined(op.proto(4), op.frame(body.length), body);
}
