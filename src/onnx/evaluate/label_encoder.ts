// ai.onnx.ml LabelEncoder, versions 2 and 4: values to values through a table.
import { type DType, IngotError } from "../../core/index.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { allocate, given, type NodeAttributes, type Operator, writable } from "./kernel.ts";

export const labelEncoder: Operator = (attributes) => {
  const keys = listOf(attributes, "keys");
  const values = listOf(attributes, "values");
  if (!keys || !values || keys.data.length !== values.data.length)
    throw new IngotError("ONNX_INVALID", { what: "LabelEncoder: keys and values are not two lists of one length" });
  const table = new Map<unknown, unknown>();
  // The first of equal keys counts, as in ONNX Runtime (emplace).
  for (let i = 0; i < keys.data.length; i++) if (!table.has(keys.data[i])) table.set(keys.data[i], values.data[i]);
  const fallback = defaultOf(attributes, values.dtype);
  return (inputs) => {
    const input = given(inputs, 0);
    const data = allocate(values.dtype, input.dims);
    const out = writable(data);
    for (let i = 0; i < data.length; i++) out[i] = table.has(input.data[i]) ? table.get(input.data[i]) : fallback;
    return [{ dtype: values.dtype, dims: input.dims, data }];
  };
};

function listOf(attributes: NodeAttributes, side: "keys" | "values"): Tensor | null {
  const tensor = attributes.tensor(`${side}_tensor`);
  if (tensor) return { ...tensor, dims: [elementCount(tensor.dims)] };
  const texts = attributes.texts(`${side}_strings`);
  if (texts) return { dtype: "string", dims: [texts.length], data: texts };
  const floats = attributes.floats(`${side}_floats`);
  if (floats) return { dtype: "float32", dims: [floats.length], data: floats };
  const ints = attributes.ints(`${side}_int64s`);
  return ints && { dtype: "int64", dims: [ints.length], data: BigInt64Array.from(ints, BigInt) };
}

function defaultOf(attributes: NodeAttributes, dtype: DType): unknown {
  const tensor = attributes.tensor("default_tensor");
  if (tensor) return tensor.data[0];
  if (dtype === "string") return attributes.text("default_string", "_Unused");
  if (dtype === "int64") return BigInt(attributes.int("default_int64", -1));
  return attributes.float("default_float", -0);
}
