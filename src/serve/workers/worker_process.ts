// One worker as the first process knows it.
import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Channel } from "./channel.ts";
import { Hand } from "./handout.ts";
import type { FirstMethods, WorkerMethods, WorkerState } from "./messages.ts";

/** Name of the worker's entry in the bundle, which stands above the folder of chunks; from source it is beside this file. */
declare const INGOT_WORKER_ENTRY: string | undefined;

function workerEntry(): string {
  if (typeof INGOT_WORKER_ENTRY === "undefined") return fileURLToPath(new URL("./entry.ts", import.meta.url));
  return path.join(import.meta.dirname, "..", INGOT_WORKER_ENTRY);
}

/** A worker that does not answer is not waited for by those who look. */
const lookTimeoutMs = 1000;

export class WorkerProcess {
  readonly channel: Channel<FirstMethods, WorkerMethods>;
  readonly hand: Hand;
  readonly pid: number | undefined;
  readonly startedAt = Date.now();
  /** How it ended, in a word. */
  readonly ended: Promise<string>;
  /** Takes connections. */
  isAnswering = false;
  /** What it said last. */
  last: WorkerState | null = null;
  readonly #child: ChildProcess;
  #looking: Promise<void> | null = null;

  constructor(methods: Omit<FirstMethods, "taken" | "left">) {
    this.#child = fork(workerEntry(), [], {
      serialization: "advanced",
      // The store's lock is node:sqlite, which early releases of Node 24 announce as experimental.
      execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"],
    });
    this.pid = this.#child.pid;
    this.hand = new Hand(this.#child);
    this.channel = new Channel<FirstMethods, WorkerMethods>(this.#child, {
      ...methods,
      taken: (connection) => this.hand.taken(connection),
      left: (count) => this.hand.left(count),
    });
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.isAnswering = false;
        this.channel.over();
        resolve(how);
      };
      this.#child.once("exit", (code, signal) => end(signal ?? `exit ${code}`));
      this.#child.once("error", (error) => end(error.message));
    });
  }

  /** Asks what it counted; those who ask meanwhile get the same answer. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Lets it answer what it has; what takes longer than `timeoutMs` is cut off. */
  async stop(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.kill(), timeoutMs + 5000);
    // One that ends by itself meanwhile has stopped too.
    await this.channel.ask("stop", null).catch(() => undefined);
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #look(): Promise<void> {
    const asked = this.channel.ask("state", null).then(
      (state) => {
        this.last = state;
      },
      () => undefined,
    );
    let timeout: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timeout = setTimeout(resolve, lookTimeoutMs);
    });
    await Promise.race([asked, late]);
    clearTimeout(timeout);
  }
}
