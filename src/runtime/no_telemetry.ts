// ONNX Runtime's Linux binaries send usage (names, domains and hashes of models among it) to their maker since 1.29, unless told not to.
// Rule: microsoft/onnxruntime, POSIX telemetry, off by ORT_DISABLE_TELEMETRY. Ingot sends nothing anywhere.

/**
 * Call it before the native runtime is loaded, on the main thread: the library reads the environment of the process, and threads have only a
 * copy of it.
 */
export function sendNothing(): void {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}
