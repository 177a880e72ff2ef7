// Cast between types, as ONNX Runtime's CPU kernel does it.
import { type DType, IngotError } from "../../core/index.ts";
import { dataTypeOf } from "../data_types.ts";
import type { Tensor } from "../tensor.ts";
import { allocate, given, isLong, type Operator, unsupported, writable } from "./kernel.ts";

const bounds: Partial<Record<DType, readonly [bits: number, signed: boolean]>> = {
  int8: [8, true],
  int16: [16, true],
  int32: [32, true],
  int64: [64, true],
  uint8: [8, false],
  uint16: [16, false],
  uint32: [32, false],
  uint64: [64, false],
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
  if (to === "float32" || to === "float64") return (value) => Number(value);
  const bound = bounds[to];
  if (!bound) throw unsupported(`Cast from ${from} to ${to}`);
  const [bits, signed] = bound;
  const wrap = (value: bigint) => (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const narrow = (value: bigint) => (isLong(to) ? wrap(value) : Number(wrap(value)));
  if (isLong(from)) return (value) => narrow(value as bigint);
  // Out of range and NaN are undefined in ONNX; a fixed answer keeps the runtime deterministic (x86: the smallest integer).
  const smallest = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = 2 ** (signed ? bits - 1 : bits);
  return (value) => {
    const whole = Math.trunc(value as number);
    return narrow(whole >= low && whole < high ? BigInt(whole) : smallest);
  };
}

function fromText(to: DType): (value: Element) => Element {
  if (to !== "float32" && to !== "float64" && !isLong(to) && to !== "int32")
    throw unsupported(`Cast from string to ${to}`);
  return (value) => {
    const text = (value as string).trim();
    if (to === "float32" || to === "float64") {
      const special = { nan: Number.NaN, inf: Infinity, "+inf": Infinity, "-inf": -Infinity }[text.toLowerCase()];
      if (special !== undefined) return special;
    }
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
      throw new IngotError("INPUT_INVALID", { what: `the text "${text.slice(0, 60)}" is no number` });
    return isLong(to) ? BigInt(text) : Number(text);
  };
}

function toText(from: DType): (value: Element) => Element {
  // Floats: ONNX Runtime prints %.8g / %.17g, which differ from JavaScript's shortest form.
  if (from.includes("float")) throw unsupported(`Cast from ${from} to string`);
  return from === "bool" ? (value) => (value === 0 ? "0" : "1") : (value) => String(value);
}
