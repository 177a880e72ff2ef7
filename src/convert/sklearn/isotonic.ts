// A monotonic curve through fitted points. Rule: sklearn/isotonic.py, IsotonicRegression.predict: linear interpolation, as np.interp does it.
import { float64, int64 } from "../../onnx/index.ts";
import { constantNumber, constantRow, emitDense, emitFlat } from "./dense.ts";
import type { Column, Estimator } from "./estimator.ts";

export const isotonicRegression: Estimator = {
  classes: ["sklearn.isotonic.IsotonicRegression"],
  read(self) {
    const [x, y] = [self.floats("X_thresholds_"), self.floats("y_thresholds_")];
    const last = x.length - 1;
    if (last < 0 || y.length !== x.length) throw self.invalid("has no points to interpolate");
    // The last point has nothing behind it.
    const slope = x.map((at, i) => (i === last ? 0 : (y[i + 1]! - y[i]!) / (x[i + 1]! - at)));
    const outside = self.string("out_of_bounds");
    // "raise" cannot stop a graph: no answer then.
    const [low, high] = [self.number("X_min_"), self.number("X_max_")];
    return {
      columns: [{ type: "number" }],
      regress: {
        targets: null,
        emit(columns, { g }) {
          const given = emitDense(g, columns);
          const value =
            outside === "clip"
              ? g.op("Min", [g.op("Max", [given, constantNumber(g, low)]), constantNumber(g, high)])
              : given;
          const passed = g.op("Cast", [g.op("GreaterOrEqual", [value, constantRow(g, x, "points")])], { to: 7 });
          const count = g.op("ReduceSum", [passed, g.constant(int64([1]))], { keepdims: 1 });
          const at = g.op("Max", [g.op("Sub", [count, g.constant(int64([1], []))]), g.constant(int64([0], []))]);
          const of = (values: Float64Array, name: string) => g.op("Gather", [g.constant(float64(values), name), at]);
          const distance = g.op("Sub", [value, of(x, "x")]);
          const found = g.op(
            "Add",
            [g.op("Mul", [of(slope, "slope"), distance]), of(y, "y")],
            {},
            { name: "interpolated" },
          );
          if (outside === "clip" || x.length === 1) return emitFlat(g, found);
          const isOutside = g.op("Or", [
            g.op("Less", [value, constantNumber(g, low)]),
            g.op("Greater", [value, constantNumber(g, high)]),
          ]);
          return emitFlat(g, g.op("Where", [isOutside, constantNumber(g, Number.NaN), found]));
        },
        evaluate({ rows, columns }) {
          const data = Float64Array.from(columns[0]! as Column as ArrayLike<number>, (given: number) => {
            if (outside !== "clip" && x.length > 1 && (given < low || given > high)) return Number.NaN;
            const value = outside === "clip" ? Math.min(Math.max(given, low), high) : given;
            let at = 0;
            while (at < last && x[at + 1]! <= value) at++;
            return slope[at]! * (value - x[at]!) + y[at]!;
          });
          return { rows, columns: 1, data };
        },
      },
    };
  },
};
