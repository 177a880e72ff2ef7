// Whether bytes are a pickle: a header from protocol 2 on, else opcodes that make sense.
import { IngotError } from "../../core/index.ts";
import { Machine } from "./machine.ts";

const headSize = 64 * 1024;
/** Bytes that run this long as opcodes are a pickle. */
const enoughOpcodes = 400;

/**
 * Protocols 2 to 5 by their header. Protocols 0 and 1 have none: they are run, and count as pickles when they end at the end of
 * the file, are cut off by the end of the head, or have called something before they broke: that is what an attack would do.
 */
export function looksLikePickle(head: Uint8Array, size: number): boolean {
  if (head.length < 2) return false;
  if (head[0] === 0x80) return head[1]! <= 5;
  if (!mayBegin.has(head[0]!) || isZipMember(head)) return false;
  const before = answers.get(head);
  if (before !== undefined) return before;
  const answer = runsAsPickle(head.subarray(0, headSize), head, size);
  answers.set(head, answer);
  return answer;
}

/**
 * `PK` reads as a persistent id up to the next line end. Where that lies in the content of the first member, what follows is scanned as that
 * content: a stored .npz of objects has the pickle of its array there. Where it lies in the header, the bytes behind it belong to nobody else.
 */
function isZipMember(head: Uint8Array): boolean {
  if (head[0] !== 0x50 || head[1] !== 0x4b || head[2] !== 3 || head[3] !== 4 || head.length < 30) return false;
  const content = 30 + head[26]! + head[27]! * 256 + head[28]! + head[29]! * 256;
  const lineEnd = head.indexOf(10);
  return lineEnd < 0 || lineEnd >= content;
}

/** Opcodes that need nothing on the stack: any other one cannot be the first. */
const mayBegin = new Set(
  Buffer.from("(])}IJKMLFGSTUVXBCNPcijpq\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97", "latin1"),
);
/** Several formats ask about the same bytes. */
const answers = new WeakMap<Uint8Array, boolean>();

function runsAsPickle(bytes: Uint8Array, head: Uint8Array, size: number): boolean {
  const machine = new Machine(bytes, "", { mostOpcodes: enoughOpcodes });
  // Most files are no pickles: nobody will read where that was found out.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (;;) {
      const result = machine.next();
      // What follows a call cannot make it less of a pickle.
      if (machine.calls > 0) return true;
      if (result) return result.end === size;
    }
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const isCutOff = error.code === "FILE_TRUNCATED" && size > head.length && machine.steps > 8;
    return machine.calls > 0 || isCutOff || machine.steps > enoughOpcodes;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
