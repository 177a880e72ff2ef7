// numpy arrays as they stand in files: type, shape and bytes, read element by element only where asked.
import { IngotError, quoted } from "../../core/index.ts";
import { bytesText, elementReader, numberReader, utf32Text } from "./elements.ts";
import { PyFloat, type PyValue } from "./values.ts";

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

  /**
   * Elements in C order as float64; of bool, integer and float arrays, int64 beyond 2^53 rounded; of object arrays whose
   * elements are numbers. A view of the file where that has aligned little-endian float64: do not write to it.
   * @throws MODEL_INVALID
   */
  floats(): Float64Array {
    const { dtype, data } = this;
    const count = this.length;
    if (Array.isArray(data)) return Float64Array.from(this.inOrder((i) => numberOf(data[i]) ?? this.refuse("numbers")));
    const bytes = data as Uint8Array;
    if (!"biuf".includes(dtype.kind)) this.refuse("numbers");
    const ordered = !this.fortran || this.shape.length < 2;
    if (ordered && dtype.kind === "f" && dtype.size === 8 && dtype.littleEndian) {
      if (bytes.byteOffset % 8 === 0) return new Float64Array(bytes.buffer, bytes.byteOffset, count);
      const copy = new Float64Array(count);
      new Uint8Array(copy.buffer).set(bytes.subarray(0, count * 8));
      return copy;
    }
    const read = numberReader(dtype, bytes);
    const floats = new Float64Array(count);
    if (ordered) for (let i = 0; i < count; i++) floats[i] = read(i * dtype.size);
    else this.eachInOrder((from, to) => (floats[to] = read(from * dtype.size)));
    return floats;
  }

  /** Elements in C order as numbers that are integers. @throws MODEL_INVALID (other kinds, beyond ±2^53) */
  integers(): number[] {
    if (!"biuO".includes(this.dtype.kind)) this.refuse("integers");
    const values = this.values();
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value === "boolean") values[i] = Number(value);
      else if (typeof value === "bigint") this.refuse(`integers up to 2^53 only: ${value}`);
      else if (typeof value !== "number") this.refuse("integers");
    }
    return values as number[];
  }

  /** Elements in C order as text, of kinds U and S and of objects that are all text. @throws MODEL_INVALID */
  strings(): string[] {
    const { dtype, data } = this;
    if (Array.isArray(data))
      return this.inOrder((i) => (typeof data[i] === "string" ? (data[i] as string) : this.refuse("text")));
    const bytes = data as Uint8Array;
    if (dtype.kind === "U")
      return this.inOrder((i) => utf32Text(bytes, i * dtype.size, dtype) ?? this.refuse("valid text"));
    if (dtype.kind === "S") return this.inOrder((i) => bytesText(bytes, i * dtype.size, dtype.size));
    return this.refuse("text");
  }

  /** Elements in C order as Python values: number | bigint for i and u, PyFloat, boolean, string, object. */
  values(): PyValue[] {
    const { data } = this;
    if (Array.isArray(data)) return this.inOrder((i) => data[i] as PyValue);
    const read = elementReader(this.dtype, data as Uint8Array);
    return this.inOrder((i) => read(i * this.dtype.size));
  }

  /** One field of a structured array, as an array of the same shape. @throws MODEL_INVALID when there is none */
  field(name: string): NdArray {
    const field = this.dtype.fields?.find((candidate) => candidate.name === name);
    if (!field) {
      const names = this.dtype.fields?.map((candidate) => candidate.name).join(", ") ?? "none";
      throw new IngotError("MODEL_INVALID", { what: `an array has no field ${quoted(name)}, only ${names}` });
    }
    const bytes = this.data as Uint8Array;
    const inner = field.shape ?? [];
    const size = field.dtype.size * inner.reduce((product, length) => product * length, 1);
    const count = this.length;
    const column = new Uint8Array(count * size);
    // Subarrays are in C order inside of their element, so the outer elements are brought into C order, too.
    this.eachInOrder((from, to) => {
      const start = from * this.dtype.size + field.offset;
      for (let i = 0; i < size; i++) column[to * size + i] = bytes[start + i]!;
    });
    return new NdArray(field.dtype, [...this.shape, ...inner], false, column);
  }

  private inOrder<T>(read: (index: number) => T): T[] {
    const result = new Array<T>(this.length);
    this.eachInOrder((from, to) => (result[to] = read(from)));
    return result;
  }

  /** Calls with the stored index of every element, in C order. */
  private eachInOrder(visit: (from: number, to: number) => void): void {
    const { shape } = this;
    const count = this.length;
    if (!this.fortran || shape.length < 2) {
      for (let i = 0; i < count; i++) visit(i, i);
      return;
    }
    const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
    const index = new Array<number>(shape.length).fill(0);
    let from = 0;
    for (let to = 0; to < count; to++) {
      visit(from, to);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += strides[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        from -= strides[axis]! * shape[axis]!;
        index[axis] = 0;
      }
    }
  }

  private refuse(what: string): never {
    throw new IngotError("MODEL_INVALID", {
      what: `an array of dtype ${dtypeText(this.dtype)} and shape (${this.shape.join(", ")}) does not hold ${what}`,
    });
  }
}

/** A float, integer or boolean as a number; undefined for everything else. */
export function numberOf(value: PyValue | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (value instanceof PyFloat) return value.value;
  if (typeof value === "boolean" || typeof value === "bigint") return Number(value);
  return undefined;
}

/** As numpy writes it: `float64`, `<U10`, `object`. */
export function dtypeText(dtype: NumpyDtype): string {
  const bits = dtype.size * 8;
  switch (dtype.kind) {
    case "b":
      return "bool";
    case "i":
      return `int${bits}`;
    case "u":
      return `uint${bits}`;
    case "f":
      return `float${bits}`;
    case "c":
      return `complex${bits}`;
    case "O":
      return "object";
    case "U":
      return `<U${dtype.size / 4}`;
    case "M":
    case "m":
      return `${dtype.kind === "M" ? "datetime64" : "timedelta64"}${dtype.unit ? `[${dtype.unit}]` : ""}`;
    default:
      return `${dtype.kind}${dtype.size}`;
  }
}
