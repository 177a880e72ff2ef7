// Tensors to records.
import { IngotError, type OutputSpec, type Schema } from "../core/index.ts";
import { elementCount, fromBfloat16, fromFloat16, type Tensor } from "../onnx/index.ts";
import { missingText } from "../pipeline/index.ts";
import type { OutputRecord, OutputValue } from "./predictor.ts";
import { shortestFloat32 } from "./shortest_float32.ts";

type ReadValue = (index: number) => OutputValue;

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
  const { outputs } = schema;
  const columns = outputs.map((spec) => columnOf(spec, tensors[spec.name], count));
  const names = outputs.map(({ name }) => name);
  // Records are copies of one empty record: they have their shape at once, and any name as a member of their own.
  const empty = Object.fromEntries(names.map((name) => [name, null]));
  const records: OutputRecord[] = [];
  for (let row = 0; row < count; row++) {
    const record: OutputRecord = { ...empty };
    for (let i = 0; i < names.length; i++) record[names[i]!] = columns[i]!(row);
    records.push(record);
  }
  return records;
}

/** Value of a row. */
function columnOf(spec: OutputSpec, tensor: Tensor | undefined, count: number): ReadValue {
  if (!tensor) throw wrong(spec, "is not among the graph's outputs");
  const dims = spec.layout === "whole" ? tensor.dims : tensor.dims.slice(1);
  if (spec.layout === "batch" && tensor.dims[0] !== count)
    throw wrong(spec, `has shape [${tensor.dims}] for ${count} records`);
  // [N, 1] where the schema says a scalar: graphs from elsewhere keep the column.
  const shape = spec.shape.length === 0 && dims.every((dim) => dim === 1) ? [] : dims;
  const read = valueReader(elementOf(tensor), shape, spec.classes);
  const size = elementCount(shape);
  return size === 1 ? read : (row) => read(row * size);
}

function wrong(spec: OutputSpec, what: string): IngotError {
  return new IngotError("RUNTIME_FAILED", {
    what: `output ${spec.name} ${what}`,
    fix: "check the graph against the schema",
  });
}

/** Reads the value that begins at an element. */
function valueReader(read: ReadValue, shape: readonly number[], classes?: readonly string[]): ReadValue {
  const [length, ...inner] = shape;
  if (length === undefined) return read;
  if (inner.length === 0 && classes?.length === length) return classReader(read, classes);
  const item = valueReader(read, inner, classes);
  const stride = elementCount(inner);
  return (offset) => {
    const items: OutputValue[] = [];
    for (let i = 0; i < length; i++) items.push(item(offset + i * stride));
    return items;
  };
}

function classReader(read: ReadValue, classes: readonly string[]): ReadValue {
  const empty = Object.fromEntries(classes.map((name) => [name, null]));
  return (offset) => {
    const byClass: Record<string, OutputValue> = { ...empty };
    for (let i = 0; i < classes.length; i++) byClass[classes[i]!] = read(offset + i);
    return byClass;
  };
}

function elementOf({ dtype, data }: Tensor): ReadValue {
  const numbers = data as ArrayLike<number>;
  switch (dtype) {
    case "float32":
      return (index) => shortestFloat32(numbers[index]!);
    case "float64":
      return (index) => numbers[index]!;
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
