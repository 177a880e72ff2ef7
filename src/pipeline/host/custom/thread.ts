// A thread that runs a custom step and is ended when it does not answer in time.
import { IngotError } from "../../../core/index.ts";
import type { FromSandbox, ToSandbox } from "./message.ts";
import type { Outcome } from "./sandbox.ts";

/** Name of the thread's entry in a bundle, which stands above the folder of chunks; from source it is beside this file. */
declare const INGOT_SANDBOX_ENTRY: string | undefined;

function entry(): URL {
  if (typeof INGOT_SANDBOX_ENTRY === "undefined") return new URL("./entry.ts", import.meta.url);
  const isChunk = import.meta.url.split("/").at(-2) === "chunks";
  return new URL(`${isChunk ? "../" : "./"}${INGOT_SANDBOX_ENTRY}`, import.meta.url);
}

/** What the engine does by itself about time comes first; this is for what it cannot interrupt. */
const graceMs = 1500;
/** Starting the thread and compiling the engine, on a busy machine. */
const startMs = 30_000;

type Open = Extract<ToSandbox, { open: unknown }>["open"];

interface Thread {
  send(message: ToSandbox): void;
  stop(): void;
  /** Whether a program may end while it waits. */
  hold(isBusy: boolean): void;
}

export class SandboxThread {
  readonly #open: Open;
  #thread: Thread | null = null;
  #listener: ((message: FromSandbox | Error) => void) | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(open: Open) {
    this.#open = open;
  }

  /** Starts the thread and looks for the function. */
  start(): Promise<Outcome> {
    return this.#inTurn(() => this.#start());
  }

  /** One outcome for each record, in order; a record that never ends costs the thread, and the next ones get another. */
  run(records: readonly string[]): Promise<Outcome[]> {
    return this.#inTurn(async () => {
      const outcomes: Outcome[] = [];
      while (outcomes.length < records.length) {
        if (!this.#thread) await this.#start();
        this.#thread!.hold(true);
        this.#thread!.send({ run: records.slice(outcomes.length) });
        let isAlive = true;
        while (isAlive && outcomes.length < records.length) {
          const message = await this.#next(this.#open.limits.timeoutMs + graceMs);
          if (message) outcomes.push(message.outcome);
          else {
            outcomes.push({ spent: "time" });
            isAlive = false;
          }
        }
        this.#thread?.hold(false);
      }
      return outcomes;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #start(): Promise<Outcome> {
    if (this.#isClosed) throw new IngotError("SHUTTING_DOWN", { what: "this custom step is closed" });
    this.#thread = await threadOf((message) => this.#listener?.(message));
    this.#thread.hold(true);
    // It says that it listens, then what it found.
    const ready = await this.#next(startMs);
    if (ready) this.#thread?.send({ open: this.#open });
    const found = ready && (await this.#next(startMs));
    this.#thread?.hold(false);
    if (found) return found.outcome;
    throw new IngotError("RUNTIME_FAILED", { what: "the thread of a custom step did not start" });
  }

  /** The next message; null when there is none in time, and then the thread is gone. */
  async #next(ms: number): Promise<FromSandbox | null> {
    const message = await new Promise<FromSandbox | Error | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), ms);
      const queued = this.#queue.shift();
      const done = (value: FromSandbox | Error) => {
        clearTimeout(timer);
        this.#listener = (later) => this.#queue.push(later);
        resolve(value);
      };
      if (queued) done(queued);
      else this.#listener = done;
    });
    if (message && !(message instanceof Error)) return message;
    this.#end();
    return null;
  }
  readonly #queue: (FromSandbox | Error)[] = [];

  #end(): void {
    this.#thread?.stop();
    this.#thread = null;
    this.#queue.length = 0;
    this.#listener = null;
  }
}

async function threadOf(listener: (message: FromSandbox | Error) => void): Promise<Thread> {
  // Not by `Worker`: ONNX Runtime Web defines one in Node, too.
  const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;
  if (!isNode) {
    const worker = new (globalThis as unknown as { Worker: new (url: URL, options: object) => BrowserThread }).Worker(
      entry(),
      { type: "module" },
    );
    worker.onmessage = ({ data }) => listener(data);
    worker.onerror = ({ message }) => listener(new Error(message ?? "the thread ended"));
    return { send: (message) => worker.postMessage(message), stop: () => worker.terminate(), hold: () => {} };
  }
  const { Worker } = await import("node:worker_threads");
  // What a program was started with is not for the thread: no flags, no environment.
  const worker = new Worker(entry(), { execArgv: [], env: {} });
  worker.on("message", listener);
  worker.on("error", listener);
  return {
    send: (message) => worker.postMessage(message),
    stop: () => void worker.terminate(),
    hold: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
  };
}

interface BrowserThread {
  onmessage: (event: { readonly data: FromSandbox }) => void;
  onerror: (event: { readonly message?: string }) => void;
  postMessage(message: ToSandbox): void;
  terminate(): void;
}
