// What expressions can compute: each function's types, its nodes, and its value. Numbers are float64; a missing number is NaN, a missing text
// `missingText`; truth values are never missing. Rules: numpy's functions of the same names, IEEE 754 for arithmetic (1 / 0 is infinite, 0 / 0
// missing), pandas for comparisons (a missing value equals nothing, and differs from everything).
import { bool, float64, type GraphBuilder, strings, type Value } from "../../onnx/index.ts";
import { missingText } from "../emission.ts";
import { emitExpm1, emitLog1p } from "../near_zero.ts";

export type ValueType = "number" | "text" | "truth";
export type Scalar = number | string | boolean;

export interface ExpressionFunction {
  readonly name: string;
  /** For the docs: `clip(x, low, high)`. */
  readonly usage: string;
  readonly about: string;
  /** The type of the result, or what is wrong with those of the arguments. */
  type(args: readonly ValueType[]): ValueType | { readonly problem: string };
  emit(g: GraphBuilder, args: readonly Value[]): Value;
  evaluate(args: readonly Scalar[]): Scalar;
  /** Engines differ in the last place. */
  readonly inexact?: boolean;
  /** Whether the result may be missing where no argument is; default false. */
  readonly canMiss?: boolean;
}

const number = (g: GraphBuilder, value: number) => g.constant(float64([value], []));
const text = (g: GraphBuilder, value: string) => g.constant(strings([value], []));

function expects(...types: ValueType[]) {
  return (args: readonly ValueType[]): { problem: string } | null => {
    if (args.length !== types.length)
      return { problem: `takes ${types.length} ${types.length === 1 ? "argument" : "arguments"}, got ${args.length}` };
    const odd = types.findIndex((type, at) => args[at] !== type);
    return odd < 0 ? null : { problem: `takes a ${types[odd]} as argument ${odd + 1}, got a ${args[odd]}` };
  };
}

function numeric(
  name: string,
  usage: string,
  about: string,
  arity: number,
  emit: (g: GraphBuilder, ...args: Value[]) => Value,
  evaluate: (...args: number[]) => number,
  more: { inexact?: boolean; canMiss?: boolean } = {},
): ExpressionFunction {
  const check = expects(...new Array<ValueType>(arity).fill("number"));
  return {
    name,
    usage,
    about,
    type: (args) => check(args) ?? "number",
    emit: (g, args) => emit(g, ...args),
    evaluate: (args) => evaluate(...(args as number[])),
    ...more,
  };
}

const unary = (name: string, op: string, about: string, evaluate: (x: number) => number, more = {}) =>
  numeric(name, `${name}(x)`, about, 1, (g, x) => g.op(op, [x]), evaluate, more);

/** Two values of one type, or of any number of them. */
function alike(name: string, args: readonly ValueType[], least: number): { problem: string } | null {
  if (args.length < least) return { problem: `takes at least ${least} arguments, got ${args.length}` };
  const odd = args.find((type) => type !== args[0]);
  return odd === undefined ? null : { problem: `\`${name}\` takes values of one type, got a ${args[0]} and a ${odd}` };
}

function comparison(
  name: string,
  op: string,
  about: string,
  evaluate: (a: number, b: number) => boolean,
): ExpressionFunction {
  const check = expects("number", "number");
  return {
    name,
    usage: `a ${name} b`,
    about,
    type: (args) => check(args) ?? "truth",
    emit: (g, args) => g.op(op, [...args]),
    evaluate: ([a, b]) => evaluate(a as number, b as number),
  };
}

function isSame(a: Scalar, b: Scalar): boolean {
  return a === b && a !== missingText;
}

function emitSame(g: GraphBuilder, a: Value, b: Value): Value {
  const same = g.op("Equal", [a, b]);
  if (a.dtype !== "string") return same;
  return g.op("And", [same, g.op("Not", [g.op("Equal", [a, text(g, missingText)])])]);
}

function emitMissing(g: GraphBuilder, value: Value): Value {
  if (value.dtype === "string") return g.op("Equal", [value, text(g, missingText)]);
  return g.op("IsNaN", [value]);
}

const isMissing = (value: Scalar) => value === missingText || (typeof value === "number" && Number.isNaN(value));

