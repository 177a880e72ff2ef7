// A session of ONNX Runtime, run in place. The package's own `session.run` waits for a turn of the event loop and then keeps the thread all the
// same, and checks what is checked already: a third of the time of a small model. Its binding is what both stand on.

import type { InferenceSession } from "onnxruntime-node";
import type { Binding } from "onnxruntime-node/dist/binding.js";
import { IngotError } from "../core/index.ts";
import { elementCount, type Tensor } from "../onnx/index.ts";
import { newSession } from "./ort_binding.ts";
import { fromOrt, ortTypeOf, runFailure } from "./ort_tensors.ts";
import type { Session } from "./predictor.ts";

/** Runs may keep a thread from its other work for so many milliseconds: then the next one lets it have a turn. */
const longestKeptMs = 2;
let keptMs = 0;

export class NativeSession implements Session {
  readonly #session: Binding.InferenceSession;
  /** All outputs, made by the run. */
  readonly #fetches: Readonly<Record<string, null>>;

  /** @throws what ONNX Runtime says when it does not take the graph */
  constructor(graph: string | Uint8Array, options: InferenceSession.SessionOptions) {
    this.#session = newSession();
    if (typeof graph === "string") this.#session.loadModel(graph, options);
    else this.#session.loadModel(graph.buffer as ArrayBuffer, graph.byteOffset, graph.byteLength, options);
    this.#fetches = Object.fromEntries(this.#session.outputMetadata.map(({ name }) => [name, null]));
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const inputs: Record<string, object> = {};
    for (const name in feeds) inputs[name] = given(name, feeds[name]!);
    if (keptMs > longestKeptMs) {
      keptMs = 0;
      await new Promise(setImmediate);
    }
    const start = performance.now();
    let results: ReturnType<Binding.InferenceSession["run"]>;
    try {
      results = this.#session.run(inputs as Parameters<Binding.InferenceSession["run"]>[0], this.#fetches, {});
    } catch (cause) {
      throw runFailure(cause);
    } finally {
      keptMs += performance.now() - start;
    }
    const outputs: Record<string, Tensor> = {};
    for (const name in results) outputs[name] = fromOrt(name, results[name]!);
    return outputs;
  }

  async release(): Promise<void> {
    this.#session.dispose();
  }
}

/** What the binding reads of a tensor. A Float16Array it finds empty, bits it does not. */
function given(name: string, { dtype, dims, data }: Tensor): object {
  if (elementCount(dims) !== data.length)
    throw new IngotError("INPUT_INVALID", {
      what: `its shape [${dims.join(", ")}] does not fit its ${data.length} values`,
      where: `inputs.${name}`,
      fix: "a tensor has as many values as its sizes multiply to",
    });
  return { type: ortTypeOf(name, dtype), dims, data, location: "cpu" };
}
