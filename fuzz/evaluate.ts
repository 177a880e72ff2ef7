// Fuzz target: graphs on the micro runtime. A graph may be refused or fail, with a code; it may not crash or run away.
import { compileGraph, dataType, elementCount, readModel, type Tensor, type ValueType } from "../src/onnx/index.ts";

export const name = "evaluate";

const rows = 3;

export function target(bytes: Uint8Array): void {
  const model = readModel(bytes, "fuzz.onnx");
  const { run } = compileGraph(model);
  run(Object.fromEntries(model.graph.inputs.map((input) => [input.name, sample(input.type)])));
}

/** Any value of a declared type; sizes that vary are the same for all inputs. */
function sample(type: ValueType | null): Tensor {
  const dtype = type?.kind === "tensor" && type.dtype !== null ? type.dtype : "float32";
  const shape = type?.kind === "tensor" && type.shape !== null ? type.shape : [rows];
  const dims = shape.map((size) => (typeof size === "number" && size < 64 ? Math.max(0, size) : rows));
  const count = Math.min(elementCount(dims), 4096);
  const { array } = dataType(dtype);
  if (!array) return { dtype, dims, data: Array.from({ length: count }, (_, i) => ["a", "", "7"][i % 3]!) };
  const data = new array(count);
  for (let i = 0; i < count; i++) data[i] = typeof data[i] === "bigint" ? BigInt(i - 1) : i - 1.5;
  return { dtype, dims, data };
}
