// Attributes from plain values.
import { IngotError, quoted } from "../core/index.ts";
import type { Attribute, AttributeValue, Graph } from "./model.ts";
import { storedTensor } from "./stored_tensor.ts";
import type { Tensor } from "./tensor.ts";

/** A number that is written as FLOAT; plain numbers are INT. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export function float(value: number): Float {
  return new Float(value);
}

/**
 * number (an integer), bigint, boolean = INT; number[], Int32Array, BigInt64Array = INTS; `float(x)` = FLOAT;
 * Float32Array = FLOATS; string = STRING; string[] = STRINGS; Tensor = TENSOR; Graph = GRAPH. An empty array is INTS.
 */
export type AttributeInput =
  | number
  | bigint
  | boolean
  | string
  | Float
  | Tensor
  | Graph
  | Int32Array
  | BigInt64Array
  | Float32Array
  | readonly number[]
  | readonly string[];

const encoder = new TextEncoder();

/** @throws IngotError ONNX_INVALID for a number that is not an integer */
export function attributeOf(name: string, input: AttributeInput): Attribute {
  return { name, ...attributeValue(name, input) };
}

function attributeValue(name: string, input: AttributeInput): AttributeValue {
  if (typeof input === "number") return { kind: "int", value: BigInt(integer(name, input)) };
  if (typeof input === "bigint") return { kind: "int", value: input };
  if (typeof input === "boolean") return { kind: "int", value: input ? 1n : 0n };
  if (typeof input === "string") return { kind: "string", value: encoder.encode(input) };
  if (input instanceof Float) return { kind: "float", value: input.value };
  if (input instanceof Int32Array || input instanceof BigInt64Array) return { kind: "ints", value: input };
  if (input instanceof Float32Array) return { kind: "floats", value: input };
  if ("dtype" in input) return { kind: "tensor", value: storedTensor("", input) };
  if ("nodes" in input) return { kind: "graph", value: input };
  if (isText(input)) return { kind: "strings", value: input.map((text) => encoder.encode(text)) };
  const isNarrow = input.every((value) => integer(name, value) === (value | 0));
  return { kind: "ints", value: isNarrow ? Int32Array.from(input) : BigInt64Array.from(input, BigInt) };
}

function isText(input: readonly number[] | readonly string[]): input is readonly string[] {
  return typeof input[0] === "string";
}

function integer(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new IngotError("ONNX_INVALID", {
    what: `attribute "${name}" is ${quoted(value)}, which is not an integer`,
    fix: "wrap it: `float(x)` for FLOAT, a Float32Array for FLOATS",
  });
}
