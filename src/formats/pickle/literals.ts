// Opcodes that stand for a value of their own: numbers, text and bytes.
import { PyFloat, type PyValue } from "../python/values.ts";
import type { PickleInput } from "./input.ts";
import { floatText, longOf, python2String, quotedString, rawUnicodeText } from "./text.ts";

/** The value of the opcode; undefined where it is none of these. Large bytes are views. */
export function literal(opcode: number, input: PickleInput): PyValue | undefined {
  switch (opcode) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4b: // BININT1
      return input.u8();
    case 0x4d: // BININT2
      return input.view.getUint16(input.advance(2), true);
    case 0x4a: // BININT
      return input.view.getInt32(input.advance(4), true);
    case 0x8a: // LONG1
      return longOf(input.take(input.u8()));
    case 0x8b: // LONG4
      return input.long4();
    case 0x49: // INT
      return input.int(input.line());
    case 0x4c: // LONG
      return input.integer(input.line().replace(/L$/, ""));
    case 0x47: // BINFLOAT
      return new PyFloat(input.view.getFloat64(input.advance(8), false));
    case 0x46: // FLOAT
      return new PyFloat(input.checked(floatText(input.line()), "a number"));

    case 0x8c: // SHORT_BINUNICODE
      return input.text(input.u8());
    case 0x58: // BINUNICODE
      return input.text(input.u32());
    case 0x8d: // BINUNICODE8
      return input.text(input.length8());
    case 0x56: // UNICODE
      return input.checked(rawUnicodeText(input.line()), "text");
    case 0x43: // SHORT_BINBYTES
      return input.take(input.u8());
    case 0x42: // BINBYTES
      return input.take(input.u32());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return input.take(input.length8());
    case 0x55: // SHORT_BINSTRING
      return python2String(input.take(input.u8()));
    case 0x54: // BINSTRING
      return python2String(input.take(input.view.getInt32(input.advance(4), true)));
    case 0x53: // STRING
      return python2String(Buffer.from(input.checked(quotedString(input.line()), "quoted text"), "latin1"));
    default:
      return undefined;
  }
}
