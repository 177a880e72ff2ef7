// Functions of one number by the name that numpy or scipy.special has for them, in the graph and outside of it. ONNX Runtime (1.30) has no
// float64 kernel for Tan, Sinh, Cosh, Asinh and their like: they are made of what it has.
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitExpm1, emitLog1p } from "../../pipeline/index.ts";
import { constantNumber } from "./dense.ts";

export interface Ufunc {
  emit(g: GraphBuilder, x: Value): Value;
  evaluate(value: number): number;
}

const unary = (op: string, evaluate: (value: number) => number): Ufunc => ({ emit: (g, x) => g.op(op, [x]), evaluate });

const numpyFunctions: Readonly<Record<string, Ufunc>> = {
  log: unary("Log", Math.log),
  log1p: { emit: emitLog1p, evaluate: Math.log1p },
  log2: { emit: (g, x) => g.op("Div", [g.op("Log", [x]), constantNumber(g, Math.LN2)]), evaluate: Math.log2 },
  log10: { emit: (g, x) => g.op("Div", [g.op("Log", [x]), constantNumber(g, Math.LN10)]), evaluate: Math.log10 },
  exp: unary("Exp", Math.exp),
  expm1: { emit: emitExpm1, evaluate: Math.expm1 },
  sqrt: unary("Sqrt", Math.sqrt),
  square: { emit: (g, x) => g.op("Mul", [x, x]), evaluate: (value) => value * value },
  cbrt: {
    emit: (g, x) => g.op("Mul", [g.op("Sign", [x]), g.op("Pow", [g.op("Abs", [x]), constantNumber(g, 1 / 3)])]),
    evaluate: Math.cbrt,
  },
  abs: unary("Abs", Math.abs),
  absolute: unary("Abs", Math.abs),
  fabs: unary("Abs", Math.abs),
  negative: unary("Neg", (value) => -value),
  positive: { emit: (_g, x) => x, evaluate: (value) => value },
  reciprocal: { emit: (g, x) => g.op("Div", [constantNumber(g, 1), x]), evaluate: (value) => 1 / value },
  sign: unary("Sign", Math.sign),
  floor: unary("Floor", Math.floor),
  ceil: unary("Ceil", Math.ceil),
  trunc: { emit: (g, x) => g.op("Mul", [g.op("Sign", [x]), g.op("Floor", [g.op("Abs", [x])])]), evaluate: Math.trunc },
  tanh: unary("Tanh", Math.tanh),
  sin: unary("Sin", Math.sin),
  cos: unary("Cos", Math.cos),
  tan: { emit: (g, x) => g.op("Div", [g.op("Sin", [x]), g.op("Cos", [x])]), evaluate: Math.tan },
  deg2rad: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, Math.PI / 180)]),
    evaluate: (value) => value * (Math.PI / 180),
  },
  radians: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, Math.PI / 180)]),
    evaluate: (value) => value * (Math.PI / 180),
  },
  rad2deg: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, 180 / Math.PI)]),
    evaluate: (value) => value * (180 / Math.PI),
  },
  degrees: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, 180 / Math.PI)]),
    evaluate: (value) => value * (180 / Math.PI),
  },
  exp2: { emit: (g, x) => g.op("Pow", [constantNumber(g, 2), x]), evaluate: (value) => 2 ** value },
  sinh: { emit: emitSinh, evaluate: Math.sinh },
  cosh: {
    emit: (g, x) => {
      const power = g.op("Exp", [g.op("Sub", [g.op("Abs", [x]), constantNumber(g, Math.LN2)])]);
      return g.op("Add", [power, g.op("Div", [constantNumber(g, 0.25), power])]);
    },
    evaluate: Math.cosh,
  },
  arcsinh: { emit: emitAsinh, evaluate: Math.asinh },
  rint: unary("Round", halfEven),
  round: unary("Round", halfEven),
  around: unary("Round", halfEven),
  isnan: truth((g, x) => g.op("IsNaN", [x]), Number.isNaN),
  isinf: truth(
    (g, x) => g.op("IsInf", [x]),
    (value) => Math.abs(value) === Number.POSITIVE_INFINITY,
  ),
  isfinite: truth((g, x) => g.op("Not", [g.op("Or", [g.op("IsInf", [x]), g.op("IsNaN", [x])])]), Number.isFinite),
  asarray: { emit: (_g, x) => x, evaluate: (value) => value },
  array: { emit: (_g, x) => x, evaluate: (value) => value },
  nan_to_num: {
    emit: (g, x) => nanToNum(g, x),
    evaluate: (value) => (Number.isNaN(value) ? 0 : finite(value)),
  },
};

/** scipy.special: those of numpy, and its own. */
const scipyFunctions: Readonly<Record<string, Ufunc>> = {
  expit: {
    emit: (g, x) => {
      const one = constantNumber(g, 1);
      return g.op("Div", [one, g.op("Add", [one, g.op("Exp", [g.op("Neg", [x])])])]);
    },
    evaluate: (value) => 1 / (1 + Math.exp(-value)),
  },
  logit: {
    emit: (g, x) => g.op("Log", [g.op("Div", [x, g.op("Sub", [constantNumber(g, 1), x])])]),
    evaluate: (value) => Math.log(value / (1 - value)),
  },
  ...Object.fromEntries(["log1p", "expm1", "exp2", "cbrt", "round"].map((name) => [name, numpyFunctions[name]!])),
};

