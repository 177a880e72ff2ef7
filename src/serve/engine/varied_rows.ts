// Rows for trying a model: its examples, then the same moved a little, so that rows which get mixed or cut differently show.
import type { InputSpec, Schema } from "../../core/index.ts";
import { elementCount, type Tensor, type TensorData } from "../../onnx/index.ts";
import type { Feeds } from "../../runtime/index.ts";
import { pickRows } from "./batch.ts";

/** `count` rows; numbers of floats are moved by up to nine tenths, whole numbers by up to `row`, within their bounds. */
export function variedRows(schema: Schema, examples: Feeds, count: number): Record<string, Tensor> {
  const given = examples[schema.inputs[0]!.name]!.dims[0]!;
  const rows = pickRows(
    examples,
    Array.from({ length: count }, (_, row) => row % given),
  );
  for (const spec of schema.inputs) {
    const { dims, data } = rows[spec.name]!;
    const width = elementCount(dims.slice(1));
    for (let row = given; row < count; row++) move(spec, data, row * width, (row + 1) * width, row);
  }
  return rows;
}

/** From -1 to 1, another for every place. */
function spread(row: number, i: number): number {
  return Math.sin(row * 12.9898 + i * 78.233);
}

function move(spec: InputSpec, data: TensorData, from: number, to: number, row: number): void {
  const { min = -Infinity, max = Infinity, categories } = spec;
  const within = (value: number) => Math.min(max, Math.max(min, value));
  if (Array.isArray(data)) {
    if (categories && categories.length > 0)
      for (let i = from; i < to; i++) data[i] = String(categories[(row + i) % categories.length]);
    return;
  }
  // Ids of words and the like must stay what they are: only declared bounds say how far whole numbers may go.
  const isInteger = spec.type === "int" || spec.type === "bool";
  if (isInteger && (spec.min === undefined || spec.max === undefined)) return;
  for (let i = from; i < to; i++) {
    const value = data[i]!;
    if (typeof value === "bigint") data[i] = BigInt(within(Number(value) + (row % 3))) as never;
    else if (isInteger) data[i] = within(value + (row % 3)) as never;
    else if (spec.dtype === "float32" || spec.dtype === "float64")
      data[i] = within(value === 0 ? spread(row, i) : value * (1 + 0.9 * spread(row, i))) as never;
  }
}
