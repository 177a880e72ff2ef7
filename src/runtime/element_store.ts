// The memory of an input's tensor, and how an element goes into it.
import { type DType, IngotError, type InputSpec } from "../core/index.ts";
import { dataType, type TensorData, toBfloat16, toFloat16 } from "../onnx/index.ts";
import type { Element } from "./field.ts";

/** Types that no record can give. */
const ungiven: ReadonlySet<DType> = new Set<DType>([
  ...(["complex64", "complex128", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"] as const),
  ...(["float8e8m0", "float4e2m1", "int2", "uint2", "int4", "uint4"] as const),
]);

/** Writes one element. */
export type WriteElement = (data: TensorData, index: number, element: Element) => void;

/** @throws IngotError RUNTIME_UNSUPPORTED for types that records cannot give */
export function allocate({ name, dtype }: InputSpec, length: number): TensorData {
  if (dtype === "string") return new Array<string>(length).fill("");
  if (ungiven.has(dtype))
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: `values of type ${dtype} cannot be given as records`,
      where: `inputs.${name}`,
    });
  return new (dataType(dtype).array!)(length);
}

export function elementWriter(spec: InputSpec): WriteElement {
  const put: WriteElement = (data, index, element) => {
    (data as unknown as Element[])[index] = element;
  };
  if (spec.dtype === "float16") return (data, index, element) => put(data, index, toFloat16(element as number));
  if (spec.dtype === "bfloat16") return (data, index, element) => put(data, index, toBfloat16(element as number));
  return put;
}
