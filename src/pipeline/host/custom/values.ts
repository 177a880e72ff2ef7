// Values on their way into a custom step and out of it, checked against what was declared.
import type { DType } from "../../../core/index.ts";
import { elementCount, type Tensor, type TensorData } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";

export interface DeclaredValue {
  readonly name: string;
  readonly type: "float" | "int" | "bool" | "string";
  /** Fixed sizes; [] is one value. */
  readonly shape: readonly number[];
  /** Whether null may stand there. */
  readonly missing: boolean;
}

/** A value that is not what was declared, in words that follow the column's name. */
export class WrongValue extends Error {}

export const dtypes = { float: "float64", int: "int64", bool: "bool", string: "string" } as const satisfies Record<
  DeclaredValue["type"],
  DType
>;

/** As the sandbox reads it. @throws WrongValue */
export function argumentOf(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "dims" in value)
    return nested(value as Tensor, (value as Tensor).dims, 0);
  return plain(value);
}

function nested({ data, dtype }: Tensor, [length, ...inner]: readonly number[], start: number): unknown {
  if (length === undefined) return plain(dtype === "bool" ? data[start] !== 0 : data[start]);
  const size = elementCount(inner);
  return Array.from({ length }, (_, i) => nested({ data, dtype, dims: [] }, inner, start + i * size));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER))
      throw new WrongValue(`is ${value}, which no number of JavaScript holds exactly`);
    return Number(value);
  }
  if (value === missingText || value === undefined) return null;
  if (typeof value === "number" && Number.isNaN(value)) return null;
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { n: Object.is(value, -0) ? "-0" : String(value) };
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean")
    return value;
  throw new WrongValue("is no number, text or truth value");
}

/** What the sandbox wrote as the record's tensor. @throws WrongValue */
export function tensorOf(written: unknown, declared: DeclaredValue): Tensor {
  const flat: unknown[] = [];
  flatten(written, declared.shape, flat);
  const dtype = dtypes[declared.type];
  const values = flat.map((value) => element(value, declared));
  const dims = declared.shape;
  if (dtype === "string") return { dtype, dims, data: values as string[] };
  if (dtype === "int64") return { dtype, dims, data: BigInt64Array.from(values as number[], BigInt) };
  const data: TensorData =
    dtype === "bool" ? Uint8Array.from(values as number[]) : Float64Array.from(values as number[]);
  return { dtype, dims, data };
}

function flatten(value: unknown, [length, ...inner]: readonly number[], into: unknown[]): void {
  if (length === undefined) {
    into.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== length)
    throw new WrongValue(
      `is ${Array.isArray(value) ? `a list of ${value.length}` : kindOf(value)} instead of a list of ${length}`,
    );
  for (const item of value) flatten(item, inner, into);
}

function element(value: unknown, { type, missing }: DeclaredValue): number | string {
  if (value === null) {
    if (missing && type === "float") return Number.NaN;
    if (missing && type === "string") return missingText;
    throw new WrongValue(`is null, and ${missing ? `no ${type} can be missing` : "`missing: allow` is not declared"}`);
  }
  const special = (value as { n?: unknown }).n;
  if (type === "float" && typeof special === "string") return Number(special === "NaN" ? Number.NaN : special);
  if (type === "float" && typeof value === "number") return value;
  if (type === "int" && typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (type === "int" && special === "-0") return 0;
  if (type === "bool" && typeof value === "boolean") return value ? 1 : 0;
  if (type === "string" && typeof value === "string") {
    if (value.includes("\0") || value.includes(missingText))
      throw new WrongValue("is a text with U+0000 or U+10FFFF in it");
    return value;
  }
  throw new WrongValue(`is ${kindOf(value)} instead of ${type === "int" ? "a whole number" : `a ${type}`}`);
}

function kindOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object" || value === null) return value === null ? "null" : `a ${typeof value}`;
  const { n, o, b } = value as { n?: string; o?: string; b?: string };
  return n ?? o ?? (b === undefined ? "an object" : `the bigint ${b}`);
}
