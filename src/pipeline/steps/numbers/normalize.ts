// Rule: sklearn/preprocessing/_data.py, normalize: rows divided by their norm; norms below 10 epsilon count as 1.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { asFloat64, numberColumns, numberConstant, selectNumbers } from "./columnwise.ts";

const least = 10 * Number.EPSILON;

export const normalize = step({
  name: "normalize",
  about: "Divide each record's numbers by their norm",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns.describe("Columns of numbers, taken together; or one column of a row of numbers"),
    norm: z.enum(["l2", "l1", "max"]).default("l2").describe("Length, sum of magnitudes, or largest magnitude"),
  }),
  example: "normalize: { columns: [x, y, z], norm: l2 }",
  reference: "sklearn.preprocessing.normalize",
  plan({ columns: names, norm }, frame) {
    const columns = selectNumbers(frame, names);
    const [only] = columns;
    const isMatrix = columns.length === 1 && only!.shape.length === 1;
    const deep = columns.find(({ shape }) => shape.length > 0);
    if (deep && !isMatrix) throw frame.refuse(`column \`${deep.name}\` is not a single number`, { option: "columns" });
    const emit = (g: GraphBuilder, x: Value) => emitNormalized(g, asFloat64(g, x), norm);
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ categories: _, type: _type, ...column }) => ({ ...column, dtype: "float64" as const })),
      inexact: true,
      emit(values, { g }) {
        if (isMatrix) return [emit(g, values[0]!)];
        const axis = g.constant(int64([1]));
        const x = g.op(
          "Concat",
          values.map((value) => g.op("Unsqueeze", [asFloat64(g, value), axis])),
          { axis: 1 },
        );
        const result = emit(g, x);
        return columns.map((_, at) => g.op("Gather", [result, g.constant(int64([at], []))], { axis: 1 }));
      },
      ...(isMatrix ? {} : { packed: (x: Value, { g }: { g: GraphBuilder }) => emit(g, x) }),
      evaluate(tensors, rows) {
        const width = isMatrix ? (tensors[0]!.dims[1] ?? 0) : tensors.length;
        const at = (row: number, k: number) =>
          Number(isMatrix ? tensors[0]!.data[row * width + k] : tensors[k]!.data[row]);
        const results = tensors.map(({ dims, data }): Tensor => float64(new Float64Array(data.length), dims));
        for (let row = 0; row < rows; row++) {
          const values = Array.from({ length: width }, (_, k) => at(row, k));
          const size = normOf(values, norm);
          const divisor = size < least ? 1 : size;
          values.forEach((value, k) => {
            const [tensor, place] = isMatrix ? [results[0]!, row * width + k] : [results[k]!, row];
            (tensor.data as Float64Array)[place] = value / divisor;
          });
        }
        return results;
      },
    };
  },
});

type Norm = "l1" | "l2" | "max";

function emitNormalized(g: GraphBuilder, x: Value, norm: Norm): Value {
  const axis = g.constant(int64([1]));
  const sum = g.op("ReduceSum", [g.op("Abs", [x]), axis], { keepdims: 1 });
  // ReduceMax passes over NaN, sums do not.
  const most = () => g.op("ReduceMax", [g.op("Abs", [x]), axis], { keepdims: 1 });
  const size =
    norm === "max"
      ? g.op("Where", [g.op("IsNaN", [sum]), sum, most()])
      : norm === "l1"
        ? sum
        : g.op("Sqrt", [g.op("ReduceSum", [g.op("Mul", [x, x]), axis], { keepdims: 1 })]);
  const isTiny = g.op("Less", [size, numberConstant(g, least)]);
  return g.op("Div", [x, g.op("Where", [isTiny, numberConstant(g, 1), size])]);
}

function normOf(values: readonly number[], norm: Norm): number {
  if (norm === "max")
    return values.reduce(
      (most, value) => (Number.isNaN(most) || Number.isNaN(value) ? Number.NaN : Math.max(most, Math.abs(value))),
      0,
    );
  const sum = values.reduce((total, value) => total + (norm === "l1" ? Math.abs(value) : value * value), 0);
  return norm === "l1" ? sum : Math.sqrt(sum);
}
