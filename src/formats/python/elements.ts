// Elements of numpy arrays, one at a time, by the byte at which they start.
import { IngotError } from "../../core/index.ts";
import { fromFloat16 } from "../../onnx/index.ts";
import { NdArray, type NumpyDtype } from "./ndarray.ts";
import { PyComplex, PyFloat, type PyValue } from "./values.ts";

/** Reads numbers of kinds b, i, u and f. @throws MODEL_UNSUPPORTED for the 80-bit and 128-bit floats of C */
export function numberReader(dtype: NumpyDtype, bytes: Uint8Array): (at: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = dtype.littleEndian;
  switch (`${dtype.kind}${dtype.size}`) {
    case "b1":
      return (at) => (bytes[at] === 0 ? 0 : 1);
    case "i1":
      return (at) => view.getInt8(at);
    case "i2":
      return (at) => view.getInt16(at, little);
    case "i4":
      return (at) => view.getInt32(at, little);
    case "i8":
      return (at) => Number(view.getBigInt64(at, little));
    case "u1":
      return (at) => bytes[at]!;
    case "u2":
      return (at) => view.getUint16(at, little);
    case "u4":
      return (at) => view.getUint32(at, little);
    case "u8":
      return (at) => Number(view.getBigUint64(at, little));
    case "f2":
      return (at) => fromFloat16(view.getUint16(at, little));
    case "f4":
      return (at) => view.getFloat32(at, little);
    case "f8":
      return (at) => view.getFloat64(at, little);
    default:
      throw new IngotError("MODEL_UNSUPPORTED", {
        what: `numpy: numbers of ${dtype.size} bytes, kind ${dtype.kind}, cannot be read`,
        fix: "store the array as float64",
      });
  }
}

/** Reads any element as a Python value; dates as their integer count of units. */
export function elementReader(dtype: NumpyDtype, bytes: Uint8Array): (at: number) => PyValue {
  switch (dtype.kind) {
    case "b":
      return (at) => bytes[at] !== 0;
    case "i":
    case "u":
    case "M":
    case "m": {
      if (dtype.size < 8) return numberReader(dtype, bytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return (at) => {
        const value =
          dtype.kind === "u" ? view.getBigUint64(at, dtype.littleEndian) : view.getBigInt64(at, dtype.littleEndian);
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      };
    }
    case "f": {
      const read = numberReader(dtype, bytes);
      return (at) => new PyFloat(read(at));
    }
    case "c": {
      const half = dtype.size / 2;
      const read = numberReader({ kind: "f", size: half, littleEndian: dtype.littleEndian }, bytes);
      return (at) => new PyComplex(read(at), read(at + half));
    }
    case "U":
      return (at) => {
        const text = utf32Text(bytes, at, dtype);
        if (text === null) throw new IngotError("MODEL_INVALID", { what: "numpy: text that is no UTF-32" });
        return text;
      };
    case "S":
      return (at) => withoutPadding(bytes, at, dtype.size);
    default:
      return (at) => new NdArray(dtype, [], false, bytes.subarray(at, at + dtype.size));
  }
}

/** UTF-32 without its NUL padding; null where it is none. */
export function utf32Text(bytes: Uint8Array, at: number, dtype: NumpyDtype): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, dtype.size);
  let end = dtype.size;
  while (end > 0 && view.getUint32(end - 4, dtype.littleEndian) === 0) end -= 4;
  let text = "";
  for (let i = 0; i < end; i += 4) {
    const code = view.getUint32(i, dtype.littleEndian);
    if (code > 0x10ffff) return null;
    text += String.fromCodePoint(code);
  }
  return text;
}

/** Bytes of kind S without their NUL padding, read as UTF-8 (what `str` of Python 2 mostly was). */
export function bytesText(bytes: Uint8Array, at: number, size: number): string {
  const part = withoutPadding(bytes, at, size);
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("utf8");
}

function withoutPadding(bytes: Uint8Array, at: number, size: number): Uint8Array {
  let end = at + size;
  while (end > at && bytes[end - 1] === 0) end--;
  return bytes.subarray(at, end);
}