/** Rule: numpy.mod: the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function emitModulo(g: GraphBuilder, a: Value, b: Value): Value {
  const rest = g.op("Mod", [a, b], { fmod: 1 });
  const zero = number(g, 0);
  const isOther = g.op("Xor", [g.op("Less", [rest, zero]), g.op("Less", [b, zero])]);
  const isMoved = g.op("And", [isOther, g.op("Not", [g.op("Equal", [rest, zero])])]);
  return g.op("Where", [isMoved, g.op("Add", [rest, b]), rest]);
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
}

const logical = (name: string, op: string, evaluate: (a: boolean, b: boolean) => boolean): ExpressionFunction => ({
  name,
  usage: `a ${name} b`,
  about: name === "and" ? "Both are true" : "One of them is true",
  type: (args) => expects("truth", "truth")(args) ?? "truth",
  emit: (g, args) => g.op(op, [...args]),
  evaluate: ([a, b]) => evaluate(a as boolean, b as boolean),
});

const list: readonly ExpressionFunction[] = [
  {
    name: "+",
    usage: "a + b",
    about: "Sum; of texts, one after the other (missing where one is)",
    type: (args) =>
      alike("+", args, 2) ?? (args[0] === "truth" ? { problem: "adds numbers or texts, got a truth" } : args[0]!),
    emit(g, [a, b]) {
      if (a!.dtype !== "string") return g.op("Add", [a!, b!]);
      const either = g.op("Or", [emitMissing(g, a!), emitMissing(g, b!)]);
      return g.op("Where", [either, text(g, missingText), g.op("StringConcat", [a!, b!])]);
    },
    evaluate: ([a, b]) =>
      typeof a === "string"
        ? isMissing(a) || isMissing(b!)
          ? missingText
          : a + (b as string)
        : (a as number) + (b as number),
  },
  numeric(
    "-",
    "a - b",
    "Difference",
    2,
    (g, a, b) => g.op("Sub", [a, b]),
    (a, b) => a - b,
    { canMiss: true },
  ),
  numeric(
    "*",
    "a * b",
    "Product",
    2,
    (g, a, b) => g.op("Mul", [a, b]),
    (a, b) => a * b,
    { canMiss: true },
  ),
  numeric(
    "/",
    "a / b",
    "Quotient: 1 / 0 is infinite, 0 / 0 is missing",
    2,
    (g, a, b) => g.op("Div", [a, b]),
    (a, b) => a / b,
    { canMiss: true },
  ),
  numeric("%", "a % b", "Rest, with the sign of b; missing where b is 0", 2, emitModulo, modulo, { canMiss: true }),
  numeric("**", "a ** b", "Power", 2, (g, a, b) => g.op("Pow", [a, b]), power, { canMiss: true, inexact: true }),
  numeric(
    "negate",
    "-a",
    "Negative",
    1,
    (g, a) => g.op("Neg", [a]),
    (a) => -a,
  ),
  comparison("<", "Less", "Less; false where one is missing", (a, b) => a < b),
  comparison("<=", "LessOrEqual", "Less or equal", (a, b) => a <= b),
  comparison(">", "Greater", "Greater", (a, b) => a > b),
  comparison(">=", "GreaterOrEqual", "Greater or equal", (a, b) => a >= b),
  {
    name: "==",
    usage: "a == b",
    about: "Equal; false where one is missing",
    type: (args) => alike("==", args, 2) ?? "truth",
    emit: (g, [a, b]) => emitSame(g, a!, b!),
    evaluate: ([a, b]) => isSame(a!, b!),
  },
  {
    name: "!=",
    usage: "a != b",
    about: "Not equal; true where one is missing",
    type: (args) => alike("!=", args, 2) ?? "truth",
    emit: (g, [a, b]) => g.op("Not", [emitSame(g, a!, b!)]),
    evaluate: ([a, b]) => !isSame(a!, b!),
  },
  {
    name: "in",
    usage: "a in [b, c]",
    about: "Equal to one of them",
    type: (args) => alike("in", args, 2) ?? "truth",
    emit: (g, [a, ...others]) =>
      others.map((other) => emitSame(g, a!, other)).reduce((any, same) => g.op("Or", [any, same])),
    evaluate: ([a, ...others]) => others.some((other) => isSame(a!, other)),
  },
  logical("and", "And", (a, b) => a && b),
  logical("or", "Or", (a, b) => a || b),
  {
    name: "not",
    usage: "not a",
    about: "The opposite",
    type: (args) => expects("truth")(args) ?? "truth",
    emit: (g, [a]) => g.op("Not", [a!]),
    evaluate: ([a]) => !a,
  },
  {
    name: "if",
    usage: "if(condition, a, b)",
    about: "a where the condition is true, else b; both are computed",
    type: (args) =>
      args.length !== 3 || args[0] !== "truth"
        ? { problem: "takes a condition and two values" }
        : (alike("if", args.slice(1), 2) ?? args[1]!),
    emit: (g, [condition, a, b]) => g.op("Where", [condition!, a!, b!]),
    evaluate: ([condition, a, b]) => (condition ? a! : b!),
  },
  {
    name: "??",
    usage: "a ?? b",
    about: "a, or b where a is missing",
    type: (args) => alike("??", args, 2) ?? (args[0] === "truth" ? { problem: "a truth is never missing" } : args[0]!),
    emit: (g, [a, b]) => g.op("Where", [emitMissing(g, a!), b!, a!]),
    evaluate: ([a, b]) => (isMissing(a!) ? b! : a!),
  },
  {
    name: "coalesce",
    usage: "coalesce(a, b, …)",
    about: "The first that is not missing",
    type: (args) =>
      alike("coalesce", args, 1) ?? (args[0] === "truth" ? { problem: "a truth is never missing" } : args[0]!),
    emit: (g, args) => args.reduceRight((rest, a) => g.op("Where", [emitMissing(g, a), rest, a])),
    evaluate: (args) => args.find((value) => !isMissing(value)) ?? args.at(-1)!,
  },
  {
    name: "missing",
    usage: "missing(x)",
    about: "Whether x is missing",
    type: ([type, ...rest]) =>
      rest.length > 0 || type === undefined
        ? { problem: "takes 1 argument" }
        : type === "truth"
          ? { problem: "a truth is never missing" }
          : "truth",
    emit: (g, [x]) => emitMissing(g, x!),
    evaluate: ([x]) => isMissing(x!),
  },
  {
    name: "matches",
    usage: 'matches(text, "[0-9]+")',
    about: "Whether the whole text matches a pattern (RE2 syntax, without anchors and look-around)",
    type: (args) => expects("text", "text")(args) ?? "truth",
    emit: () => {
      throw new Error("matches is emitted with its pattern");
    },
    evaluate: ([value, pattern]) => new RegExp(`^(?:${String(pattern)})$`, "u").test(String(value)),
  },
  {
    name: "number",
    usage: "number(truth)",
    about: "1 or 0",
    type: (args) => expects("truth")(args) ?? "number",
    emit: (g, [a]) => g.op("Cast", [a!], { to: 11 }),
    evaluate: ([a]) => Number(a),
  },
  unary("abs", "Abs", "Magnitude", Math.abs),
  unary("sqrt", "Sqrt", "Square root; missing below 0", Math.sqrt, { canMiss: true }),
  unary("exp", "Exp", "e to the power of x", Math.exp, { inexact: true }),
  unary("log", "Log", "Natural logarithm; missing below 0", Math.log, { canMiss: true, inexact: true }),
  numeric("log1p", "log1p(x)", "log(1 + x), accurate near 0", 1, emitLog1p, Math.log1p, {
    canMiss: true,
    inexact: true,
  }),
  numeric("expm1", "expm1(x)", "exp(x) - 1, accurate near 0", 1, emitExpm1, Math.expm1, { inexact: true }),
  numeric(
    "log10",
    "log10(x)",
    "Logarithm to base 10",
    1,
    (g, x) => g.op("Div", [g.op("Log", [x]), number(g, Math.LN10)]),
    Math.log10,
    { canMiss: true, inexact: true },
  ),
  numeric(
    "log2",
    "log2(x)",
    "Logarithm to base 2",
    1,
    (g, x) => g.op("Div", [g.op("Log", [x]), number(g, Math.LN2)]),
    Math.log2,
    { canMiss: true, inexact: true },
  ),
  unary("floor", "Floor", "Largest integer that is not above", Math.floor),
  unary("ceil", "Ceil", "Smallest integer that is not below", Math.ceil),
  unary("round", "Round", "Nearest integer, halves to the even one", roundHalfEven),
  unary("sign", "Sign", "-1, 0 or 1; missing stays missing", Math.sign),
  unary("sin", "Sin", "Sine of radians; missing for infinities", Math.sin, { canMiss: true, inexact: true }),
  unary("cos", "Cos", "Cosine of radians; missing for infinities", Math.cos, { canMiss: true, inexact: true }),
  unary("tanh", "Tanh", "Hyperbolic tangent", Math.tanh, { inexact: true }),
  extreme("min", "Min", "The smallest; missing where one is", Math.min),
  extreme("max", "Max", "The largest; missing where one is", Math.max),
  numeric(
    "clip",
    "clip(x, low, high)",
    "x kept between two bounds",
    3,
    (g, x, low, high) => g.op("Min", [g.op("Max", [x, low]), high]),
    (x, low, high) => Math.min(Math.max(x, low), high),
  ),
];

function extreme(
  name: string,
  op: string,
  about: string,
  evaluate: (...values: number[]) => number,
): ExpressionFunction {
  return {
    name,
    usage: `${name}(a, b, …)`,
    about,
    type: (args) =>
      alike(name, args, 2) ?? (args[0] === "number" ? "number" : { problem: `takes numbers, got a ${args[0]}` }),
    emit: (g, args) => g.op(op, [...args]),
    evaluate: (args) => evaluate(...(args as number[])),
  };
}

/** Rule: IEEE 754 pow, as C and numpy have it: 1 to any power is 1, which JavaScript answers otherwise. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1;
  return base ** exponent;
}

export const expressionFunctions: ReadonlyMap<string, ExpressionFunction> = new Map(
  list.map((each) => [each.name, each]),
);

/** A constant of the graph. */
export function emitScalar(g: GraphBuilder, value: Scalar): Value {
  if (typeof value === "number") return number(g, value);
  if (typeof value === "string") return text(g, value);
  return g.constant(bool([value], []));
}
