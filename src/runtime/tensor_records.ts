// Tensors as records and back: protocols that speak tensors reach steps on the host, which work on records.
import { IngotError, type Schema } from "../core/index.ts";
import { dataType, elementCount, type Tensor, type TensorData, toBfloat16, toFloat16 } from "../onnx/index.ts";
import { missingText } from "../pipeline/index.ts";
import type { InputRecord, OutputRecord, OutputValue } from "./predictor.ts";

/** One record per row. @throws IngotError INPUT_INVALID for tensors that do not agree on how many there are */
export function recordsOfTensors({ inputs }: Schema, feeds: Readonly<Record<string, Tensor>>): InputRecord[] {
  const given = inputs.flatMap((spec) =>
    Object.hasOwn(feeds, spec.name) ? [{ spec, tensor: feeds[spec.name]! }] : [],
  );
  const rows = given[0]?.tensor.dims[0] ?? 0;
  const odd = given.find(({ tensor }) => tensor.dims[0] !== rows);
  if (odd)
    throw new IngotError("INPUT_INVALID", {
      what: `has ${odd.tensor.dims[0] ?? 0} records, ${given[0]!.spec.name} has ${rows}`,
      where: `inputs.${odd.spec.name}`,
    });
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      given.map(({ spec, tensor }) => {
        const shape = spec.shape.length === 0 ? [] : tensor.dims.slice(1);
        return [spec.name, nested(tensor, shape, row * elementCount(tensor.dims.slice(1)))];
      }),
    ),
  );
}

function nested(tensor: Tensor, shape: readonly number[], start: number): unknown {
  const [length, ...inner] = shape;
  if (length === undefined) {
    const value = tensor.data[start];
    if (tensor.dtype === "bool") return value !== 0;
    return value === missingText ? null : value;
  }
  const size = elementCount(inner);
  return Array.from({ length }, (_, i) => nested(tensor, inner, start + i * size));
}

/** @throws IngotError RUNTIME_UNSUPPORTED where the records' outputs have several shapes, which no tensor holds */
export function tensorsOfRecords({ outputs }: Schema, records: readonly OutputRecord[]): Record<string, Tensor> {
  return Object.fromEntries(
    outputs.map(({ name, dtype, classes }) => {
      const flat: unknown[] = [];
      const shapes = records.map((record) => flatten(record[name]!, classes, flat));
      const shape = shapes[0] ?? [];
      if (shapes.some((other) => other.join() !== shape.join()))
        throw new IngotError("RUNTIME_UNSUPPORTED", {
          what: `output ${name} has another shape for each record, which one tensor cannot hold`,
          fix: "send one record at a time, or records as JSON to /predict",
        });
      return [name, { dtype, dims: [records.length, ...shape], data: dataOf(dtype, flat) } satisfies Tensor];
    }),
  );
}

function flatten(value: OutputValue, classes: readonly string[] | undefined, into: unknown[]): number[] {
  if (Array.isArray(value)) {
    const inner = value.map((item: OutputValue) => flatten(item, classes, into));
    return [value.length, ...(inner[0] ?? [])];
  }
  if (typeof value === "object" && value !== null) {
    const byClass = value as Readonly<Record<string, OutputValue>>;
    return flatten(
      (classes ?? Object.keys(byClass)).map((key) => byClass[key]!),
      undefined,
      into,
    );
  }
  into.push(value);
  return [];
}

function dataOf(dtype: Tensor["dtype"], values: readonly unknown[]): TensorData {
  if (dtype === "string") return values.map((value) => (value === null ? missingText : String(value)));
  const data = new (dataType(dtype).array!)(values.length);
  const isLong = dtype === "int64" || dtype === "uint64";
  values.forEach((value, i) => {
    const number = Number(value);
    (data as unknown as (number | bigint)[])[i] = isLong
      ? BigInt(value as number | bigint)
      : dtype === "float16"
        ? toFloat16(number)
        : dtype === "bfloat16"
          ? toBfloat16(number)
          : number;
  });
  return data;
}