/** Functions that keyword arguments make one of a number alone. */
const withArguments: Readonly<Record<string, (given: Readonly<Record<string, number | null>>) => Ufunc | null>> = {
  clip: ({ a_min, a_max, min = a_min, max = a_max, ...rest }) =>
    Object.keys(rest).length === 0 ? clipped(min ?? null, max ?? null) : null,
  round: ({ decimals = 0, ...rest }) =>
    Object.keys(rest).length === 0 && decimals !== null ? rounded(decimals) : null,
  around: (given) => withArguments["round"]!(given),
  nan_to_num: ({ nan = 0, copy: _, ...rest }) =>
    Object.keys(rest).length === 0 && nan !== null
      ? { emit: (g, x) => nanToNum(g, x, nan), evaluate: (value) => (Number.isNaN(value) ? nan : finite(value)) }
      : null,
};

/** Names that messages suggest. */
export const suggestedFunctions = Object.keys(numpyFunctions).slice(0, 8);

/**
 * @param given keyword arguments, numbers and None only
 * @returns null where the function, or the function with these arguments, is not known
 */
export function ufuncOf(module: string, name: string, given: Readonly<Record<string, number | null>>): Ufunc | null {
  const table = /^numpy(\.|$)/.test(module)
    ? numpyFunctions
    : /^scipy\.special(\.|$)/.test(module)
      ? scipyFunctions
      : null;
  if (!table) return null;
  if (Object.keys(given).length === 0) return Object.hasOwn(table, name) ? table[name]! : null;
  return table === numpyFunctions && Object.hasOwn(withArguments, name) ? withArguments[name]!(given) : null;
}

function truth(emit: (g: GraphBuilder, x: Value) => Value, evaluate: (value: number) => boolean): Ufunc {
  return { emit: (g, x) => g.op("Cast", [emit(g, x)], { to: 11 }), evaluate: (value) => Number(evaluate(value)) };
}

/** Ties go to the even neighbour, as numpy.rint and Round have it. */
function halfEven(value: number): number {
  const floor = Math.floor(value);
  const over = value - floor;
  const up = over > 0.5 || (over === 0.5 && floor % 2 !== 0);
  return Number.isFinite(value) ? (up ? floor + 1 : floor) : value;
}

/** Rule: numpy, ndarray.round: rint(x * 10^d) / 10^d, and rint(x / 10^-d) * 10^-d for d < 0. */
function rounded(decimals: number): Ufunc {
  if (decimals === 0) return numpyFunctions["rint"]!;
  const scale = 10 ** Math.abs(decimals);
  const [first, then] = decimals > 0 ? (["Mul", "Div"] as const) : (["Div", "Mul"] as const);
  return {
    emit: (g, x) => {
      const factor = constantNumber(g, scale);
      return g.op(then, [g.op("Round", [g.op(first, [x, factor])]), factor]);
    },
    evaluate: (value) => (decimals > 0 ? halfEven(value * scale) / scale : halfEven(value / scale) * scale),
  };
}

/** NaN stays. Rule: numpy.clip, minimum(maximum(x, a_min), a_max). */
function clipped(low: number | null, high: number | null): Ufunc {
  return {
    emit(g, x) {
      const above = low === null ? x : g.op("Max", [x, constantNumber(g, low)]);
      return high === null ? above : g.op("Min", [above, constantNumber(g, high)]);
    },
    evaluate: (value) => Math.min(Math.max(value, low ?? Number.NEGATIVE_INFINITY), high ?? Number.POSITIVE_INFINITY),
  };
}

/** Of e = expm1(|x|): (e + e / (e + 1)) / 2, which keeps small values; large ones by exp(|x| - log 2), which overflows later. */
function emitSinh(g: GraphBuilder, x: Value): Value {
  const [one, half] = [constantNumber(g, 1), constantNumber(g, 0.5)];
  const size = g.op("Abs", [x]);
  const small = emitExpm1(g, g.op("Min", [size, constantNumber(g, 30)]));
  const near = g.op("Mul", [half, g.op("Add", [small, g.op("Div", [small, g.op("Add", [small, one])])])]);
  const far = g.op("Exp", [g.op("Sub", [size, constantNumber(g, Math.LN2)])]);
  const isFar = g.op("Greater", [size, constantNumber(g, 22)]);
  return g.op("Mul", [g.op("Sign", [x]), g.op("Where", [isFar, far, near])], {}, { name: "sinh" });
}

/** sign(x) log1p(|x| + x² / (1 + sqrt(1 + x²))); where x² would overflow, log|x| + log 2. */
function emitAsinh(g: GraphBuilder, x: Value): Value {
  const one = constantNumber(g, 1);
  const size = g.op("Abs", [x]);
  const inner = g.op("Min", [size, constantNumber(g, 1e150)]);
  const square = g.op("Mul", [inner, inner]);
  const root = g.op("Sqrt", [g.op("Add", [one, square])]);
  const near = emitLog1p(g, g.op("Add", [inner, g.op("Div", [square, g.op("Add", [one, root])])]));
  const far = g.op("Add", [g.op("Log", [size]), constantNumber(g, Math.LN2)]);
  const isFar = g.op("Greater", [size, constantNumber(g, 1e100)]);
  return g.op("Mul", [g.op("Sign", [x]), g.op("Where", [isFar, far, near])], {}, { name: "arcsinh" });
}

const finite = (value: number) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

function nanToNum(g: GraphBuilder, x: Value, filling = 0): Value {
  const filled = g.op("Where", [g.op("IsNaN", [x]), constantNumber(g, filling), x]);
  return g.op("Max", [
    g.op("Min", [filled, constantNumber(g, Number.MAX_VALUE)]),
    constantNumber(g, -Number.MAX_VALUE),
  ]);
}
