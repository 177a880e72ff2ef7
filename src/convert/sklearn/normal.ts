// The normal distribution function and its inverse, in the graph and outside of it: ONNX Runtime has no Erf of float64. The rational
// functions are those of Cephes (ndtr.c, ndtri.c), which scipy.special computes with.
import {
  erfcFar,
  erfcNear,
  erfNearZero,
  type GraphBuilder,
  polynomial,
  quotient,
  type Rational,
  type Value,
} from "../../onnx/index.ts";
import { constantNumber } from "./dense.ts";

/** Of y - 1/2, near the middle. */
const middle: Rational = {
  above: [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125],
  below: [
    1, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066,
    -82.03722561683334, 15.90562251262117, -1.1833162112133,
  ],
};
/** Of 1 / sqrt(-2 log y), down to y = exp(-32). */
const tail: Rational = {
  above: [
    4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803,
    2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854,
  ],
  below: [
    1, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094,
    -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574,
  ],
};
/** exp(-2): below it, and above its complement, the tail's function holds. */
const tailBegins = 0.1353352832366127;
const root2Pi = 2.5066282746310007;

/** x where `normalCdf(x)` is y, for exp(-32) <= y <= 1 - exp(-32). */
export function normalQuantile(y: number): number {
  const isUpper = y > 1 - tailBegins;
  const share = isUpper ? 1 - y : y;
  if (share > tailBegins) {
    const w = share - 0.5;
    const square = w * w;
    return (w + w * ((square * polynomial(square, middle.above)) / polynomial(square, middle.below))) * root2Pi;
  }
  const x = Math.sqrt(-2 * Math.log(share));
  const z = 1 / x;
  const size = x - Math.log(x) / x - (z * polynomial(z, tail.above)) / polynomial(z, tail.below);
  return isUpper ? size : -size;
}

/** The share of a standard normal distribution up to x. */
export function normalCdf(a: number): number {
  const x = a * Math.SQRT1_2;
  const z = Math.abs(x);
  if (z < 1) {
    const erf = x * quotient(x * x, erfNearZero);
    if (z < Math.SQRT1_2) return 0.5 + 0.5 * erf;
    const upper = 0.5 * (1 - Math.abs(erf));
    return x > 0 ? 1 - upper : upper;
  }
  const upper = 0.5 * Math.exp(-z * z) * quotient(z, z < 8 ? erfcNear : erfcFar);
  return x > 0 ? 1 - upper : upper;
}

function emitPolynomial(g: GraphBuilder, x: Value, [first, ...others]: readonly number[]): Value {
  return others.reduce<Value>(
    (sum, coefficient, k) =>
      g.op("Add", [
        k === 0 && first === 1 ? x : g.op("Mul", [k === 0 ? constantNumber(g, first!) : sum, x]),
        constantNumber(g, coefficient),
      ]),
    x,
  );
}

function emitQuotient(g: GraphBuilder, x: Value, { above, below }: Rational): Value {
  return g.op("Div", [emitPolynomial(g, x, above), emitPolynomial(g, x, below)]);
}

/** `normalQuantile` of each element. */
export function emitNormalQuantile(g: GraphBuilder, y: Value): Value {
  const number = (value: number) => constantNumber(g, value);
  const isUpper = g.op("Greater", [y, number(1 - tailBegins)]);
  const share = g.op("Where", [isUpper, g.op("Sub", [number(1), y]), y]);
  const w = g.op("Sub", [share, number(0.5)]);
  const square = g.op("Mul", [w, w]);
  const inner = g.op("Div", [
    g.op("Mul", [square, emitPolynomial(g, square, middle.above)]),
    emitPolynomial(g, square, middle.below),
  ]);
  const central = g.op("Mul", [g.op("Add", [w, g.op("Mul", [w, inner])]), number(root2Pi)]);
  const x = g.op("Sqrt", [g.op("Mul", [number(-2), g.op("Log", [share])])]);
  const z = g.op("Div", [number(1), x]);
  const correction = g.op("Div", [
    g.op("Mul", [z, emitPolynomial(g, z, tail.above)]),
    emitPolynomial(g, z, tail.below),
  ]);
  const size = g.op("Sub", [g.op("Sub", [x, g.op("Div", [g.op("Log", [x]), x])]), correction]);
  const outer = g.op("Where", [isUpper, size, g.op("Neg", [size])]);
  return g.op("Where", [g.op("Greater", [share, number(tailBegins)]), central, outer], {}, { name: "normal_quantile" });
}

/** `normalCdf` of each element. */
export function emitNormalCdf(g: GraphBuilder, a: Value): Value {
  const number = (value: number) => constantNumber(g, value);
  const x = g.op("Mul", [a, number(Math.SQRT1_2)]);
  const z = g.op("Abs", [x]);
  const square = g.op("Mul", [x, x]);
  const half = number(0.5);
  const erf = g.op("Mul", [x, emitQuotient(g, square, erfNearZero)]);
  const central = g.op("Add", [half, g.op("Mul", [half, erf])]);
  const scaled = g.op("Where", [
    g.op("Less", [z, number(8)]),
    emitQuotient(g, z, erfcNear),
    emitQuotient(g, z, erfcFar),
  ]);
  const far = g.op("Mul", [g.op("Exp", [g.op("Neg", [square])]), scaled]);
  const near = g.op("Sub", [number(1), g.op("Abs", [erf])]);
  const upper = g.op("Mul", [half, g.op("Where", [g.op("Less", [z, number(1)]), near, far])]);
  const outer = g.op("Where", [g.op("Greater", [x, number(0)]), g.op("Sub", [number(1), upper]), upper]);
  return g.op("Where", [g.op("Less", [z, number(Math.SQRT1_2)]), central, outer], {}, { name: "normal_cdf" });
}

/** `erf` of each element. */
export function emitErf(g: GraphBuilder, x: Value): Value {
  const number = (value: number) => constantNumber(g, value);
  const z = g.op("Abs", [x]);
  const square = g.op("Mul", [x, x]);
  const scaled = g.op("Where", [
    g.op("Less", [z, number(8)]),
    emitQuotient(g, z, erfcNear),
    emitQuotient(g, z, erfcFar),
  ]);
  const rest = g.op("Mul", [g.op("Exp", [g.op("Neg", [square])]), scaled]);
  const outer = g.op("Mul", [g.op("Sign", [x]), g.op("Sub", [number(1), rest])]);
  const inner = g.op("Mul", [x, emitQuotient(g, square, erfNearZero)]);
  return g.op("Where", [g.op("LessOrEqual", [z, number(1)]), inner, outer], {}, { name: "erf" });
}
