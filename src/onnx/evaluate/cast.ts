// Cast between types, as ONNX Runtime's CPU kernel does it.
import { type DType, IngotError, quoted } from "../../core/index.ts";
import { dataTypeOf } from "../data_types.ts";
import type { Tensor } from "../tensor.ts";
import { allocate, given, isLong, type Operator, unsupported, writable } from "./kernel.ts";

interface Width {
  readonly bits: number;
  readonly signed: boolean;
  /** Floats from `low` up to, not including, `high` are truncated and wrapped; all others and NaN become `outside`. */
  readonly low: number;
  readonly high: number;
  readonly outside: bigint;
}

/** ONNX leaves floats out of range undefined; the answers here are fixed, and those of ONNX Runtime on x86. */
const widths: Partial<Record<DType, Width>> = {
  int8: { bits: 8, signed: true, low: -(2 ** 31), high: 2 ** 31, outside: 0n },
  uint8: { bits: 8, signed: false, low: -(2 ** 31), high: 2 ** 31, outside: 0n },
  int16: { bits: 16, signed: true, low: -(2 ** 31), high: 2 ** 31, outside: 0n },
  uint16: { bits: 16, signed: false, low: -(2 ** 31), high: 2 ** 31, outside: 0n },
  int32: { bits: 32, signed: true, low: -(2 ** 31), high: 2 ** 31, outside: -(2n ** 31n) },
  uint32: { bits: 32, signed: false, low: -(2 ** 31), high: 2 ** 32, outside: 0n },
  int64: { bits: 64, signed: true, low: -(2 ** 63), high: 2 ** 63, outside: -(2n ** 63n) },
  uint64: { bits: 64, signed: false, low: -(2 ** 63), high: 2 ** 64, outside: 2n ** 63n },
};

export const cast: Operator = (attributes) => {
  const code = attributes.int("to", 0);
  const to = dataTypeOf(code)?.dtype;
  if (!to) throw unsupported(`Cast to type ${code}`);
  return (inputs) => [castTo(given(inputs, 0), to)];
};

export function castTo(input: Tensor, to: DType): Tensor {
  if (input.dtype === to) return input;
  const data = allocate(to, input.dims);
  const out = writable(data);
  const convert = converter(input.dtype, to);
  for (let i = 0; i < data.length; i++) out[i] = convert(input.data[i]!);
  return { dtype: to, dims: input.dims, data };
}

type Element = number | bigint | string;

function converter(from: DType, to: DType): (value: Element) => Element {
  if (from === "string") return fromText(to);
  if (to === "string") return toText(from);
  if (to === "bool") return (value) => (Number(value) !== 0 ? 1 : 0);
  if (to === "float32" && isLong(from)) return (value) => nearestFloat32(value as bigint);
  if (to === "float32" || to === "float64") return (value) => Number(value);
  const width = widths[to];
  if (!width) throw unsupported(`Cast from ${from} to ${to}`);
  const { bits, low, high, outside } = width;
  const wrap = (value: bigint) => (width.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const narrow = (value: bigint) => (isLong(to) ? wrap(value) : Number(wrap(value)));
  if (isLong(from)) return (value) => narrow(value as bigint);
  return (value) => {
    const whole = Math.trunc(value as number);
    return narrow(whole >= low && whole < high ? BigInt(whole) : outside);
  };
}

/** Rounded once: by way of a double, a value just above the middle of two float32 would be rounded down. */
function nearestFloat32(value: bigint): number {
  const double = Number(value);
  if (Number.isSafeInteger(double)) return Math.fround(double);
  // The low 11 bits only decide ties, so one bit that says whether any is set stands for them all.
  const rest = BigInt.asUintN(11, value) === 0n ? 0n : 1n;
  return Math.fround(Number((value >> 11n) | rest)) * 2 ** 11;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function fromText(to: DType): (value: Element) => Element {
  if (to !== "float32" && to !== "float64" && !isLong(to) && to !== "int32")
    throw unsupported(`Cast from string to ${to}`);
  return (value) => {
    const text = (value as string).trim();
    if (to === "float32" || to === "float64") {
      const special = { nan: Number.NaN, inf: Infinity, "+inf": Infinity, "-inf": -Infinity }[text.toLowerCase()];
      if (special !== undefined) return special;
    }
    const isNumber = to.startsWith("float") ? decimal.test(text) : /^[+-]?\d{1,20}$/.test(text);
    const number = isNumber && (isLong(to) ? BigInt(text) : Number(text));
    if (number === false || (to === "int32" && number !== (Number(number) | 0)))
      throw new IngotError("INPUT_INVALID", { what: `the text ${quoted(text)} is no ${to}` });
    return number;
  };
}

function toText(from: DType): (value: Element) => Element {
  // Floats: ONNX Runtime prints %.8g / %.17g, which differ from JavaScript's shortest form.
  if (from.includes("float")) throw unsupported(`Cast from ${from} to string`);
  return from === "bool" ? (value) => (value === 0 ? "0" : "1") : (value) => String(value);
}
