// Small pickles that become large where they are loaded or shown.
import type { Registers } from "./data_opcodes.ts";

/** Numbers of the memo beyond which Python's unpickler needs more than 100 MB for it. */
const farMemo = 2 ** 24;
/** DUP is in no pickle that Python or PyTorch writes. */
const mostCopies = 100;

export function bombsIn({ memo, copies }: Registers): string[] {
  const found: string[] = [];
  if (memo.largest > farMemo && memo.largest > 8 * memo.size)
    found.push(`memo numbers up to ${memo.largest} for ${memo.size} objects: loading takes memory for all of them`);
  if (copies > mostCopies) found.push(`${copies} objects are put on the stack twice, which no pickler writes`);
  return found;
}
