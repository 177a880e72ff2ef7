// Operators that work element by element, with broadcasting (ONNX, Broadcasting.md). float32 results are the double result
// rounded once: exact for + - * / sqrt, and the same on every machine with one JavaScript engine for the rest.
import { type DType, IngotError } from "../../core/index.ts";
import { erf } from "../error_function.ts";
import type { Tensor } from "../tensor.ts";
import { castTo } from "./cast.ts";
import { allocate, given, isLong, type Kernel, type Operator, stridesOf, writable } from "./kernel.ts";

type Numbers = { [index: number]: number; readonly length: number };

/** The common shape. @throws IngotError INPUT_INVALID */
export function broadcastDims(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const dims of shapes) {
      const own = dims[axis - rank + dims.length] ?? 1;
      if (own === 1 || own === size) continue;
      if (size !== 1)
        throw new IngotError("INPUT_INVALID", {
          what: `shapes ${shapes.map((dims) => `[${dims}]`).join(" and ")} do not fit`,
        });
      size = own;
    }
    return size;
  });
}

/** Position in `tensor` of every element of the broadcast shape; null when they are the same. */
export function broadcastIndex(tensor: Tensor, dims: readonly number[]): Int32Array | null {
  const own = tensor.dims;
  if (own.length === dims.length && own.every((size, axis) => size === dims[axis])) return null;
  const count = dims.reduce((product, size) => product * size, 1);
  const index = new Int32Array(count);
  if (tensor.data.length === 1) return index;
  const offset = dims.length - own.length;
  const strides = stridesOf(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
  const counter = new Array<number>(dims.length).fill(0);
  let position = 0;
  for (let i = 0; i < count; i++) {
    index[i] = position;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const stride = strides[axis - offset] ?? 0;
      position += stride;
      if (++counter[axis]! < dims[axis]!) break;
      position -= stride * dims[axis]!;
      counter[axis] = 0;
    }
  }
  return index;
}

/** JavaScript's operators serve numbers and bigints alike; both sides always have one type here. */
type Binary = (a: number, b: number, dtype: DType) => number;

function binary(compute: Binary, result?: DType): Operator {
  return () => (inputs) => {
    const a = given(inputs, 0);
    const b = given(inputs, 1);
    return [combine(a, b, compute, result)];
  };
}

function combine(a: Tensor, b: Tensor, compute: Binary, result?: DType): Tensor {
  const dims = broadcastDims(a.dims, b.dims);
  const dtype = result ?? a.dtype;
  const data = allocate(dtype, dims);
  const out = data as unknown as Numbers;
  const [x, y] = [a.data as unknown as Numbers, b.data as unknown as Numbers];
  const [atX, atY] = [broadcastIndex(a, dims), broadcastIndex(b, dims)];
  for (let i = 0; i < out.length; i++) out[i] = compute(x[atX ? atX[i]! : i]!, y[atY ? atY[i]! : i]!, a.dtype);
  return { dtype, dims, data };
}

/** Min, Max, Sum, Mean of any number of values. */
function variadic(compute: Binary): Operator {
  return () => (inputs) => {
    const values = inputs.map((_, index) => given(inputs, index));
    return [values.slice(1).reduce((left, right) => combine(left, right, compute), values[0]!)];
  };
}

function unary(compute: (value: number, dtype: DType) => number, result?: DType): Operator {
  return () => (inputs) => {
    const input = given(inputs, 0);
    return [mapped(input, result ?? input.dtype, compute)];
  };
}

function mapped(input: Tensor, dtype: DType, compute: (value: number, dtype: DType) => number): Tensor {
  const data = allocate(dtype, input.dims);
  const out = data as unknown as Numbers;
  const values = input.data as unknown as Numbers;
  for (let i = 0; i < out.length; i++) out[i] = compute(values[i]!, input.dtype);
  return { dtype, dims: input.dims, data };
}

/** Math.min and Math.max take no bigint. A NaN on either side wins. */
function extreme(a: number, b: number, isFirst: boolean): number {
  if (Number.isNaN(a)) return a;
  return isFirst ? a : b;
}

const truth = (value: boolean) => (value ? 1 : 0);

function divide(a: number, b: number, dtype: DType): number {
  if (dtype.includes("float")) return a / b;
  if (isLong(dtype)) return a / b;
  return Math.trunc(a / b);
}

