// What ONNX Runtime's two packages have in common: they share one interface (onnxruntime-common).
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-node";
import { type DType, IngotError } from "../core/index.ts";
import type { Tensor, TensorData } from "../onnx/index.ts";
import type { Session } from "./predictor.ts";

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

export class OrtSession implements Session {
  readonly #session: InferenceSession;
  readonly #Tensor: TensorConstructor;
  #last: Promise<unknown> = Promise.resolve();
  /** The WebAssembly build runs one call at a time; the native one queues by itself. */
  readonly #oneAtATime: boolean;

  constructor(session: InferenceSession, Tensor: TensorConstructor, oneAtATime: boolean) {
    this.#session = session;
    this.#Tensor = Tensor;
    this.#oneAtATime = oneAtATime;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, this.#toOrt(name, tensor)]));
    const call = () => this.#session.run(inputs);
    const running = this.#oneAtATime ? this.#last.then(call, call) : call();
    this.#last = running;
    let results: InferenceSession.ReturnType;
    try {
      results = await running;
    } catch (cause) {
      throw runFailure(cause);
    }
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(name, tensor)]));
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #toOrt(name: string, { dtype, dims, data }: Tensor): OrtTensor {
    const type = ortTypes[dtype];
    if (!type)
      throw new IngotError("RUNTIME_UNSUPPORTED", {
        what: `ONNX Runtime's JavaScript binding takes no ${dtype} tensors`,
        where: `inputs.${name}`,
      });
    const tensor: OrtTensor = new this.#Tensor(type as "float32", carried(type, data) as Float32Array, dims);
    // The native binding finds no elements in a Float16Array, so it is shown their bits.
    if (type === "float16") Object.defineProperty(tensor, "data", { value: data });
    return tensor;
  }
}

/** Where the engine has Float16Array, the binding insists on it. */
function carried(type: OrtTensor.Type, data: TensorData): unknown {
  if (type !== "float16" || !("Float16Array" in globalThis) || !(data instanceof Uint16Array)) return data;
  const Half = globalThis.Float16Array as unknown as new (buffer: ArrayBufferLike, at: number, n: number) => unknown;
  return new Half(data.buffer, data.byteOffset, data.length);
}

function fromOrt(name: string, tensor: OrtTensor): Tensor {
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

function runFailure(cause: unknown): IngotError {
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
