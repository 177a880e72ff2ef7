// Values as shares of what training saw. Rule: sklearn/preprocessing/_data.py, QuantileTransformer._transform_col: np.interp from both
// sides, since quantiles repeat; numpy/core/src/multiarray/compiled_base.c, arr_interp.
import type { Fitted } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, constantRow, denseRows, emitDense, fittedMatrix, mapped, oneBlock, tableOf } from "./dense.ts";
import type { Estimator, Transform } from "./estimator.ts";
import { emitIntervals, intervalOf } from "./intervals.ts";
import { emitNormalCdf, emitNormalQuantile, normalCdf, normalQuantile } from "./normal.ts";
import { numberColumns } from "./tree_input.ts";

/** `BOUNDS_THRESHOLD` of the library: how near to the ends a value counts as outside of a normal distribution. */
const nearEnd = 1e-7;
const leastShare = nearEnd - 2 ** -52;
const mostShare = 1 - leastShare;

export const quantileTransformer: Estimator = {
  classes: ["sklearn.preprocessing._data.QuantileTransformer", "sklearn.preprocessing.data.QuantileTransformer"],
  read(self) {
    const columns = quantileColumns(self);
    const references = self.floats("references_");
    const distribution = self.string("output_distribution");
    if (distribution !== "uniform" && distribution !== "normal")
      throw self.unsupported(`makes a distribution ${distribution}`);
    if (references.length < 1 || columns.some((own) => own.length !== references.length))
      throw self.invalid(`has ${references.length} references and other numbers of quantiles`);
    const isNormal = distribution === "normal";
    return {
      columns: numberColumns(columns.length, true),
      transform: {
        width: columns.length,
        ...forward(columns, references, isNormal),
        inverse: back(columns, references, isNormal),
      },
    };
  },
};

function quantileColumns(self: Fitted): Float64Array[] {
  const { rows, columns, data } = fittedMatrix(self, "quantiles_");
  return Array.from({ length: columns }, (_, c) =>
    Float64Array.from({ length: rows }, (_row, row) => data[row * columns + c]!),
  );
}

/** Lines from each knot to the next; the last knot ends in a level one. */
function slopes(x: Float64Array, y: Float64Array): Float64Array {
  return x.map((at, k) => (k + 1 < x.length && x[k + 1]! > at ? (y[k + 1]! - y[k]!) / (x[k + 1]! - at) : 0));
}

/** Position of the first of equal knots. */
function firsts(x: Float64Array): number[] {
  const found: number[] = [];
  for (const [k, at] of x.entries()) found.push(k > 0 && x[k - 1] === at ? found[k - 1]! : k);
  return found;
}

type Part = Pick<Transform, "emit" | "evaluate">;

function forward(columns: readonly Float64Array[], references: Float64Array, isNormal: boolean): Part {
  const count = references.length;
  const rises = columns.map((own) => slopes(own, references));
  const starts = columns.map(firsts);
  const shareOf = (x: number, c: number): number => {
    const own = columns[c]!;
    const [low, high] = [own[0]!, own[count - 1]!];
    if (Number.isNaN(x)) return x;
    if (isNormal ? x - nearEnd < low : x <= low) return 0;
    if (isNormal ? x + nearEnd > high : x >= high) return 1;
    const at = Math.min(Math.max(x, low), high);
    const left = intervalOf(at, own) - 1;
    const right = own[left] === at ? starts[c]![left]! : left + 1;
    const up = rises[c]![left]! * (at - own[left]!) + references[left]!;
    const down = references[right]! - (right > 0 ? rises[c]![right - 1]! : 0) * (own[right]! - at);
    return 0.5 * (up + down);
  };
  return {
    emit(x, { g }) {
      const raw = emitDense(g, x);
      const share = emitShare(g, raw, columns, references, rises, starts);
      const low = constantRow(
        g,
        columns.map((own) => own[0]!),
      );
      const high = constantRow(
        g,
        columns.map((own) => own[count - 1]!),
      );
      const near = constantNumber(g, nearEnd);
      const isLow = isNormal ? g.op("Less", [g.op("Sub", [raw, near]), low]) : g.op("LessOrEqual", [raw, low]);
      const isHigh = isNormal ? g.op("Greater", [g.op("Add", [raw, near]), high]) : g.op("GreaterOrEqual", [raw, high]);
      const capped = g.op("Where", [isHigh, constantNumber(g, 1), share]);
      const bounded = g.op("Where", [isLow, constantNumber(g, 0), capped]);
      const shaped = isNormal ? emitNormalQuantile(g, emitBounded(g, bounded, leastShare, mostShare)) : bounded;
      return oneBlock(g.op("Where", [g.op("IsNaN", [raw]), raw, shaped], {}, { name: "shares" }), columns.length);
    },
    evaluate(x) {
      return tableOf(
        mapped(denseRows(x), (value, _row, c) => {
          const own = shareOf(value, c);
          return isNormal ? normalQuantile(Math.min(Math.max(own, leastShare), mostShare)) : own;
        }),
      );
    },
  };
}

