// Where a model runs: on the thread that listens, or on one of its own. Handing tensors to a thread and back costs the listening thread
// time too; a model that runs in less is quicker, and stops nobody, where it is. Both are measured on this machine.
import { Worker } from "node:worker_threads";
import { type Feeds, type Frame, frameOf, tensorsOf } from "../../runtime/index.ts";

/** What was measured, in milliseconds. */
export interface Placement {
  readonly isQuickerInThread: boolean;
  /** One record, computed where it is. */
  readonly runMs: number;
  /** The same tensors to an idle thread and back; NaN where they cannot be made here. */
  readonly handoverMs: number;
}

/** A thread that sends back what it gets, and knows no model. */
const echo = `const { parentPort } = require("node:worker_threads");
parentPort.on("message", (m) => m === null ? parentPort.close() : parentPort.postMessage(m, [m.buffer]));`;

/**
 * Milliseconds from handing these tensors to an idle thread until they are back here: the median of many.
 * One thread is started for it and ends before this resolves.
 */
export async function handoverMs(feeds: Feeds): Promise<number> {
  const worker = new Worker(echo, { eval: true });
  const names = Object.keys(feeds);
  const times: number[] = [];
  let arrived: (frame: Frame) => void = () => {};
  worker.on("message", (frame) => arrived(frame));
  const failed = new Promise<never>((_, reject) => worker.once("error", reject));
  failed.catch(() => {});
  for (let trip = 0; trip < 60; trip++) {
    const start = performance.now();
    const back = new Promise<Frame>((resolve) => {
      arrived = resolve;
    });
    const frame = frameOf(names, feeds);
    worker.postMessage(frame, [frame.buffer]);
    tensorsOf(names, await Promise.race([back, failed]));
    times.push(performance.now() - start);
  }
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  worker.postMessage(null);
  await ended;
  // The first trips start the thread and warm the code up.
  const warm = times.slice(20).sort((a, b) => a - b);
  return warm[warm.length >> 1]!;
}
