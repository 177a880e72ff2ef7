// A predictor in a thread of its own: ONNX Runtime's binding computes on the thread that calls it (measured: `session.run` of 1.30 blocks
// the event loop), so whoever must go on listening calls it from elsewhere.
import { Worker } from "node:worker_threads";
import { IngotError, type Schema } from "../../core/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import type { PipelineFiles } from "../host_stages.ts";
import { sendNothing } from "../no_telemetry.ts";
import { type GraphFile, graphBytes, type PredictorOptions } from "../open.ts";
import type { InputRecord, OutputRecord, Predictor, RuntimeName } from "../predictor.ts";
import { frameOf, tensorsOf } from "./frame.ts";
import { errorOf, type FromThread, type Ready, type ThreadStart, type ToThread } from "./message.ts";

/** Name of the thread's entry in the bundle, which stands above the folder of chunks; from source it is beside this file. */
declare const INGOT_THREAD_ENTRY: string | undefined;

function threadEntry(): URL {
  if (typeof INGOT_THREAD_ENTRY === "undefined") return new URL("./entry.ts", import.meta.url);
  return new URL(`../${INGOT_THREAD_ENTRY}`, import.meta.url);
}

type Answer = Exclude<FromThread, { ready: unknown } | { failure: unknown }>;
interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Opens the graph in a new thread. Bytes that own their buffer are moved there: do not use them afterwards.
 * @throws what `openPredictor` throws
 */
export async function openThreadPredictor(
  graph: GraphFile,
  schema: Schema,
  options: PredictorOptions = {},
): Promise<ThreadPredictor> {
  const { pipeline, ...others } = options;
  const bytes = await graphBytes(graph);
  const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  sendNothing();
  const worker = new Worker(threadEntry(), {
    workerData: {
      graph: { ...graph, bytes: owned },
      schema,
      options: others,
      pipeline: pipeline && (await movable(pipeline)),
    },
    transferList: [owned.buffer as ArrayBuffer],
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    worker.once("message", (message: FromThread) => {
      if ("ready" in message) resolve(message.ready);
      else
        reject("failure" in message ? errorOf(message.failure) : new Error("the thread answered before it was asked"));
    });
    worker.once("error", reject);
  });
  return new ThreadPredictor(worker, ready);
}

/** What steps on the host read, as it can be sent. */
async function movable({ work, read }: PipelineFiles): Promise<ThreadStart["pipeline"]> {
  const files = new Map<string, Uint8Array>();
  for (const { files: names = [] } of [...(work.before ?? []), ...(work.after ?? [])])
    for (const name of names) files.set(name, await read(name));
  return { work, files };
}

export class ThreadPredictor implements Predictor {
  readonly runtime: RuntimeName;
  readonly schema: Schema;
  readonly needsRecords: boolean;
  readonly #worker: Worker;
  readonly #inputs: readonly string[];
  readonly #outputs: readonly string[];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #closed: Promise<void> | null = null;
  /** What ended the thread, when it was not `close`. */
  #dead: IngotError | null = null;
  /** Milliseconds that the last run took inside the thread; the rest of the wait was the way there and back. */
  lastRunMs = 0;

  constructor(worker: Worker, { runtime, schema, needsRecords }: Ready) {
    this.runtime = runtime;
    this.needsRecords = needsRecords;
    this.schema = schema;
    this.#worker = worker;
    this.#inputs = schema.inputs.map(({ name }) => name);
    this.#outputs = schema.outputs.map(({ name }) => name);
    worker.on("message", (message: FromThread) => this.#receive(message));
    worker.removeAllListeners("error");
    worker.on("error", (cause) => this.#end(cause));
    worker.on("exit", (status) => this.#end(status));
    // A program that has nothing left to do may end although a model is loaded.
    worker.unref();
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const frame = frameOf(this.#inputs, feeds);
    const answer = await this.#ask({ id: this.#next++, frame }, [frame.buffer]);
    if (!("frame" in answer)) throw new Error("the thread gave no tensors");
    this.lastRunMs = answer.ms;
    return tensorsOf(this.#outputs, answer.frame);
  }

  async predict(records: readonly InputRecord[]): Promise<OutputRecord[]> {
    const answer = await this.#ask({ id: this.#next++, records });
    if (!("records" in answer)) throw new Error("the thread gave no records");
    return answer.records;
  }

  async predictEach(records: readonly InputRecord[]): Promise<(OutputRecord | IngotError)[]> {
    const answer = await this.#ask({ id: this.#next++, each: records });
    if (!("each" in answer)) throw new Error("the thread gave no records");
    return answer.each.map((each) => ("output" in each ? each.output : (errorOf(each.failure) as IngotError)));
  }

  close(): Promise<void> {
    this.#closed ??= this.#dead ? Promise.resolve() : this.#leave();
    return this.#closed;
  }

  async #leave(): Promise<void> {
    // The thread takes messages in order, and its predictor closes when what came before is done.
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    await this.#ask({ id: this.#next++, close: true }, [], true);
    await ended;
  }

  #ask(message: ToThread, moved: ArrayBuffer[] = [], closing = false): Promise<Answer> {
    if (this.#dead) return Promise.reject(this.#dead);
    if (this.#closed && !closing)
      return Promise.reject(new IngotError("SHUTTING_DOWN", { what: "this predictor is closed" }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { resolve, reject });
      // While somebody waits, the thread holds the process.
      if (this.#waiting.size === 1) this.#worker.ref();
      this.#worker.postMessage(message, moved);
    });
  }

  #receive(message: FromThread): void {
    if (!("id" in message) || message.id === null) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0 && !this.#closed) this.#worker.unref();
    if ("failure" in message) waiting?.reject(errorOf(message.failure));
    else waiting?.resolve(message);
  }

  #end(cause: unknown): void {
    this.#dead ??= new IngotError("RUNTIME_FAILED", { what: "the model's thread has ended", cause });
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
