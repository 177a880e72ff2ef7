// What ONNX Runtime's two packages have in common: their tensors (onnxruntime-common) and their errors.
import type { Tensor as OrtTensor } from "onnxruntime-node";
import { type DType, IngotError } from "../core/index.ts";
import type { Tensor, TensorData } from "../onnx/index.ts";

/** Element types that the JavaScript binding carries, under its names. */
const ortTypes: Partial<Record<DType, OrtTensor.Type>> = {
  float32: "float32",
  float64: "float64",
  float16: "float16",
  int8: "int8",
  int16: "int16",
  int32: "int32",
  int64: "int64",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  bool: "bool",
  string: "string",
};
const dtypes = new Map(Object.entries(ortTypes).map(([dtype, type]) => [type, dtype as DType]));

/** @throws IngotError RUNTIME_UNSUPPORTED for element types that JavaScript's binding does not carry */
export function ortTypeOf(name: string, dtype: DType): OrtTensor.Type {
  const type = ortTypes[dtype];
  if (type) return type;
  throw new IngotError("RUNTIME_UNSUPPORTED", {
    what: `ONNX Runtime's JavaScript binding takes no ${dtype} tensors`,
    where: `inputs.${name}`,
  });
}

export function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const dtype = dtypes.get(tensor.type);
  if (!dtype || typeof tensor.dims === "undefined")
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: `output ${name} is ${tensor.type ?? "no tensor"}, which cannot be returned`,
      fix: "remove ZipMap and other map or sequence outputs from the graph",
    });
  const data: unknown = tensor.data;
  const plain =
    ArrayBuffer.isView(data) && dtype === "float16"
      ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
      : data;
  return { dtype, dims: tensor.dims, data: plain as TensorData };
}

export function runFailure(cause: unknown): IngotError {
  const message = firstLine(cause);
  const isInput = /INVALID_ARGUMENT|Got invalid dimensions|Unexpected input data type|invalid expand shape/i.test(
    message,
  );
  return new IngotError(isInput ? "INPUT_INVALID" : "RUNTIME_FAILED", {
    what: `ONNX Runtime: ${message}`,
    fix: isInput ? "compare the input's shape and type with the schema" : undefined,
    cause,
  });
}

export function loadFailure(cause: unknown, where: string | undefined): IngotError {
  return new IngotError("RUNTIME_UNSUPPORTED", {
    what: `ONNX Runtime cannot load the graph: ${firstLine(cause)}`,
    where,
    fix: "`ingot inspect` shows its operators and what is known about them",
    cause,
  });
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return (text.split("\n")[0] ?? "").slice(0, 500);
}
