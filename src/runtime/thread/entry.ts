// Runs in a worker thread: one predictor, which answers messages until it is told to close. Entry point of its own bundle.
import { parentPort, workerData } from "node:worker_threads";
import { IngotError } from "../../core/index.ts";
import { openPredictor } from "../open.ts";
import type { Predictor } from "../predictor.ts";
import { frameOf, tensorsOf } from "./frame.ts";
import { type FromThread, failureOf, type ThreadStart, type ToThread } from "./message.ts";

const port = parentPort!;
const { graph, schema, options, pipeline } = workerData as ThreadStart;

// Not awaited here: the bundle's modules are CommonJS.
open().catch((error) => say({ id: null, failure: failureOf(error) }));

async function open(): Promise<void> {
  const predictor = await openPredictor(graph, schema, {
    ...options,
    pipeline: pipeline && { work: pipeline.work, read: async (file) => pipeline.files.get(file)! },
  });
  const inputs = predictor.schema.inputs.map(({ name }) => name);
  const outputs = predictor.schema.outputs.map(({ name }) => name);
  port.on("message", (message: ToThread) => void answer(predictor, inputs, outputs, message));
  const { runtime, needsRecords = false } = predictor;
  say({ ready: { runtime, schema: predictor.schema, needsRecords } });
}

async function answer(
  predictor: Predictor,
  inputs: readonly string[],
  outputs: readonly string[],
  message: ToThread,
): Promise<void> {
  const { id } = message;
  try {
    if ("frame" in message) {
      const start = performance.now();
      const results = await predictor.run(tensorsOf(inputs, message.frame));
      const frame = frameOf(outputs, results);
      say({ id, frame, ms: performance.now() - start }, [frame.buffer]);
    } else if ("records" in message) {
      say({ id, records: await predictor.predict(message.records) });
    } else if ("each" in message) {
      const answers = await predictor.predictEach(message.each);
      const each = answers.map((answer) =>
        answer instanceof IngotError ? { failure: failureOf(answer) } : { output: answer },
      );
      say({ id, each });
    } else {
      await predictor.close();
      say({ id, closed: true });
      port.close();
    }
  } catch (error) {
    say({ id, failure: failureOf(error) });
  }
}

function say(message: FromThread, moved: ArrayBuffer[] = []): void {
  port.postMessage(message, moved);
}
