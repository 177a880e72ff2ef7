// How a column of the frame becomes an input of the model: the element type is cast as numpy casts, the shape laid out as the model wants it,
// and what the model has no word for (a missing value where it takes none) refuses the record.
import { type DType, IngotError, type InputSpec } from "../core/index.ts";
import {
  dataType,
  type GraphBuilder,
  strings,
  type Tensor,
  type TensorData,
  toFloat16,
  type Value,
} from "../onnx/index.ts";
import { missingText, type Problem } from "./emission.ts";
import type { PipelineParts, Version } from "./plan_pipeline.ts";

export interface Connection {
  readonly spec: InputSpec;
  readonly version: Version;
  /** Why a record with a missing value here is refused; null where it cannot happen or the model takes it. */
  readonly refusal: Problem | null;
}

/** @throws IngotError PIPELINE_INVALID where the column cannot be the model's input */
export function connect(spec: InputSpec, version: Version, { where }: PipelineParts): Connection {
  const { column, maker } = version;
  const place = maker ? maker.where([]) : where(["inputs", spec.name]);
  const refuse = (what: string, fix?: string): never => {
    throw new IngotError("PIPELINE_INVALID", { what: `column \`${spec.name}\`: ${what}`, where: place, fix });
  };
  if (column.isBytes) refuse("holds bytes of a file, which no model reads", "decode it first");
  if ((column.dtype === "string") !== (spec.dtype === "string"))
    refuse(
      `the model reads ${spec.dtype === "string" ? "text" : "numbers"} here, the steps make ${column.dtype}`,
      "`cast`, or an encoding such as `ordinal` or `one_hot`, makes the other",
    );
  if (isFloat(column.dtype) && !isFloat(spec.dtype))
    refuse(`the model reads ${spec.dtype} here, the steps make ${column.dtype}`, "`cast` it to `int`");
  const wanted = spec.layout === "whole" ? spec.shape.slice(1) : spec.shape;
  const fits =
    wanted.length === column.shape.length &&
    wanted.every((size, axis) => {
      const own = column.shape[axis]!;
      return typeof size !== "number" || typeof own !== "number" || size === own;
    });
  const shown = (shape: readonly unknown[]) => `[${shape.map((size) => size ?? "?")}]`;
  if (!fits || (spec.layout === "whole" && spec.shape[0] !== 1))
    refuse(
      `the model reads shape ${shown(wanted)} of each record, the steps make ${shown(column.shape)}`,
      column.shape.length === 0 ? "`stack` puts columns side by side" : undefined,
    );
  if (spec.text && (version.origin !== "input" || version.alias))
    refuse("the model reads texts in lower case or without accents, which no operator does the same everywhere");
  const refusal =
    column.missing && spec.missing !== "allow" && (isFloat(column.dtype) || column.dtype === "string")
      ? {
          column: spec.name,
          what: "is missing (or no number) when it reaches the model, which takes no missing values here",
          fix: "`impute` it, or send a value",
        }
      : null;
  return { spec, version, refusal };
}

/** The element type that the model reads. */
export function castColumn(g: GraphBuilder, value: Value, { spec, version }: Connection): Value {
  if (spec.dtype === "string") {
    if (!version.column.missing || spec.missing !== "allow" || spec.missingValue === undefined) return value;
    const isMissing = g.op("Equal", [value, g.constant(strings([missingText], []))]);
    return g.op("Where", [isMissing, g.constant(strings([spec.missingValue], [])), value]);
  }
  return value.dtype === spec.dtype ? value : g.op("Cast", [value], { to: dataType(spec.dtype).number });
}

/** The same for the evaluation. */
export function castTensor(tensor: Tensor, { spec, version }: Connection): Tensor {
  if (spec.dtype === "string") {
    const { missingValue } = spec;
    if (!version.column.missing || spec.missing !== "allow" || missingValue === undefined) return tensor;
    return {
      ...tensor,
      data: (tensor.data as string[]).map((text) => (text === missingText ? missingValue : text)),
    };
  }
  return convertTensor(tensor, spec.dtype);
}

/** Numbers as another element type, as numpy's `astype`: floats are rounded to the nearest, integers wrap. */
export function convertTensor(tensor: Tensor, dtype: DType): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const data = new (dataType(dtype).array!)(tensor.data.length) as TensorData;
  const isLong = dtype === "int64" || dtype === "uint64";
  for (let i = 0; i < data.length; i++) {
    const value = tensor.data[i] as number | bigint;
    (data as unknown as (number | bigint)[])[i] = isLong
      ? BigInt(value)
      : dtype === "float16"
        ? toFloat16(Number(value))
        : Number(value);
  }
  return { dtype, dims: tensor.dims, data };
}

export function isFloat(dtype: DType): boolean {
  return dtype.startsWith("float");
}
