// Text of pickles: UTF-8 that lets lone surrogates pass, and the escapes of protocol 0.
import { isAscii, isUtf8 } from "node:buffer";

/** UTF-8 as Python's "surrogatepass" decodes it; null where it is not that. */
export function utf8Text(bytes: Uint8Array): string | null {
  if (bytes.length < 32) {
    const short = shortText(bytes, 0, bytes.length);
    if (short !== null) return short;
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString("latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : surrogateText(bytes);
}

/** Names that pickles repeat, by what their bytes add up to: one of them is compared much faster than a new text is made. */
const names: string[] = Array(1024).fill("");

/** ASCII of up to 255 bytes; null where it is none. */
export function shortText(bytes: Uint8Array, start: number, end: number): string | null {
  let sum = end - start;
  for (let i = start; i < end; i++) {
    const code = bytes[i]!;
    if (code > 127) return null;
    sum = (Math.imul(sum, 31) + code) | 0;
  }
  const place = (sum ^ (sum >>> 10)) & 1023;
  const before = names[place]!;
  if (before.length === end - start && isText(before, bytes, start)) return before;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  names[place] = text;
  return text;
}

function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** Slow path: `ED A0..BF xx` is a lone surrogate; everything else has to be UTF-8. */
function surrogateText(bytes: Uint8Array): string | null {
  let text = "";
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    const surrogate = bytes[i] === 0xed && (bytes[i + 1] ?? 0) >= 0xa0 && ((bytes[i + 2] ?? 0) & 0xc0) === 0x80;
    if (!surrogate && i < bytes.length) continue;
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, i - start);
    if (!isUtf8(part)) return null;
    text += part.toString("utf8");
    if (!surrogate) break;
    text += String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f));
    start = i + 3;
    i += 2;
  }
  return text;
}

/** "raw-unicode-escape" of the UNICODE opcode: Latin-1 with `\uXXXX` and `\UXXXXXXXX`. */
export function rawUnicodeText(line: string): string | null {
  let valid = true;
  const text = line.replace(/(\\+)(u([0-9a-fA-F]{4})?|U([0-9a-fA-F]{8})?)/g, (all, slashes: string, _letter, u, U) => {
    if (slashes.length % 2 === 0) return all;
    const code = Number.parseInt(u ?? U ?? "", 16);
    if (!(code <= 0x10ffff)) {
      valid = false;
      return "";
    }
    return slashes.slice(1) + (code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code));
  });
  return valid ? text : null;
}

const simpleEscapes: Readonly<Record<string, number>> = {
  "\\": 92,
  "'": 39,
  '"': 34,
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

/** The bytes of a quoted Python 2 `repr` (opcode STRING), as a Latin-1 string; null where it is not one. */
export function quotedString(line: string): string | null {
  const text = line.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) return null;
  let valid = true;
  const inner = text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|\n|[\s\S]|$)/g, (all, code: string) => {
    if (code.length > 1 && code[0] === "x") return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    if (code === "\n") return "";
    const simple = simpleEscapes[code];
    if (simple !== undefined) return String.fromCharCode(simple);
    if (code === "" || code === "x") valid = false;
    return all;
  });
  return valid ? inner : null;
}

/** Python 2 `str`: text where it is ASCII, else the bytes it may well have been. */
export function python2String(bytes: Uint8Array): string | Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isAscii(buffer) ? buffer.toString("latin1") : bytes;
}

/** Decimal, or what `int(text, 0)` reads with a prefix, of INT and LONG; null where it is none. */
export function integerText(text: string): number | bigint | null {
  const plain = plainInteger(text);
  if (plain >= 0) return plain;
  const trimmed = text.trim().replace(/(?<=\w)_(?=\w)/g, "");
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$/.exec(trimmed);
  // A decimal of 4300 digits is also where Python 3 stops.
  if (!match || trimmed.length > 4300) return null;
  const value = BigInt(match[2]!.toLowerCase());
  return smallest(match[1] === "-" ? -value : value);
}

/** Digits and nothing else, as picklers write most numbers; -1 where it is anything else. */
function plainInteger(text: string): number {
  if (text.length === 0 || text.length > 15) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Two's complement, little-endian, any length. */
export function longOf(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  let hex = "";
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i]! + 256).toString(16).slice(1);
  const value = BigInt(`0x${hex}`);
  return smallest(bytes.at(-1)! & 0x80 ? value - (1n << BigInt(bytes.length * 8)) : value);
}

/** A number where it is exact, else the bigint. */
export function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A float as `repr` and `float()` write it; null where it is none. */
export function floatText(text: string): number | null {
  const trimmed = text.trim();
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(trimmed);
  if (special) return special[2]!.toLowerCase() === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}
