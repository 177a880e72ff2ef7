// Columns as B-spline bases. Rule: sklearn/preprocessing/_polynomial.py, SplineTransformer.transform, for each kind of extrapolation.
import { type Fitted, PyObject, PyTuple } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantRow, emitDense, oneBlock } from "./dense.ts";
import type { Estimator, Table } from "./estimator.ts";
import { basesAt, emitBases, type SplineBases } from "./splines.ts";
import { numberColumns } from "./tree_input.ts";

/** What stands on one side of the base interval of a column: a line for each basis, from the bound on. */
interface Outside {
  readonly bound: number;
  readonly values: Float64Array;
  readonly slopes: Float64Array;
}

interface Spline extends SplineBases {
  readonly extrapolation: string;
  /** Of each column, where the extrapolation is constant or linear. */
  readonly below: readonly Outside[];
  readonly above: readonly Outside[];
  /** Missing values become zeros. */
  readonly takesMissing: boolean;
  /** Bases that are kept of each column. */
  readonly kept: number;
}

export const splineTransformer: Estimator = {
  classes: ["sklearn.preprocessing._polynomial.SplineTransformer"],
  read(self) {
    const spline = splineOf(self);
    const features = spline.knots.length;
    return {
      columns: numberColumns(features, spline.takesMissing),
      transform: {
        width: features * spline.kept,
        fillsMissing: spline.takesMissing,
        emit: (x, { g }) => oneBlock(emitSpline(g, emitDense(g, x), spline), features * spline.kept),
        evaluate: (x) => evaluateSpline(x, spline),
      },
    };
  },
};

function splineOf(self: Fitted): Spline {
  const parts = self.children("bsplines_").map((part) => innerSpline(part));
  const knots = parts.map((part) => part.floats(part.has("_t") ? "_t" : "t"));
  const degree = self.number("degree");
  const extrapolation = self.string("extrapolation");
  const coefficients = parts[0]?.array(parts[0].has("_c") ? "_c" : "c").shape ?? [];
  const [rows, width] = coefficients;
  const count = knots[0]?.length ?? 0;
  const isPeriodic = extrapolation === "periodic";
  if (rows === undefined || width === undefined || rows !== width + (isPeriodic ? degree : 0))
    throw self.invalid("has splines that are no bases");
  if (
    knots.some((own) => own.length !== count) ||
    count !== rows + degree + 1 ||
    rows <= degree ||
    !(degree >= 0 && degree <= degreeLimit)
  )
    throw self.invalid(`has ${count} knots for ${rows} bases of degree ${degree}`);
  const bases: SplineBases = { degree, knots, width };
  const sides = isPeriodic ? { below: [], above: [] } : outsides(bases, extrapolation);
  const takesMissing = self.optionalString("handle_missing") === "zeros";
  return { ...bases, ...sides, extrapolation, takesMissing, kept: self.boolean("include_bias") ? width : width - 1 };
}

const degreeLimit = 64;

/** In scipy 1.18 a BSpline delegates to another object; in some releases before, its attributes begin with `_`. */
function innerSpline(part: Fitted): Fitted {
  if (part.has("t") || part.has("_t") || !(part.value instanceof PyObject)) return part;
  const { state } = part.value;
  const [inner] = state instanceof PyTuple ? state.items : [];
  return inner instanceof PyObject
    ? part.at(inner, "_delegate_to")
    : part.has("_delegate_to")
      ? part.child("_delegate_to")
      : part;
}

function outsides(bases: SplineBases, extrapolation: string): Pick<Spline, "below" | "above"> {
  const { knots, width } = bases;
  const [below, above]: [Outside[], Outside[]] = [[], []];
  let reach = bases.degree;
  for (const own of knots) {
    const [low, high] = [own[reach]!, own[own.length - 1 - reach]!];
    // The library raises the degree of 0 and 1 at every column anew, so that the third column is cut one knot further in.
    if (extrapolation === "linear" && reach <= 1) reach++;
    const side = (bound: number, isKept: (basis: number) => boolean): Outside => ({
      bound,
      values: basesAt(bound, own, bases).map((value, k) => (isKept(k) ? value : 0)),
      slopes: basesAt(bound, own, bases, true).map((value, k) => (extrapolation === "linear" && isKept(k) ? value : 0)),
    });
    below.push(side(low, (k) => k < reach));
    above.push(side(high, (k) => k >= width - reach));
  }
  return { below, above };
}

