// What a walk over a pickle is told, and what it tells.
import type { Soon } from "../../core/index.ts";
import type { PyGlobal, PyObject } from "../python/values.ts";

export interface WalkOptions {
  /** Where the pickle begins, and where it has to end. */
  readonly start?: number;
  readonly end?: number;
  /** Bytes read at a time. */
  readonly window?: number;
  /** How many pickles this one is inside of. */
  readonly depth?: number;
  /** PERSID and BINPERSID are part of this format (PyTorch). */
  readonly persistent?: boolean;
  /**
   * Called after BUILD of an object of a class `…Wrapper`, with the offset of the next opcode: joblib puts the bytes of arrays
   * there. Returns where opcodes go on, having covered what is between; null where nothing is.
   */
  readonly onBuild?: (object: PyObject, at: number) => Soon<number | null>;
}

export interface Walked {
  /** Behind STOP, or where the stream broke. */
  readonly end: number;
  /** Whether it came to STOP. */
  readonly complete: boolean;
  readonly protocol: number;
  readonly calls: number;
  readonly globals: readonly PyGlobal[];
}
