// Opcodes that push a number, text or bytes, read again from where they stand.
import { IngotError } from "../../core/index.ts";
import { PyDict, PyFloat, PyGlobal, PyList, PyObject, PySet, PyTuple, type PyValue } from "../python/values.ts";
import { PickleInput } from "./input.ts";
import { literal } from "./literals.ts";
import { utf8Text } from "./text.ts";

/** Bytes that are enough to read a leaf for a name or a preview. */
export const leafSize = 4096;

/** Bytes of header and, for opcodes that say it, of payload; null for those that end with their line. Zeros stand behind the end. */
export function leafParts(bytes: Uint8Array, at: number): { header: number; payload: number } | null {
  switch (bytes[at]) {
    case 0x4b: // BININT1
      return { header: 1, payload: 1 };
    case 0x4d: // BININT2
      return { header: 1, payload: 2 };
    case 0x4a: // BININT
      return { header: 1, payload: 4 };
    case 0x47: // BINFLOAT
      return { header: 1, payload: 8 };
    case 0x8a: // LONG1
    case 0x8c: // SHORT_BINUNICODE
    case 0x43: // SHORT_BINBYTES
    case 0x55: // SHORT_BINSTRING
      return { header: 2, payload: bytes[at + 1] ?? 0 };
    case 0x8b: // LONG4
    case 0x54: // BINSTRING
      return { header: 5, payload: u32(bytes, at + 1) | 0 };
    case 0x58: // BINUNICODE
    case 0x42: // BINBYTES
      return { header: 5, payload: u32(bytes, at + 1) };
    case 0x8d: // BINUNICODE8
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return { header: 9, payload: u32(bytes, at + 1) + u32(bytes, at + 5) * 2 ** 32 };
    default:
      return null;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** The value of the leaf that begins these bytes; what is longer than `leafSize` is cut short, for showing only. */
export function leafValue(bytes: Uint8Array): PyValue {
  // Most leaves are short text, and need no machine.
  const start = shortTextHeader(bytes, 0);
  if (start > 0) {
    const end = start + bytes[1]!;
    const text = end <= bytes.length ? utf8Text(bytes.subarray(start, end)) : null;
    if (text !== null) return text;
  }
  const integer = bytes.length >= 5 ? smallInteger(bytes, 0) : null;
  if (integer !== null) return integer;
  const parts = leafParts(bytes, 0);
  const end = parts ? parts.header + parts.payload : bytes.indexOf(10) + 1;
  if (end === 0 || end > bytes.length) {
    const shown = bytes.subarray(parts?.header ?? 1, 160);
    return bytes[0] === 0x58 || bytes[0] === 0x8d ? `${Buffer.from(shown).toString("utf8")}…` : new Uint8Array(shown);
  }
  try {
    const value = literal(bytes[0]!, new PickleInput(bytes.subarray(0, end), "", 1));
    // The window that the bytes stand in moves on.
    return value instanceof Uint8Array ? new Uint8Array(value) : (value ?? null);
  } catch (error) {
    if (error instanceof IngotError) return "…";
    throw error;
  }
}

/** Bytes before a text of up to 255 bytes; 0 where the opcode is another. */
export function shortTextHeader(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x8c) return 2;
  return bytes[at] === 0x58 && bytes[at + 2] === 0 && bytes[at + 3] === 0 && bytes[at + 4] === 0 ? 5 : 0;
}

/** What BININT, BININT1 and BININT2 push, which every dtype and shape of an array holds some of; null where the opcode is another. */
export function smallInteger(bytes: Uint8Array, at: number): number | null {
  switch (bytes[at]) {
    case 0x4b:
      return bytes[at + 1]!;
    case 0x4d:
      return bytes[at + 1]! | (bytes[at + 2]! << 8);
    case 0x4a:
      return u32(bytes, at + 1) | 0;
    default:
      return null;
  }
}

/** Like Python's repr, cut short. */
export function preview(value: PyValue, depth = 0): string {
  const text = shown(value, depth);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function shown(value: PyValue, depth: number): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return JSON.stringify(value.length > 160 ? `${value.slice(0, 160)}…` : value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof PyFloat) return String(value.value);
  if (value instanceof Uint8Array)
    return `b${JSON.stringify(Buffer.from(value.subarray(0, 80)).toString("latin1"))}${value.length > 80 ? "…" : ""}`;
  if (value instanceof PyGlobal) return value.path;
  if (depth > 3) return "…";
  const inside = (items: readonly PyValue[]) => items.slice(0, 8).map((item) => preview(item, depth + 1));
  if (value instanceof PyTuple) return `(${inside(value.items).join(", ")}${value.items.length === 1 ? "," : ""})`;
  if (value instanceof PyList) return `[${inside(value.items).join(", ")}]`;
  if (value instanceof PySet) return `{${inside(value.items).join(", ")}}`;
  if (value instanceof PyDict)
    return `{${value.entries
      .slice(0, 8)
      .map(([key, item]) => `${preview(key, depth + 1)}: ${preview(item, depth + 1)}`)
      .join(", ")}}`;
  if (value instanceof PyObject) return `${preview(value.callable, depth + 1)}(${inside(value.args).join(", ")})`;
  return "…";
}
