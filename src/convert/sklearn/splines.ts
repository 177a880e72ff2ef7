// Values of B-spline bases, by the recursion of de Boor as scipy computes it. Rule: scipy/interpolate/src/__fitpack.h, _deBoor_D;
// _bspl find_interval: the last interval but those beyond the base whose knot is at most x.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitIntervals, intervalOf } from "./intervals.ts";

/** The bases of every column: as many knots for each. */
export interface SplineBases {
  /** Degree. */
  readonly degree: number;
  /** Of each column, ascending. */
  readonly knots: readonly Float64Array[];
  /** Bases that come out; those beyond begin anew (periodic splines). */
  readonly width: number;
}

/** Knots that x is compared with: those inside of the base interval. */
function innerKnots(knots: Float64Array, degree: number): Float64Array {
  return knots.slice(degree + 1, knots.length - degree - 1);
}

/** The `degree + 1` bases that are not 0 at x, from basis `interval - degree` on; or their first derivatives. */
function localBases(
  x: number,
  knots: Float64Array,
  degree: number,
  isDerivative = false,
): { interval: number; values: Float64Array } {
  const interval = degree + intervalOf(x, innerKnots(knots, degree));
  const values = new Float64Array(degree + 1);
  values[0] = 1;
  for (let j = 1; j <= degree; j++) {
    const before = values.slice();
    const derives = isDerivative && j === degree;
    values[0] = 0;
    for (let n = 1; n <= j; n++) {
      const [high, low] = [knots[interval + n]!, knots[interval + n - j]!];
      if (high === low) {
        values[n] = 0;
        continue;
      }
      const weight = (derives ? j * before[n - 1]! : before[n - 1]!) / (high - low);
      values[n - 1]! += derives ? -weight : weight * (high - x);
      values[n] = derives ? weight : weight * (x - low);
    }
  }
  if (isDerivative && degree === 0) values[0] = 0;
  return { interval, values };
}

/** All bases at x, or their slopes. */
export function basesAt(
  x: number,
  knots: Float64Array,
  { degree, width }: SplineBases,
  isDerivative = false,
): Float64Array {
  const { interval, values } = localBases(x, knots, degree, isDerivative);
  const all = new Float64Array(width);
  values.forEach((value, k) => {
    all[(interval - degree + k) % width]! += value;
  });
  return all;
}

/** float64 `[N, F, width]` of x `[N, F]`. */
export function emitBases(g: GraphBuilder, x: Value, { degree, knots, width }: SplineBases): Value {
  const count = knots[0]!.length;
  const interval = emitIntervals(
    g,
    x,
    knots.map((own) => innerKnots(own, degree)),
  );
  const offsets = g.constant(
    int64(
      knots.map((_, f) => f * count + degree),
      [1, knots.length],
    ),
    "offsets",
  );
  const at = g.op("Add", [interval, offsets]);
  const table = g.constant(float64(knots.flatMap((own) => Array.from(own))), "knots");
  const found = new Map<number, Value>();
  /** The knot that stands so far from the one at or before x. */
  const knot = (distance: number): Value => {
    const known = found.get(distance);
    if (known) return known;
    const position = distance === 0 ? at : g.op("Add", [at, g.constant(int64([distance], [1, 1]))]);
    const value = g.op("Gather", [table, position], { axis: 0 });
    found.set(distance, value);
    return value;
  };
  const zero = g.constant(float64([0], [1, 1]), "zero");
  let values: Value[] = [
    g.op("Add", [g.op("Mul", [x, zero]), g.constant(float64([1], [1, 1]))], {}, { name: "basis" }),
  ];
  for (let j = 1; j <= degree; j++) {
    const next: (Value | null)[] = new Array(j + 1).fill(null);
    for (let n = 1; n <= j; n++) {
      const [high, low] = [knot(n), knot(n - j)];
      const quotient = g.op("Div", [values[n - 1]!, g.op("Sub", [high, low])]);
      const weight = repeats(knots, j) ? g.op("Where", [g.op("Equal", [high, low]), zero, quotient]) : quotient;
      const falling = g.op("Mul", [weight, g.op("Sub", [high, x])]);
      next[n - 1] = next[n - 1] ? g.op("Add", [next[n - 1]!, falling]) : falling;
      next[n] = g.op("Mul", [weight, g.op("Sub", [x, low])]);
    }
    values = next as Value[];
  }
  const axis = g.constant(int64([2]));
  const own =
    values.length === 1
      ? g.op("Unsqueeze", [values[0]!, axis])
      : g.op(
          "Concat",
          values.map((value) => g.op("Unsqueeze", [value, axis])),
          { axis: 2 },
        );
  return emitPlaced(g, own, interval, degree, width);
}

/** Whether some column has equal knots so far apart. */
function repeats(knots: readonly Float64Array[], distance: number): boolean {
  return knots.some((own) => own.some((at, k) => own[k + distance] === at));
}

/** The local bases `[N, F, degree + 1]` in their columns of `width`; `first` tells the first of them. */
function emitPlaced(g: GraphBuilder, local: Value, first: Value, degree: number, width: number): Value {
  const last = g.constant(int64([2]));
  const columns = g.constant(
    int64(
      Array.from({ length: width }, (_, k) => k),
      [1, 1, width],
    ),
    "columns",
  );
  const start = g.op("Unsqueeze", [first, last]);
  let sum: Value | null = null;
  for (let k = 0; k <= degree; k++) {
    const at = g.op("Mod", [
      g.op("Add", [start, g.constant(int64([k], [1, 1, 1]))]),
      g.constant(int64([width], [1, 1, 1])),
    ]);
    const value = g.op("Gather", [local, g.constant(int64([k]))], { axis: 2 });
    const placed = g.op("Where", [g.op("Equal", [at, columns]), value, g.constant(float64([0], [1, 1, 1]))]);
    sum = sum ? g.op("Add", [sum, placed]) : placed;
  }
  return sum!;
}
