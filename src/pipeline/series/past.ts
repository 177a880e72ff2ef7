// Earlier values of a series: what lags, differences and rolling windows are made of. Missing before the first value.
import type { Dim } from "../../core/index.ts";
import { float64, type GraphBuilder, int64, type Tensor, type Value } from "../../onnx/index.ts";
import { sizeOf, whole } from "../images/image_column.ts";
import type { Column, Frame } from "../step.ts";

/** Whether steps answer for the last time only, or for every time of the window. */
export type Times = "last" | "every";

/** `[times]` of float32 or float64. @throws PIPELINE_INVALID */
export function seriesColumn(frame: Frame, name: string): Column & { readonly times: Dim } {
  const column = frame.column(name);
  const { shape, dtype } = column;
  if (column.isBytes || shape.length !== 1 || (dtype !== "float64" && dtype !== "float32"))
    throw frame.refuse(
      `column \`${name}\` is ${dtype} of shape [${shape.map((size) => size ?? "?")}], not a window of numbers`,
      {
        option: "column",
        fix: `declare it under \`inputs:\` as \`${name}: { type: float, shape: [24] }\``,
      },
    );
  return { ...column, times: shape[0]! };
}

/** @throws PIPELINE_INVALID where the window is never that long */
export function checkReach(
  frame: Frame,
  { name, times }: ReturnType<typeof seriesColumn>,
  reach: number,
  option: string,
): void {
  if (typeof times === "number" && reach >= times)
    throw frame.refuse(`\`${name}\` has ${times} values: none stands ${reach} before the last`, { option });
}

export function resultColumn(name: string, times: Times, length: Dim): Column {
  return { name, dtype: "float64", shape: times === "last" ? [] : [length], missing: true };
}

/** Values `back` steps before each time, NaN before the first: float64 `[N, times, back.length]`, of the last time only `[N, 1, …]`. */
export function emitPast(g: GraphBuilder, value: Value, back: readonly number[], times: Times): Value {
  const length = sizeOf(g, value, 1);
  const last = g.op("Sub", [length, whole(g, 1)]);
  const first = times === "last" ? last : whole(g, 0);
  const at = g.op("Unsqueeze", [g.op("Range", [first, length, whole(g, 1)]), g.constant(int64([1]), "second")]);
  const position = g.op("Sub", [at, g.constant(int64(back), "back")]);
  const picked = g.op("Gather", [g.op("Cast", [value], { to: 11 }), g.op("Max", [position, whole(g, 0)])], { axis: 1 });
  const isBefore = g.op("Less", [position, whole(g, 0)]);
  return g.op("Where", [isBefore, g.constant(float64([Number.NaN], []), "missing"), picked]);
}

/** `[N, times]` or, for the last time, `[N]`. */
export function emitTimes(g: GraphBuilder, value: Value, times: Times): Value {
  return times === "last" ? g.op("Squeeze", [value, g.constant(int64([1]), "second")]) : value;
}

/** In plain TypeScript: what `compute` makes of every time, given a reader of earlier values. */
export function overTimes(
  tensor: Tensor,
  rows: number,
  times: Times,
  compute: (earlier: (back: number) => number) => number,
): Tensor {
  const length = tensor.dims[1]!;
  const count = times === "last" ? 1 : length;
  const data = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < count; i++) {
      const at = length - count + i;
      data[row * count + i] = compute((back) =>
        at < back ? Number.NaN : (tensor.data[row * length + at - back] as number),
      );
    }
  return { dtype: "float64", dims: times === "last" ? [rows] : [rows, length], data };
}
