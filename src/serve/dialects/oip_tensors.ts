// Tensors of the Open Inference Protocol against the schema: names and shapes for REST and gRPC alike, and values in JSON.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_rest.md, "Tensor Data": nested or flat, row-major.
import { type Dim, IngotError, type InputSpec, type OutputSpec, quoted } from "../../core/index.ts";
import { elementCount, type Tensor, type TensorData } from "../../onnx/index.ts";
import { textInForm } from "../../pipeline/index.ts";
import { shortestFloat32 } from "../../runtime/index.ts";
import { type Datatype, datatypeOf } from "./oip_datatypes.ts";

/** What every form of a tensor says of itself before its values. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface OipTensor extends TensorHead {
  readonly data: readonly unknown[];
}

/** Name, datatype and shape as model metadata shows them; sizes that vary are -1. */
export function tensorMetadata(spec: InputSpec | OutputSpec): { name: string; datatype: string; shape: number[] } {
  return { name: spec.name, datatype: datatypeOf(spec.dtype, spec.name).name, shape: tensorShape(spec) };
}

/** With the batch's size in front, where there is one. */
export function tensorShape({ layout, shape }: InputSpec | OutputSpec): number[] {
  const sizes = shape.map((dim: Dim) => (typeof dim === "number" ? dim : -1));
  if (layout === "whole") return sizes;
  return layout === "column" ? [-1, 1] : [-1, ...sizes];
}

/**
 * Checks what a tensor says of itself.
 * @returns its datatype and number of elements
 * @throws IngotError INPUT_INVALID naming the input
 */
export function checkHead(given: TensorHead, spec: InputSpec): { datatype: Datatype; length: number } {
  const datatype = datatypeOf(spec.dtype, `inputs.${spec.name}`);
  if (given.datatype !== datatype.name)
    throw tensorRefusal(
      spec,
      `expected datatype ${datatype.name}, got ${quoted(given.datatype)}`,
      "send the datatype of the metadata",
    );
  const expected = tensorShape(spec);
  const fits =
    given.shape.length === expected.length && expected.every((dim, i) => dim === -1 || dim === given.shape[i]);
  if (!fits) throw tensorRefusal(spec, `expected shape [${expected}] (-1 = any), got ${quoted(given.shape)}`);
  return { datatype, length: elementCount(given.shape) };
}

export function tensorRefusal({ name }: InputSpec, what: string, fix?: string): IngotError {
  return new IngotError("INPUT_INVALID", { what, where: `inputs.${name}`, fix });
}

/**
 * A text as the graph takes it.
 * @throws IngotError INPUT_INVALID for NUL: ONNX Runtime's binding hands texts on as C strings and would drop the rest
 */
export function checkedText(text: string, spec: InputSpec, index: number): string {
  if (text.includes("\0")) throw tensorRefusal(spec, `${quoted(text)} holds a NUL character (element ${index})`);
  return textInForm(text, spec.text);
}

/**
 * One input of an inference request, its values in JSON, as the graph takes it.
 * @throws IngotError INPUT_INVALID naming the input
 */
export function readTensor(given: OipTensor, spec: InputSpec): Tensor {
  const { datatype, length } = checkHead(given, spec);
  const floats = given.data.length === length ? flatFloats(given.data, spec) : null;
  if (floats) return { dtype: spec.dtype, dims: given.shape, data: floats };
  const available = leafCount(given.data);
  if (available !== length)
    throw tensorRefusal(spec, `shape [${given.shape}] needs ${length} values, data has ${available}`);
  const data = datatype.allocate(length) as { [index: number]: unknown } & TensorData;
  const canMiss = spec.missing === "allow" && typeof datatype.read("NaN") === "number" && datatype.name !== "BYTES";
  let index = 0;
  const fill = (values: readonly unknown[]) => {
    for (const value of values) {
      if (Array.isArray(value)) {
        fill(value);
        continue;
      }
      const element = datatype.read(value === null && canMiss ? "NaN" : value);
      if (element === undefined)
        throw tensorRefusal(spec, `expected ${datatype.name}, got ${quoted(value)} (element ${index})`);
      data[index] = typeof element === "string" ? checkedText(element, spec, index) : element;
      index++;
    }
  };
  fill(given.data);
  return { dtype: spec.dtype, dims: given.shape, data };
}

/** Plain numbers in a flat list, as most requests have them; null for whatever needs a closer look. */
function flatFloats(values: readonly unknown[], { dtype }: InputSpec): Float32Array | Float64Array | null {
  if (dtype !== "float32" && dtype !== "float64") return null;
  const data = dtype === "float32" ? new Float32Array(values.length) : new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number") return null;
    data[i] = value;
  }
  return data;
}

/** Values in nested arrays. The JSON reader has bounded how deep they go. */
function leafCount(values: readonly unknown[]): number {
  let count = 0;
  for (const value of values) count += Array.isArray(value) ? leafCount(value) : 1;
  return count;
}

/** One output of the graph, flat. The JSON writer turns NaN and infinities into words. */
export function writeTensor(name: string, { dtype, dims, data }: Tensor): OipTensor {
  const { name: datatype, write } = datatypeOf(dtype, name);
  const element = dtype === "float32" ? (value: unknown) => shortestFloat32(value as number) : write;
  const values: unknown[] = Array.from<number | bigint | string, unknown>(data, element ?? ((value) => value));
  return { name, datatype, shape: dims, data: values };
}
