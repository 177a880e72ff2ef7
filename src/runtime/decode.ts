// Tensors to records.
import { IngotError, type OutputSpec, type Schema } from "../core/index.ts";
import { fromBfloat16, fromFloat16, type Tensor } from "../onnx/index.ts";
import { missingText } from "../pipeline/index.ts";
import type { OutputRecord, OutputValue } from "./predictor.ts";
import { shortestFloat32 } from "./shortest_float32.ts";

type ReadElement = (index: number) => OutputValue;

/**
 * One record per row of the outputs. 64-bit integers become numbers where a double holds them, bigint elsewhere; float32
 * becomes the shortest decimal that rounds to it.
 * @throws IngotError RUNTIME_FAILED when the graph's outputs are not what the schema says
 */
export function decodeRecords(
  schema: Schema,
  tensors: Readonly<Record<string, Tensor>>,
  count: number,
): OutputRecord[] {
  const records: OutputRecord[] = Array.from({ length: count }, () => ({}));
  for (const spec of schema.outputs) {
    const tensor = tensors[spec.name];
    if (!tensor) throw wrong(spec, "is not among the graph's outputs");
    const dims = spec.layout === "whole" ? tensor.dims : tensor.dims.slice(1);
    if (spec.layout === "batch" && tensor.dims[0] !== count)
      throw wrong(spec, `has shape [${tensor.dims}] for ${count} records`);
    // [N, 1] where the schema says a scalar: graphs from elsewhere keep the column.
    const shape = spec.shape.length === 0 && dims.every((dim) => dim === 1) ? [] : dims;
    const size = shape.reduce((product, dim) => product * dim, 1);
    const read = elementOf(tensor);
    for (let row = 0; row < count; row++) records[row]![spec.name] = valueAt(read, shape, row * size, spec.classes);
  }
  return records;
}

function wrong(spec: OutputSpec, what: string): IngotError {
  return new IngotError("RUNTIME_FAILED", {
    what: `output ${spec.name} ${what}`,
    fix: "check the graph against the schema",
  });
}

function valueAt(
  read: ReadElement,
  shape: readonly number[],
  offset: number,
  classes?: readonly string[],
): OutputValue {
  const [length, ...inner] = shape;
  if (length === undefined) return read(offset);
  const stride = inner.reduce((product, dim) => product * dim, 1);
  if (inner.length === 0 && classes?.length === length)
    return Object.fromEntries(classes.map((name, i) => [name, read(offset + i)]));
  return Array.from({ length }, (_, i) => valueAt(read, inner, offset + i * stride, classes));
}

function elementOf({ dtype, data }: Tensor): ReadElement {
  const numbers = data as ArrayLike<number>;
  switch (dtype) {
    case "float32":
      return (index) => shortestFloat32(numbers[index]!);
    case "float16":
      return (index) => fromFloat16(numbers[index]!);
    case "bfloat16":
      return (index) => fromBfloat16(numbers[index]!);
    case "bool":
      return (index) => numbers[index] !== 0;
    case "int64":
    case "uint64":
      return (index) => {
        const long = (data as BigInt64Array)[index]!;
        const number = Number(long);
        return Number.isSafeInteger(number) ? number : long;
      };
    case "string":
      return (index) => (data[index] === missingText ? null : (data[index] as string));
    default:
      return (index) => data[index] as OutputValue;
  }
}
