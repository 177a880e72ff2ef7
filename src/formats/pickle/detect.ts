// Whether bytes are a pickle: a header from protocol 2 on, else opcodes that make sense.
import { IngotError } from "../../core/index.ts";
import { Machine } from "./machine.ts";

const headSize = 64 * 1024;

/**
 * Protocols 2 to 5 by their header. Protocols 0 and 1 have none: they are run, and count as pickles when they end at the end of
 * the file, are cut off by the end of the head, or have called something before they broke: that is what an attack would do.
 */
export function looksLikePickle(head: Uint8Array, size: number): boolean {
  if (head.length < 2) return false;
  if (head[0] === 0x80) return head[1]! <= 5;
  const bytes = head.subarray(0, headSize);
  const machine = new Machine(bytes, "", {});
  try {
    const { end } = machine.run();
    return end === size || machine.calls > 0;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return machine.calls > 0 || (error.code === "FILE_TRUNCATED" && size > head.length && machine.steps > 8);
  }
}
