// The WebAssembly runtime: ONNX Runtime Web, on one thread. Its /wasm entry has the ai.onnx.ml operators, float64 and strings;
// the WebGPU builds have none of them (microsoft/onnxruntime#27371).
import { env, InferenceSession as OrtInference, Tensor as OrtTensor } from "onnxruntime-web/wasm";
import { type GraphFile, graphBytes, type SessionOptions } from "./open.ts";
import { loadFailure } from "./ort_tensors.ts";
import type { Session } from "./predictor.ts";
import { WasmSession } from "./wasm_session.ts";

/** @throws IngotError RUNTIME_UNSUPPORTED when ONNX Runtime Web does not take the graph */
export async function openSession(graph: GraphFile, _options: SessionOptions): Promise<Session> {
  env.wasm.numThreads = 1;
  env.logLevel = "error";
  const bytes = await graphBytes(graph);
  const externalData = await externalBytes(graph.externalData ?? {});
  try {
    const session = await OrtInference.create(bytes, {
      executionProviders: ["wasm"],
      logSeverityLevel: 3,
      ...(externalData.length > 0 ? { externalData } : {}),
    });
    return new WasmSession(session, OrtTensor);
  } catch (cause) {
    throw loadFailure(cause, graph.path);
  }
}

/** WebAssembly has no files: external tensors come as bytes. */
async function externalBytes(files: NonNullable<GraphFile["externalData"]>) {
  return Promise.all(
    Object.entries(files).map(async ([location, file]) => ({
      path: location,
      data: typeof file === "string" ? await graphBytes({ path: file }) : file,
    })),
  );
}
