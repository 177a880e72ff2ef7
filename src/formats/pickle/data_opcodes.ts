// The inner loop of a survey: opcodes that only move data, over one window of the file, without allocating.
import type { AbstractMemo } from "./abstract_memo.ts";
import { kindCodes, no, none, opaque, type ValueRing, yes } from "./abstract_values.ts";

/** No opcode without payload is longer. */
export const longestOpcode = 9;
const deepestStack = 2 ** 25;

/** What the loop and the walk around it share. Positions are relative to the window. */
export interface Registers {
  bytes: Uint8Array;
  view: DataView;
  /** Offset of the window in the file. */
  base: number;
  at: number;
  /** Where the loop has to come up: the end of the window, less one opcode where the file goes on. */
  limit: number;
  stack: Float64Array;
  depth: number;
  marks: number[];
  fence: number;
  readonly memo: AbstractMemo;
  readonly ring: ValueRing;
  /** How often DUP ran. */
  copies: number;
  /** Why the stream is broken; null while it is not. */
  broken: string | null;
}

/**
 * Runs until an opcode that it leaves to the caller (returned, `at` still before it), until the limit (-1; a payload may have led
 * beyond it), or until the stream is broken (-2).
 */
export function runDataOpcodes(r: Registers): number {
  const { bytes, view, base, limit, memo, ring, marks } = r;
  let { at, stack, depth, fence } = r;
  let result = -1;

  run: while (at < limit) {
    if (depth + 2 >= stack.length) {
      if (depth > deepestStack) {
        r.broken = "a stack that grows without end";
        result = -2;
        break;
      }
      const grown = new Float64Array(stack.length * 2);
      grown.set(stack);
      stack = grown;
      r.stack = grown;
    }
    const opcode = bytes[at]!;
    switch (opcode) {
      case 0x4b: // BININT1
        stack[depth++] = base + at;
        at += 2;
        break;
      case 0x4d: // BININT2
        stack[depth++] = base + at;
        at += 3;
        break;
      case 0x4a: // BININT
        stack[depth++] = base + at;
        at += 5;
        break;
      case 0x47: // BINFLOAT
        stack[depth++] = base + at;
        at += 9;
        break;
      case 0x8a: // LONG1
        stack[depth++] = base + at;
        at += 2 + bytes[at + 1]!;
        break;
      case 0x8c: // SHORT_BINUNICODE: text that may hold a pickle is left to the caller
        if (bytes[at + 2] === 0xc2 && bytes[at + 3] === 0x80) {
          result = opcode;
          break run;
        }
        stack[depth++] = base + at;
        at += 2 + bytes[at + 1]!;
        break;
      case 0x58: // BINUNICODE
        if (bytes[at + 5] === 0xc2 && bytes[at + 6] === 0x80) {
          result = opcode;
          break run;
        }
        stack[depth++] = base + at;
        at += 5 + view.getUint32(at + 1, true);
        break;
      case 0x43: // SHORT_BINBYTES
      case 0x55: // SHORT_BINSTRING
        if (bytes[at + 1]! >= 8 && mayBePickle(bytes[at + 2]!, bytes[at + 3]!)) {
          result = opcode;
          break run;
        }
        stack[depth++] = base + at;
        at += 2 + bytes[at + 1]!;
        break;
      case 0x4e: // NONE
        stack[depth++] = none;
        at++;
        break;
      case 0x88: // NEWTRUE
        stack[depth++] = yes;
        at++;
        break;
      case 0x89: // NEWFALSE
        stack[depth++] = no;
        at++;
        break;

      case 0x28: // MARK
        marks.push(depth);
        fence = depth;
        at++;
        break;
      case 0x5d: // EMPTY_LIST
        stack[depth] = ring.container(kindCodes.list, stack, depth, depth);
        depth++;
        at++;
        break;
      case 0x7d: // EMPTY_DICT
        stack[depth] = ring.container(kindCodes.dict, stack, depth, depth);
        depth++;
        at++;
        break;
      case 0x29: // EMPTY_TUPLE
        stack[depth] = ring.container(kindCodes.tuple, stack, depth, depth);
        depth++;
        at++;
        break;
      case 0x8f: // EMPTY_SET
        stack[depth] = ring.container(kindCodes.set, stack, depth, depth);
        depth++;
        at++;
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const from = depth - (opcode - 0x84);
        if (from < fence) {
          r.broken = underflow;
          result = -2;
          break run;
        }
        stack[from] = ring.container(kindCodes.tuple, stack, from, depth);
        depth = from + 1;
        at++;
        break;
      }
      case 0x61: // APPEND
        if (depth - 2 < fence) {
          r.broken = underflow;
          result = -2;
          break run;
        }
        ring.add(stack[depth - 2]!, stack, depth - 1, depth);
        depth--;
        at++;
        break;
      case 0x73: // SETITEM
        if (depth - 3 < fence) {
          r.broken = underflow;
          result = -2;
          break run;
        }
        ring.add(stack[depth - 3]!, stack, depth - 2, depth);
        depth -= 2;
        at++;
        break;
      case 0x65: // APPENDS
      case 0x75: // SETITEMS
      case 0x90: // ADDITEMS
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x64: // DICT
      case 0x91: // FROZENSET
      case 0x31: {
        // POP_MARK
        if (marks.length === 0) {
          r.broken = "no mark on the stack";
          result = -2;
          break run;
        }
        const mark = marks.pop()!;
        fence = marks.length > 0 ? marks[marks.length - 1]! : 0;
        if (opcode === 0x65 || opcode === 0x75 || opcode === 0x90) {
          if (mark - 1 < fence || (opcode === 0x75 && ((depth - mark) & 1) === 1)) {
            r.broken = underflow;
            result = -2;
            break run;
          }
          ring.add(stack[mark - 1]!, stack, mark, depth);
          depth = mark;
        } else if (opcode === 0x31) depth = mark;
        else {
          const kind = opcode === 0x74 ? 0 : opcode === 0x6c ? 1 : opcode === 0x64 ? 2 : 3;
          stack[mark] = ring.container(kind, stack, mark, depth);
          depth = mark + 1;
        }
        at++;
        break;
      }
      case 0x30: // POP
        if (marks.length > 0 && marks[marks.length - 1] === depth) {
          marks.pop();
          fence = marks.length > 0 ? marks[marks.length - 1]! : 0;
        } else if (depth <= fence) {
          r.broken = underflow;
          result = -2;
          break run;
        } else depth--;
        at++;
        break;
      case 0x32: // DUP
      case 0x94: // MEMOIZE
      case 0x71: // BINPUT
      case 0x72: {
        // LONG_BINPUT
        if (depth <= fence) {
          r.broken = underflow;
          result = -2;
          break run;
        }
        const top = stack[depth - 1]!;
        if (opcode === 0x32) {
          stack[depth++] = top;
          r.copies++;
          at++;
          break;
        }
        const index = opcode === 0x94 ? memo.size : opcode === 0x71 ? bytes[at + 1]! : view.getUint32(at + 1, true);
        if (!memo.set(index, top)) {
          r.broken = memoFull;
          result = -2;
          break run;
        }
        at += opcode === 0x94 ? 1 : opcode === 0x71 ? 2 : 5;
        break;
      }
      case 0x68: // BINGET
      case 0x6a: {
        // LONG_BINGET
        const value = memo.get(opcode === 0x68 ? bytes[at + 1]! : view.getUint32(at + 1, true));
        if (Number.isNaN(value)) {
          r.broken = "a memo entry that was never set";
          result = -2;
          break run;
        }
        stack[depth++] = value;
        at += opcode === 0x68 ? 2 : 5;
        break;
      }
      case 0x98: // READONLY_BUFFER
        at++;
        break;
      case 0x97: // NEXT_BUFFER
        stack[depth++] = opaque;
        at++;
        break;
      default:
        result = opcode;
        break run;
    }
  }
  r.at = at;
  r.depth = depth;
  r.fence = fence;
  return result;
}

export const underflow = "the stack is empty where a value is needed";
export const memoFull = "more memo entries than a survey keeps";

/** First opcodes of pickles that call something: a header, or one of protocol 0 and 1. */
const starts = new Uint8Array(256);
for (const opcode of [
  0x63, 0x28, 0x5d, 0x7d, 0x29, 0x4e, 0x49, 0x4b, 0x4a, 0x4d, 0x53, 0x56, 0x58, 0x55, 0x69, 0x8c, 0x95, 0x50,
])
  starts[opcode] = 1;

/** Whether bytes that begin so are worth to be tried as a pickle. */
export function mayBePickle(first: number, second: number): boolean {
  return first === 0x80 ? second <= 5 : starts[first] === 1;
}
