// What the evaluators of tabular models share, which compute a model without its graph: tensors of the inputs as columns, numbers as
// tensors of the outputs.
import type { OutputSpec, Schema } from "../core/index.ts";
import { float32, float64, int64, strings, type Tensor } from "../onnx/index.ts";

export type Feeds = Readonly<Record<string, Tensor>>;

/** Reads one value of a feature. */
export type ReadFeature = (row: number) => number | string;

/** The model's features in order, whether they come as one matrix or as one input each. */
export function featuresOf(feeds: Feeds, { inputs }: Schema): { rows: number; features: ReadFeature[] } {
  const rows = feeds[inputs[0]!.name]!.dims[0]!;
  const features = inputs.flatMap(({ name }): ReadFeature[] => {
    const { dims, data } = feeds[name]!;
    const width = dims.slice(1).reduce((product, dim) => product * dim, 1);
    return Array.from({ length: width }, (_, at) => (row: number) => {
      const value = data[row * width + at]!;
      return typeof value === "string" ? value : Number(value);
    });
  });
  return { rows, features };
}

/** Rows of one output as a tensor of its dtype. */
export function outputTensor({ dtype, shape }: OutputSpec, rows: readonly (readonly number[])[]): Tensor {
  const dims = shape.length === 0 ? [rows.length] : [rows.length, rows[0]?.length ?? 0];
  const values = rows.flat();
  return dtype === "float32" ? float32(values, dims) : float64(values, dims);
}

/** Names of classes picked by position; positions themselves where there are none. Several a row where the output has a shape. */
export function labelTensor(
  { dtype, shape }: OutputSpec,
  positions: readonly number[],
  classes: readonly (string | number | boolean)[] | null | undefined,
): Tensor {
  const labels = positions.map((position) => (classes ? classes[position]! : position));
  const dims = shape.length === 0 ? [labels.length] : [labels.length / Number(shape[0]), Number(shape[0])];
  if (dtype === "string") return strings(labels.map(String), dims);
  if (dtype === "bool") return { dtype, dims, data: Uint8Array.from(labels, Number) };
  if (dtype === "float64") return float64(labels.map(Number), dims);
  return int64(labels.map(Number), dims);
}

/** The first of the largest. */
export function largestOf(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
