// From a graph to a predictor, on the runtime that is asked for. Runtimes load when first used.
import { IngotError, type Schema } from "../core/index.ts";
import { addsTrees, nodesOf, readModel, type Tensor, treeProblems } from "../onnx/index.ts";
import { decodeRecords } from "./decode.ts";
import { encodeRecords } from "./encode.ts";
import type { InputRecord, OutputRecord, Predictor, RuntimeName, Session } from "./predictor.ts";

/** A graph: its bytes, or the path of its file (which large graphs need). */
export interface GraphFile {
  readonly bytes?: Uint8Array;
  readonly path?: string;
  /** Files of external tensors, by the location that the graph gives them: bytes, or a path on disk. */
  readonly externalData?: Readonly<Record<string, Uint8Array | string>>;
}

export interface PredictorOptions {
  /** Default `native`. */
  readonly runtime?: RuntimeName;
  /** Threads within one run. Default: one where the runtime adds up trees (it then does so in order), else its own choice. */
  readonly threads?: number;
}

/** What a runtime is given; `threads` 0 is its own choice. */
export interface SessionOptions {
  readonly threads: number;
}

const openers: Readonly<
  Record<RuntimeName, () => Promise<{ openSession: (graph: GraphFile, options: SessionOptions) => Promise<Session> }>>
> = {
  native: () => import("./native.ts"),
  wasm: () => import("./wasm.ts"),
  micro: () => import("./micro.ts"),
};

/** @throws IngotError RUNTIME_UNSUPPORTED, ONNX_MALFORMED */
export async function openPredictor(
  graph: GraphFile,
  schema: Schema,
  options: PredictorOptions = {},
): Promise<Predictor> {
  const runtime = options.runtime ?? "native";
  const { openSession } = await openers[runtime]();
  // ONNX Runtime splits large ensembles among threads and adds the parts: another order, another last bit.
  const isOrdered = await addsUpTrees(graph);
  const threads = options.threads ?? (isOrdered ? 1 : 0);
  return new SessionPredictor(runtime, schema, await openSession(graph, { threads }));
}

/** @throws IngotError ONNX_INVALID for trees that would crash the runtime that loads them */
async function addsUpTrees(graph: GraphFile): Promise<boolean> {
  if (!graph.bytes && graph.path === undefined) return false;
  const model = readModel(await graphBytes(graph));
  for (const { message, where } of treeProblems(model))
    throw new IngotError("ONNX_INVALID", { what: message, where, fix: "export the model again, with shallower trees" });
  for (const node of nodesOf(model)) if (addsTrees(node)) return true;
  return false;
}

/** The graph's bytes, wherever they are. */
export async function graphBytes(graph: GraphFile): Promise<Uint8Array> {
  if (graph.bytes) return graph.bytes;
  if (graph.path === undefined)
    throw new IngotError("ONNX_INVALID", { what: "a graph needs bytes or a path", fix: "give one of them" });
  const { readFile } = await import("node:fs/promises");
  return readFile(graph.path);
}

class SessionPredictor implements Predictor {
  readonly runtime: RuntimeName;
  readonly schema: Schema;
  readonly #session: Session;
  readonly #oneAtATime: boolean;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(runtime: RuntimeName, schema: Schema, session: Session) {
    this.runtime = runtime;
    this.schema = schema;
    this.#session = session;
    this.#oneAtATime = [...schema.inputs, ...schema.outputs].some((spec) => spec.layout === "whole");
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#closed) throw new IngotError("SHUTTING_DOWN", { what: "this predictor is closed" });
    const running = this.#session.run(feeds);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async predict(records: readonly InputRecord[]): Promise<OutputRecord[]> {
    if (records.length === 0) return [];
    if (!this.#oneAtATime) return this.#predictTogether(records);
    const outputs: OutputRecord[] = [];
    for (const record of records) outputs.push(...(await this.#predictTogether([record])));
    return outputs;
  }

  async #predictTogether(records: readonly InputRecord[]): Promise<OutputRecord[]> {
    const feeds = encodeRecords(this.schema, records);
    return decodeRecords(this.schema, await this.run(feeds), records.length);
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#session.release());
    return this.#closed;
  }
}
