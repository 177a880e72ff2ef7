// Schemas that the targets of inference requests read against.
import type { DType, InputSpec, Schema } from "../src/core/index.ts";

const input = (dtype: DType): InputSpec => ({
  name: dtype,
  type: dtype === "string" ? "string" : "float",
  dtype,
  shape: [null],
  layout: "batch",
  missing: "allow",
});

/** One input `<dtype>` of shape [N, any] for each element type that travels in its own way. */
export const manyTypes: { readonly schema: Schema } = {
  schema: {
    inputs: (["int64", "int16", "uint32", "float32", "float64", "float16", "bool", "string"] as const).map(input),
    outputs: [],
  },
};

export const oneInput: { readonly schema: Schema } = { schema: { inputs: [input("float32")], outputs: [] } };