/** Between two bounds, numbers or rows; Max and Min would differ between runtimes for NaN. */
function emitBounded(g: GraphBuilder, x: Value, low: number | Value, high: number | Value): Value {
  const [least, most] = [low, high].map((bound) => (typeof bound === "number" ? constantNumber(g, bound) : bound)) as [
    Value,
    Value,
  ];
  const raised = g.op("Where", [g.op("Less", [x, least]), least, x]);
  return g.op("Where", [g.op("Greater", [raised, most]), most, raised]);
}

function emitShare(
  g: GraphBuilder,
  raw: Value,
  columns: readonly Float64Array[],
  references: Float64Array,
  rises: readonly Float64Array[],
  starts: readonly (readonly number[])[],
): Value {
  const count = references.length;
  const low = constantRow(
    g,
    columns.map((own) => own[0]!),
  );
  const high = constantRow(
    g,
    columns.map((own) => own[count - 1]!),
  );
  const x = emitBounded(g, raw, low, high);
  const offsets = g.constant(
    int64(
      columns.map((_, c) => c * count),
      [1, columns.length],
    ),
    "offsets",
  );
  const whole = (position: number) => g.constant(int64([position], [1, 1]));
  const look = (tables: readonly ArrayLike<number>[], at: Value) =>
    g.op("Gather", [g.constant(float64(tables.flatMap((own) => Array.from(own)))), at], { axis: 0 });
  const within = (position: Value) =>
    g.op("Add", [g.op("Max", [g.op("Min", [position, whole(count - 1)]), whole(0)]), offsets]);

  const interval = emitIntervals(g, x, columns);
  const left = within(g.op("Sub", [interval, whole(1)]));
  const start = look(columns, left);
  const levels = columns.map(() => references);
  const up = g.op("Add", [g.op("Mul", [look(rises, left), g.op("Sub", [x, start])]), look(levels, left)]);
  const first = g.op("Gather", [g.constant(int64(starts.flat())), left], { axis: 0 });
  const right = within(g.op("Where", [g.op("Equal", [start, x]), first, interval]));
  const before = columns.map((_, c) => [0, ...rises[c]!.subarray(0, -1)]);
  const down = g.op("Sub", [
    look(levels, right),
    g.op("Mul", [look(before, right), g.op("Sub", [look(columns, right), x])]),
  ]);
  return g.op("Mul", [constantNumber(g, 0.5), g.op("Add", [up, down])], {}, { name: "share" });
}

/** `inverse_transform`: np.interp from the references to the quantiles. */
function back(columns: readonly Float64Array[], references: Float64Array, isNormal: boolean): Part {
  const count = references.length;
  const rises = columns.map((own) => slopes(references, own));
  const value = (given: number, c: number): number => {
    const own = columns[c]!;
    const x = isNormal ? normalCdf(given) : given;
    if (Number.isNaN(x)) return x;
    if (isNormal ? x - nearEnd < 0 : x === 0) return own[0]!;
    if (isNormal ? x + nearEnd > 1 : x === 1) return own[count - 1]!;
    const at = Math.min(Math.max(x, references[0]!), references[count - 1]!);
    const left = intervalOf(at, references) - 1;
    return rises[c]![left]! * (at - references[left]!) + own[left]!;
  };
  return {
    emit(x, { g }) {
      const given = emitDense(g, x);
      const raw = isNormal ? emitNormalCdf(g, given) : given;
      const shares = emitBounded(g, raw, references[0]!, references[count - 1]!);
      const interval = emitIntervals(
        g,
        shares,
        columns.map(() => references),
      );
      const whole = (position: number) => g.constant(int64([position], [1, 1]));
      const left = g.op("Max", [g.op("Sub", [interval, whole(1)]), whole(0)]);
      const offsets = g.constant(
        int64(
          columns.map((_, c) => c * count),
          [1, columns.length],
        ),
        "offsets",
      );
      const at = g.op("Add", [left, offsets]);
      const look = (tables: readonly ArrayLike<number>[], position: Value) =>
        g.op("Gather", [g.constant(float64(tables.flatMap((own) => Array.from(own)))), position], { axis: 0 });
      const distance = g.op("Sub", [shares, look([references], left)]);
      const between = g.op("Add", [g.op("Mul", [look(rises, at), distance]), look(columns, at)]);
      const near = constantNumber(g, nearEnd);
      const isLow = isNormal
        ? g.op("Less", [g.op("Sub", [raw, near]), constantNumber(g, 0)])
        : g.op("Equal", [raw, constantNumber(g, 0)]);
      const isHigh = isNormal
        ? g.op("Greater", [g.op("Add", [raw, near]), constantNumber(g, 1)])
        : g.op("Equal", [raw, constantNumber(g, 1)]);
      const capped = g.op("Where", [
        isHigh,
        constantRow(
          g,
          columns.map((own) => own[count - 1]!),
        ),
        between,
      ]);
      const bounded = g.op("Where", [
        isLow,
        constantRow(
          g,
          columns.map((own) => own[0]!),
        ),
        capped,
      ]);
      return oneBlock(g.op("Where", [g.op("IsNaN", [raw]), raw, bounded], {}, { name: "values" }), columns.length);
    },
    evaluate: (x) => tableOf(mapped(denseRows(x), (given, _row, c) => value(given, c))),
  };
}
