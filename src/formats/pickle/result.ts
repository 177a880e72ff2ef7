// What reading a pickle takes and gives.
import type { PyGlobal, PyObject, PyValue } from "../python/values.ts";

export interface PickleOptions {
  /** Where the pickle begins. */
  readonly start?: number;
  /**
   * Called after BUILD set the state of an object, with the offset of the next opcode: joblib puts the bytes of arrays there.
   * What it returns replaces the object on the stack (not in the memo), and reading goes on at `next`.
   */
  readonly onBuild?: (object: PyObject, at: number) => { readonly value: PyValue; readonly next: number } | undefined;
  /** Buffers of protocol 5 that are kept outside of the stream. */
  readonly buffers?: Iterator<Uint8Array>;
  /** Most opcodes to run; default 2^27. */
  readonly mostOpcodes?: number;
}

export interface PickleResult {
  readonly value: PyValue;
  /** Offset behind STOP. */
  readonly end: number;
  readonly protocol: number;
  readonly opcodes: number;
  /** Classes and functions that loading it would import, in the order of their first use. */
  readonly globals: readonly PyGlobal[];
}
