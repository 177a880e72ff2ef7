// Several requests' tensors as one, row after row, and the results cut apart again.
import { type Dim, IngotError, type InputSpec, type OutputSpec, type Schema } from "../../core/index.ts";
import { elementCount, type Tensor, type TensorData } from "../../onnx/index.ts";
import type { Feeds } from "../../runtime/index.ts";

/** Whether every tensor of the schema has a row per record. */
export function hasRows({ inputs, outputs }: Schema): boolean {
  const isWhole = ({ layout }: InputSpec | OutputSpec) => layout === "whole";
  return inputs.length > 0 && !inputs.some(isWhole) && !outputs.some(isWhole);
}

/** Whether tensors of different requests can differ in their sizes behind the first. */
export function hasFixedRows({ inputs }: Schema): boolean {
  return inputs.every(({ shape }) => shape.every((dim: Dim) => typeof dim === "number"));
}

/** Sizes behind the first of every input: only equal ones go together. */
export function shapeKeyOf({ inputs }: Schema, feeds: Feeds): string {
  return inputs.map(({ name }) => feeds[name]?.dims.slice(1).join("x")).join(" ");
}

/** `parts` have equal shapes behind the first size. */
export function mergeFeeds(names: readonly string[], parts: readonly Feeds[]): Record<string, Tensor> {
  const merged: Record<string, Tensor> = {};
  for (const name of names) {
    const tensors = parts.map((part) => part[name]!);
    const [first] = tensors;
    const rows = tensors.reduce((sum, { dims }) => sum + dims[0]!, 0);
    merged[name] = { dtype: first!.dtype, dims: [rows, ...first!.dims.slice(1)], data: joined(tensors) };
  }
  return merged;
}

function joined(tensors: readonly Tensor[]): TensorData {
  const first = tensors[0]!.data;
  if (Array.isArray(first)) return tensors.flatMap(({ data }) => data as string[]);
  const length = tensors.reduce((sum, { data }) => sum + data.length, 0);
  const all = new (first.constructor as new (length: number) => typeof first)(length);
  let at = 0;
  for (const { data } of tensors) {
    (all as Float64Array).set(data as Float64Array, at);
    at += data.length;
  }
  return all;
}

/**
 * Results of each part: views of the merged results.
 * @throws IngotError RUNTIME_FAILED when an output has not one row per record
 */
export function splitResults(results: Feeds, rows: readonly number[]): Feeds[] {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const parts: Record<string, Tensor>[] = rows.map(() => ({}));
  for (const [name, { dtype, dims, data }] of Object.entries(results)) {
    if (dims[0] !== total)
      throw new IngotError("RUNTIME_FAILED", { what: `output ${name} has shape [${dims}] for ${total} records` });
    const width = elementCount(dims.slice(1));
    let at = 0;
    for (const [index, count] of rows.entries()) {
      const end = at + count * width;
      const cut = Array.isArray(data) ? data.slice(at, end) : data.subarray(at, end);
      parts[index]![name] = { dtype, dims: [count, ...dims.slice(1)], data: cut };
      at = end;
    }
  }
  return parts;
}

/** Bytes of a request's tensors; texts count as their characters. */
export function bytesOf(feeds: Feeds): number {
  let bytes = 0;
  for (const { data } of Object.values(feeds))
    bytes += Array.isArray(data) ? data.reduce((sum, text) => sum + text.length, 0) : data.byteLength;
  return bytes;
}

/** The rows named, in that order, of every tensor; a row may come twice. Copies. */
export function pickRows(feeds: Feeds, order: readonly number[]): Record<string, Tensor> {
  const parts = order.map((row) =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, dims, data }]) => {
        const width = elementCount(dims.slice(1));
        const [from, to] = [row * width, (row + 1) * width];
        const cut: TensorData = Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
        return [name, { dtype, dims: [1, ...dims.slice(1)], data: cut }];
      }),
    ),
  );
  return mergeFeeds(Object.keys(feeds), parts);
}
