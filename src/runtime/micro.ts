// The micro runtime: the evaluator in plain TypeScript, on one thread. Graphs with external data are beyond it.

import { IngotError } from "../core/index.ts";
import { compileGraph, readModel } from "../onnx/index.ts";
import { type GraphFile, graphBytes, type SessionOptions } from "./open.ts";
import type { Session } from "./predictor.ts";

/** @throws IngotError RUNTIME_UNSUPPORTED naming the operator that the evaluator does not have */
export async function openSession(graph: GraphFile, _options: SessionOptions): Promise<Session> {
  if (Object.keys(graph.externalData ?? {}).length > 0)
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: "the micro runtime reads no external tensors",
      fix: "use the native or wasm runtime",
    });
  const evaluator = compileGraph(readModel(await graphBytes(graph), graph.path));
  return {
    run: async (feeds) => evaluator.run(feeds),
    release: async () => {},
  };
}
