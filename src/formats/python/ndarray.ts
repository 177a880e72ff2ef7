// numpy arrays as they stand in files: type, shape and bytes, read element by element only where asked.
import { IngotError } from "../../core/index.ts";
import type { PyValue } from "./values.ts";

/** A numpy dtype. `kind` as numpy's: b i u f c = numbers, S bytes, U text (UTF-32), O objects, V structured, M m dates. */
export interface NumpyDtype {
  readonly kind: "b" | "i" | "u" | "f" | "c" | "S" | "U" | "O" | "V" | "M" | "m";
  /** Bytes per element. */
  readonly size: number;
  readonly littleEndian: boolean;
  /** Fields of a structured type, by their offset in the element. */
  readonly fields?: readonly {
    readonly name: string;
    readonly dtype: NumpyDtype;
    readonly offset: number;
    readonly shape?: readonly number[];
  }[];
  /** Unit of dates, e.g. `ns`. */
  readonly unit?: string;
}

/** An array; `data` is checked to hold `shape` elements, and is a view of the file where the file allows it. */
export class NdArray {
  readonly dtype: NumpyDtype;
  readonly shape: readonly number[];
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  /** Raw elements, or the objects of kind `O` in the same order. */
  readonly data: Uint8Array | readonly PyValue[];

  constructor(dtype: NumpyDtype, shape: readonly number[], fortran: boolean, data: Uint8Array | readonly PyValue[]) {
    this.dtype = dtype;
    this.shape = shape;
    this.fortran = fortran;
    this.data = data;
  }

  /** Number of elements. */
  get length(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Elements in C order as float64; of bool, integer and float arrays, int64 beyond 2^53 rounded. @throws MODEL_INVALID */
  floats(): Float64Array {
    throw notRead(this, "numbers");
  }

  /** Elements in C order as numbers that are integers. @throws MODEL_INVALID (other kinds, beyond ±2^53) */
  integers(): number[] {
    throw notRead(this, "integers");
  }

  /** Elements in C order as text, of kinds U and S and of objects that are all text. @throws MODEL_INVALID */
  strings(): string[] {
    throw notRead(this, "text");
  }

  /** Elements in C order as Python values: number | bigint for i and u, PyFloat, boolean, string, object. */
  values(): PyValue[] {
    throw notRead(this, "values");
  }

  /** One field of a structured array, as an array of the same shape. @throws MODEL_INVALID when there is none */
  field(name: string): NdArray {
    throw notRead(this, name);
  }
}

function notRead(array: NdArray, what: string): IngotError {
  return new IngotError("MODEL_INVALID", { what: `an array of kind ${array.dtype.kind} holds no ${what}` });
}
