// What an operator of the evaluator is.
import { type DType, IngotError } from "../../core/index.ts";
import { byteLength, dataType } from "../data_types.ts";
import type { Attribute, Node } from "../model.ts";
import { tensorOf } from "../stored_tensor.ts";
import { elementCount, type Tensor, type TensorData } from "../tensor.ts";

/** Inputs that are left out are undefined. */
export type Kernel = (inputs: readonly (Tensor | undefined)[]) => readonly Tensor[];

/** Reads the attributes of a node once and returns what runs it. `opset` is the version of the node's domain. */
export type Operator = (attributes: NodeAttributes, node: Node, opset: number) => Kernel;

/** Largest value in bytes: graphs are hostile input too. */
const largestValue = 2 ** 29;

// A mark at the start is part of a text: without `ignoreBOM` it would be dropped, and a category with it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The attributes of a node, by name and kind. */
export class NodeAttributes {
  readonly #node: Node;
  readonly #byName: ReadonlyMap<string, Attribute>;

  constructor(node: Node) {
    this.#node = node;
    this.#byName = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int(name: string, fallback: number): number {
    const attribute = this.#byName.get(name);
    if (!attribute) return fallback;
    return attribute.kind === "int" ? Number(attribute.value) : this.#wrong(name, "int");
  }

  float(name: string, fallback: number): number {
    const attribute = this.#byName.get(name);
    if (!attribute) return fallback;
    return attribute.kind === "float" ? attribute.value : this.#wrong(name, "float");
  }

  text(name: string, fallback: string): string {
    const attribute = this.#byName.get(name);
    if (!attribute) return fallback;
    return attribute.kind === "string" ? decoder.decode(attribute.value) : this.#wrong(name, "string");
  }

  ints(name: string): number[] | null {
    const attribute = this.#byName.get(name);
    if (!attribute) return null;
    return attribute.kind === "ints" ? Array.from(attribute.value, Number) : this.#wrong(name, "ints");
  }

  /** Integers that fit 32 bits, without an object for each. */
  int32s(name: string): Int32Array | null {
    const attribute = this.#byName.get(name);
    if (!attribute) return null;
    if (attribute.kind !== "ints") return this.#wrong(name, "ints");
    return attribute.value instanceof Int32Array ? attribute.value : Int32Array.from(attribute.value, Number);
  }

  floats(name: string): Float32Array | null {
    const attribute = this.#byName.get(name);
    if (!attribute) return null;
    return attribute.kind === "floats" ? attribute.value : this.#wrong(name, "floats");
  }

  texts(name: string): string[] | null {
    const attribute = this.#byName.get(name);
    if (!attribute) return null;
    if (attribute.kind !== "strings") return this.#wrong(name, "strings");
    return attribute.value.map((bytes) => decoder.decode(bytes));
  }

  tensor(name: string): Tensor | null {
    const attribute = this.#byName.get(name);
    if (!attribute) return null;
    return attribute.kind === "tensor" ? tensorOf(attribute.value) : this.#wrong(name, "tensor");
  }

  #wrong(name: string, kind: string): never {
    throw new IngotError("ONNX_INVALID", {
      what: `attribute ${name} of ${this.#node.opType} is not ${kind}`,
      where: `node "${this.#node.name}"`,
    });
  }
}

/** An input that must be there. @throws IngotError ONNX_INVALID */
export function given(inputs: readonly (Tensor | undefined)[], index: number): Tensor {
  const input = inputs[index];
  if (input) return input;
  throw new IngotError("ONNX_INVALID", { what: `input ${index} of an operator is missing` });
}

/** Memory that a value takes; a text is counted as its reference and a little. */
export function sizeOf(dtype: DType, count: number): number {
  return dtype === "string" ? 32 * count : byteLength(dtype, count);
}

/** @throws IngotError RUNTIME_FAILED for what is no shape: attributes and computed values may say anything */
export function checkShape(dims: readonly number[]): void {
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new IngotError("RUNTIME_FAILED", { what: `[${dims}] is no shape` });
}

/** Zeroed elements for a shape. @throws IngotError RUNTIME_UNSUPPORTED for types that are not computed with */
export function allocate(dtype: DType, dims: readonly number[]): TensorData {
  checkShape(dims);
  const count = elementCount(dims);
  if (sizeOf(dtype, count) > largestValue)
    throw new IngotError("RUNTIME_FAILED", {
      what: `a ${dtype} value of shape [${dims}] takes more than ${largestValue / 2 ** 20} MiB`,
    });
  if (dtype === "string") return new Array<string>(count).fill("");
  if (!computed.has(dtype)) throw unsupported(`values of type ${dtype}`);
  return new (dataType(dtype).array!)(count);
}

/** Types whose stored elements are the numbers themselves, not bit patterns. */
const computed: ReadonlySet<DType> = new Set<DType>([
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
]);

/** The elements of a new value, to be written whatever their type. */
export function writable(data: TensorData): Record<number, unknown> {
  return data as unknown as Record<number, unknown>;
}

export function unsupported(what: string): IngotError {
  return new IngotError("RUNTIME_UNSUPPORTED", {
    what: `the micro runtime has no ${what}`,
    fix: "use the native or wasm runtime",
  });
}

export function isLong(dtype: DType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** Elements as plain numbers: for axes, shapes, indices. */
export function integers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** An axis counted from the front. @throws IngotError ONNX_INVALID */
export function axisOf(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (index >= 0 && (index < rank || (rank === 0 && index === 0))) return index;
  throw new IngotError("ONNX_INVALID", { what: `axis ${axis} of a value with ${rank} dimensions` });
}

/** Row-major strides in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** The same elements under another shape. */
export function reshaped(tensor: Tensor, dims: readonly number[]): Tensor {
  checkShape(dims);
  if (elementCount(dims) !== elementCount(tensor.dims))
    throw new IngotError("INPUT_INVALID", { what: `a value of shape [${tensor.dims}] cannot become [${dims}]` });
  return { dtype: tensor.dtype, dims, data: tensor.data };
}
