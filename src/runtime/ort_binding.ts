// ONNX Runtime's binary, loaded without the JavaScript around it: that is twenty files which a server's start would wait for.
// Rule: onnxruntime-node 1.30, dist/binding.js.
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import type { Binding, binding } from "onnxruntime-node/dist/binding.js";

/** What it makes of results on the CPU; feeds are plain objects of the same shape. */
class ResultTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly location = "cpu";

  constructor(type: string, data: unknown, dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

/** Only errors: a warning of ONNX Runtime is nothing that a user could act on. */
const logLevel = 3;
let opened: typeof binding | null = null;

/** A session without a graph. The first call loads the library. */
export function newSession(): Binding.InferenceSession {
  if (opened === null) {
    const file = `onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`;
    opened = createRequire(import.meta.url)(file) as typeof binding;
    opened.initOrtOnce(logLevel, ResultTensor as never, isMainThread);
  }
  return new opened.InferenceSession();
}