const isBounded = ({ extrapolation }: Spline) => extrapolation === "constant" || extrapolation === "linear";

function emitSpline(g: GraphBuilder, raw: Value, spline: Spline): Value {
  const { knots, width, kept, takesMissing } = spline;
  const bases = emitBases(g, spline.extrapolation === "periodic" ? emitWrapped(g, raw, spline) : raw, spline);
  const wide = g.op("Unsqueeze", [raw, g.constant(int64([2]))]);
  let values = bases;
  if (isBounded(spline)) {
    for (const [side, comparison] of [
      [spline.below, "Less"],
      [spline.above, "Greater"],
    ] as const) {
      const bounds = g.constant(
        float64(
          side.map(({ bound }) => bound),
          [1, knots.length, 1],
        ),
        "bounds",
      );
      const table = (of: (outside: Outside) => Float64Array) =>
        g.constant(
          float64(
            side.flatMap((outside) => Array.from(of(outside))),
            [1, knots.length, width],
          ),
        );
      const rise = g.op("Mul", [g.op("Sub", [wide, bounds]), table(({ slopes }) => slopes)]);
      const isFlat = side.every(({ slopes }) => slopes.every((slope) => slope === 0));
      const level = table(({ values: own }) => own);
      values = g.op("Where", [g.op(comparison, [wide, bounds]), isFlat ? level : g.op("Add", [level, rise]), values]);
    }
  }
  if (takesMissing) values = g.op("Where", [g.op("IsNaN", [wide]), g.constant(float64([0], [1, 1, 1])), values]);
  const axis = g.constant(int64([2]));
  const own =
    kept === width ? values : g.op("Slice", [values, g.constant(int64([0])), g.constant(int64([kept])), axis]);
  return g.op("Reshape", [own, g.constant(int64([-1, knots.length * kept]))], {}, { name: "splines" });
}

/** x moved by whole periods into the base interval: `first + (x - first) % (last - first)`, whose remainder is never negative. */
function emitWrapped(g: GraphBuilder, raw: Value, { knots, degree }: Spline): Value {
  const first = constantRow(
    g,
    knots.map((own) => own[degree]!),
  );
  const period = constantRow(
    g,
    knots.map((own) => periodOf(own, degree)),
  );
  const rest = g.op("Mod", [g.op("Sub", [raw, first]), period], { fmod: 1 });
  const isNegative = g.op("Less", [rest, constantRow(g, [0])]);
  return g.op("Add", [first, g.op("Where", [isNegative, g.op("Add", [rest, period]), rest])], {}, { name: "wrapped" });
}

function periodOf(knots: Float64Array, degree: number): number {
  return knots[knots.length - degree - 1]! - knots[degree]!;
}

function evaluateSpline(x: Table, spline: Spline): Table {
  const { knots, kept, takesMissing } = spline;
  const columns = knots.flatMap((_, f) => {
    const outputs = Array.from({ length: kept }, () => new Float64Array(x.rows));
    (x.columns[f] as Float64Array).forEach((value, row) => {
      if (takesMissing && Number.isNaN(value)) return;
      const bases = extrapolated(value, f, spline);
      for (let k = 0; k < kept; k++) outputs[k]![row] = bases[k]!;
    });
    return outputs;
  });
  return { rows: x.rows, columns };
}

function extrapolated(value: number, f: number, spline: Spline): Float64Array {
  const own = spline.knots[f]!;
  const line = ({ bound, values, slopes }: Outside) => values.map((level, k) => level + (value - bound) * slopes[k]!);
  if (isBounded(spline)) {
    if (value < spline.below[f]!.bound) return line(spline.below[f]!);
    if (value > spline.above[f]!.bound) return line(spline.above[f]!);
  }
  if (spline.extrapolation !== "periodic") return basesAt(value, own, spline);
  const [first, period] = [own[spline.degree]!, periodOf(own, spline.degree)];
  const rest = (value - first) % period;
  return basesAt(first + (rest < 0 ? rest + period : rest), own, spline);
}
