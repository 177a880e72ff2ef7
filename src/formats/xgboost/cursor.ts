// One way to walk a document, whether its bytes are JSON or UBJSON: the model is read by the same code from both.
import { IngotError } from "../../core/index.ts";

/** Numbers of unknown count, in one typed array that grows. */
export interface NumberSink {
  /** Makes room for `count` more; called before a run whose length is known. */
  reserve(count: number): void;
  push(value: number): void;
}

/** What a value is, told from its first byte. */
export type Kind = "object" | "array" | "string" | "number" | "boolean" | "null";

/**
 * Stands on a value; each method consumes it. Values that are not what the caller asks for are refused.
 * @throws IngotError FILE_MALFORMED, FILE_TRUNCATED with the byte where it happened
 */
export interface Cursor {
  /** `model.json at byte 12`. */
  where(): string;
  kind(): Kind;
  /** For each member: the cursor stands on its value, which the callback must consume. Keys are unique. */
  object(onMember: (key: string) => void): void;
  array(onItem: (index: number) => void): void;
  /** A flat array of numbers (or booleans as 0 and 1), appended to the sink. Returns how many there were. */
  numbers(sink: NumberSink): number;
  text(): string;
  number(): number;
  skip(): void;
  /** Nothing but white space may follow. */
  end(): void;
  /** A place to come back to with `seek`. */
  readonly position: number;
  seek(position: number): void;
}

/** Deepest nesting: XGBoost's own files have ten levels. */
export const deepest = 64;

type NumberArray = Int32Array | Float32Array | Float64Array | Uint8Array;

/** A growing column of numbers. Integers out of the array's range are caught by the caller's checks on the values. */
export class Column<T extends NumberArray> implements NumberSink {
  #data: T;
  #length = 0;
  /** Set when a value did not survive being stored: an integer column got 1.5 or 2^40. */
  lossy = false;
  readonly #isFloat: boolean;

  constructor(make: (length: number) => T) {
    this.#data = make(64);
    this.#isFloat = !(this.#data instanceof Int32Array || this.#data instanceof Uint8Array);
  }

  get length(): number {
    return this.#length;
  }

  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#data.length) return;
    const length = Math.max(needed, Math.ceil(this.#data.length * 1.5));
    // Moved: the old memory is free at once, not when garbage is collected next. Views of it end.
    const moved = (this.#data.buffer as ArrayBuffer).transfer(length * this.#data.BYTES_PER_ELEMENT);
    this.#data = new (this.#data.constructor as new (buffer: ArrayBuffer) => T)(moved);
  }

  push(value: number): void {
    if (this.#length === this.#data.length) this.reserve(1);
    this.#data[this.#length] = value;
    if (!this.#isFloat && this.#data[this.#length] !== value) this.lossy = true;
    this.#length++;
  }

  /** The numbers so far, as a view that ends when more come. */
  view(): T {
    return this.#data.subarray(0, this.#length) as T;
  }
}

export const int32Column = () => new Column((length) => new Int32Array(length));
export const uint8Column = () => new Column((length) => new Uint8Array(length));
export const float32Column = () => new Column((length) => new Float32Array(length));
export const float64Column = () => new Column((length) => new Float64Array(length));

/** The array of numbers that the cursor stands on. @throws IngotError MODEL_INVALID for 1.5 or 2^32 among integers */
export function numbersOf<T extends NumberArray>(cursor: Cursor, column: Column<T>, field: string): T {
  const where = cursor.where();
  cursor.numbers(column);
  if (column.lossy) throw new IngotError("MODEL_INVALID", { what: `\`${field}\` holds what is no index`, where });
  return column.view();
}

/** A count as XGBoost writes it, in digits; NaN for any other text (`Number` would take "" and "0x2"). */
export function countIn(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
