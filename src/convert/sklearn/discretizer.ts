// Bins of numbers. Rule: sklearn/preprocessing/_discretization.py, KBinsDiscretizer.transform: `np.digitize` of values moved up by
// 1e-8 + 1e-5 |x| up to scikit-learn 1.0, `np.searchsorted` among the inner edges since.
import { type Fitted, NdArray, PyGlobal } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, emitDense, oneBlock } from "./dense.ts";
import type { Estimator } from "./estimator.ts";
import { emitIntervals, intervalOf } from "./intervals.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

export const kBinsDiscretizer: Estimator = {
  classes: ["sklearn.preprocessing._discretization.KBinsDiscretizer"],
  read(self) {
    const edges = self.items("bin_edges_").map((item, i) => {
      if (!(item instanceof NdArray) || item.length < 2)
        throw self.invalid(`has \`bin_edges_[${i}]\` without two edges`);
      return item.floats();
    });
    const inner = edges.map((own) => own.slice(1, -1));
    const isMoved = isBefore(self.version, 1, 1);
    const isRounded = roundsInput(self);
    if (isMoved && isRounded) throw self.unsupported("computes in float32", "fit it with `dtype=None`");
    const binsOf = (x: number, column: number) => {
      const value = isRounded ? Math.fround(x) : x;
      return intervalOf(isMoved ? value + (1e-8 + 1e-5 * Math.abs(value)) : value, inner[column]!);
    };
    // Positions of the indicators: one per bin, in the order of the columns.
    const isOrdinal = self.string("encode") === "ordinal";
    const indicators = inner.flatMap((own, column) =>
      Array.from({ length: own.length + 1 }, (_, bin) => ({ column, bin })),
    );
    return {
      columns: numberColumns(edges.length),
      transform: {
        width: isOrdinal ? edges.length : indicators.length,
        emit(x, { g }) {
          const bins = emitIntervals(g, emitMoved(g, emitDense(g, x), isMoved, isRounded), inner);
          if (isOrdinal) return oneBlock(g.op("Cast", [bins], { to: 11 }), edges.length);
          const repeated = g.op("Gather", [bins, g.constant(int64(indicators.map(({ column }) => column)))], {
            axis: 1,
          });
          const wanted = g.constant(
            int64(
              indicators.map(({ bin }) => bin),
              [1, indicators.length],
            ),
            "bins",
          );
          return oneBlock(g.op("Cast", [g.op("Equal", [repeated, wanted])], { to: 11 }), indicators.length);
        },
        evaluate(x) {
          const bins = x.columns.map((column, c) =>
            Float64Array.from(column as Float64Array, (value) => binsOf(value, c)),
          );
          const columns = isOrdinal
            ? bins
            : indicators.map(({ column, bin }) => bins[column]!.map((value) => Number(value === bin)));
          return { rows: x.rows, columns };
        },
      },
    };
  },
};

/** With `dtype=np.float32` values are rounded before they are compared. */
function roundsInput(self: Fitted): boolean {
  const dtype = self.get("dtype");
  return dtype instanceof PyGlobal && dtype.name === "float32";
}

function emitMoved(g: GraphBuilder, x: Value, isMoved: boolean, isRounded: boolean): Value {
  if (isRounded) return g.op("Cast", [g.op("Cast", [x], { to: 1 })], { to: 11 });
  if (!isMoved) return x;
  const relative = g.op("Mul", [constantNumber(g, 1e-5), g.op("Abs", [x])]);
  return g.op("Add", [x, g.op("Add", [constantNumber(g, 1e-8), relative])]);
}
