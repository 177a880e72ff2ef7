// A session of ONNX Runtime Web, which runs one call at a time.
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-web";
import type { Tensor, TensorData } from "../onnx/index.ts";
import { fromOrt, ortTypeOf, runFailure } from "./ort_tensors.ts";
import type { Session } from "./predictor.ts";

export class WasmSession implements Session {
  readonly #session: InferenceSession;
  readonly #Tensor: TensorConstructor;
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: InferenceSession, Tensor: TensorConstructor) {
    this.#session = session;
    this.#Tensor = Tensor;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, this.#toOrt(name, tensor)]));
    const call = () => this.#session.run(inputs);
    const running = this.#last.then(call, call);
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
    const type = ortTypeOf(name, dtype);
    return new this.#Tensor(type as "float32", carried(type, data) as Float32Array, dims);
  }
}

/** Where the engine has Float16Array, the binding insists on it. */
function carried(type: OrtTensor.Type, data: TensorData): unknown {
  if (type !== "float16" || !("Float16Array" in globalThis) || !(data instanceof Uint16Array)) return data;
  const Half = globalThis.Float16Array as unknown as new (buffer: ArrayBufferLike, at: number, n: number) => unknown;
  return new Half(data.buffer, data.byteOffset, data.length);
}