/** C's pow, which knows more cases than JavaScript's: 1 to any power is 1, and so is -1 to an infinite one. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

const pow: Operator = () => (inputs) => {
  const [base, exponent] = [given(inputs, 0), given(inputs, 1)];
  const plain = isLong(exponent.dtype) ? castTo(exponent, "float64") : exponent;
  if (base.dtype.startsWith("float")) return [combine(base, plain, power)];
  // As in ONNX Runtime: computed in double, so that a large exponent costs nothing.
  return [castTo(combine(castTo(base, "float64"), plain, power), base.dtype)];
};

function multiply(a: number, b: number, dtype: DType): number {
  return dtype === "int32" || dtype === "uint32" ? Math.imul(a, b) : a * b;
}

const modulo: Operator = (attributes) => {
  const keepsSign = attributes.int("fmod", 0) === 1;
  return (inputs) => {
    const zero = (isLong(given(inputs, 0).dtype) ? 0n : 0) as number;
    return [
      combine(given(inputs, 0), given(inputs, 1), (a, b) => {
        const rest = a % b;
        // The sign of the divisor, as in Python; with fmod that of the dividend, as in C.
        return keepsSign || rest === zero || rest < zero === b < zero ? rest : rest + b;
      }),
    ];
  };
};

/** Half to even, as ONNX says. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  // An integer, an infinity (whose rest is NaN).
  if (!(rest > 0)) return value;
  const isDown = rest < 0.5 || (rest === 0.5 && floor % 2 === 0);
  // -0.3 becomes -0.
  return isDown ? floor : -(-floor - 1);
}

/** -0 stays -0, unlike Math.max(-0, 0). */
function relu(value: number): number {
  if (value < 0) return 0;
  return value;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

const clip: Operator = () => (inputs) => {
  const input = given(inputs, 0);
  const low = inputs[1]?.data[0] as number | undefined;
  const high = inputs[2]?.data[0] as number | undefined;
  return [
    mapped(input, input.dtype, (value) => {
      if (low !== undefined && value < low) return low;
      return high !== undefined && value > high ? high : value;
    }),
  ];
};

const where: Operator = () => (inputs) => {
  const [condition, a, b] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)];
  const dims = broadcastDims(condition.dims, a.dims, b.dims);
  const data = allocate(a.dtype, dims);
  const out = writable(data);
  const [atC, atA, atB] = [condition, a, b].map((tensor) => broadcastIndex(tensor, dims));
  for (let i = 0; i < data.length; i++)
    out[i] = condition.data[atC ? atC[i]! : i] ? a.data[atA ? atA[i]! : i] : b.data[atB ? atB[i]! : i];
  return [{ dtype: a.dtype, dims, data }];
};

const isInf: Operator = (attributes) => {
  const negative = attributes.int("detect_negative", 1) === 1;
  const positive = attributes.int("detect_positive", 1) === 1;
  return ((inputs) => [
    mapped(given(inputs, 0), "bool", (value) =>
      truth((positive && value === Infinity) || (negative && value === -Infinity)),
    ),
  ]) satisfies Kernel;
};

export const elementwise: Readonly<Record<string, Operator>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary(multiply),
  Div: binary(divide),
  Pow: pow,
  Mod: modulo,
  Min: variadic((a, b) => extreme(a, b, a < b)),
  Max: variadic((a, b) => extreme(a, b, a > b)),
  Sum: variadic((a, b) => a + b),
  Neg: unary((value) => -value),
  Abs: unary((value, dtype) => (isLong(dtype) ? (value < 0 ? -value : value) : Math.abs(value))),
  Sign: unary((value, dtype) =>
    isLong(dtype) ? (BigInt(value > 0 ? 1 : value < 0 ? -1 : 0) as unknown as number) : Math.sign(value) + 0,
  ),
  Exp: unary(Math.exp),
  Erf: unary(erf),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((value) => 1 / value),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfEven),
  Tanh: unary(Math.tanh),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Softplus: unary((value) => (value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value)))),
  StringConcat: binary((a, b) => a + b),
  Mean: () => (inputs) => {
    const sum = inputs.map((_, index) => given(inputs, index)).reduce((a, b) => combine(a, b, (x, y) => x + y));
    return [mapped(sum, sum.dtype, (value) => value / inputs.length)];
  },
  Clip: clip,
  Where: where,
  IsNaN: unary((value) => truth(Number.isNaN(value)), "bool"),
  IsInf: isInf,
  Equal: binary((a, b) => truth(a === b), "bool"),
  Less: binary((a, b) => truth(a < b), "bool"),
  Greater: binary((a, b) => truth(a > b), "bool"),
  LessOrEqual: binary((a, b) => truth(a <= b), "bool"),
  GreaterOrEqual: binary((a, b) => truth(a >= b), "bool"),
  And: binary((a, b) => a & b, "bool"),
  Or: binary((a, b) => a | b, "bool"),
  Xor: binary((a, b) => a ^ b, "bool"),
  Not: unary((value) => value ^ 1, "bool"),
};
