// Bundles what runs packages in browsers: one entry, chunks for each runtime and each kind of work on the host, nothing of Node.
import { copyFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Where the thread of custom steps is, from the entry or from the folder above the chunks. */
export const sandboxEntry = { INGOT_SANDBOX_ENTRY: '"sandbox.mjs"' };

/** Modules of Node are empty: code that uses them stands behind a look at where the program runs, or nobody calls it. */
const withoutNode = {
  name: "without-node",
  resolveId: (source) => (isBuiltin(source) || source.startsWith("onnxruntime-node") ? "\0nothing" : null),
  load: (id) => (id === "\0nothing" ? { code: "export default {};", moduleSideEffects: false } : null),
};

/** @param out the folder: ingot.mjs, sandbox.mjs, chunks, and ONNX Runtime's WebAssembly */
export async function bundleBrowser(out) {
  const bundle = await rolldown({
    cwd: root,
    input: { ingot: "src/edge/browser.ts", sandbox: "src/pipeline/host/custom/entry.ts" },
    platform: "browser",
    plugins: [withoutNode],
    shimMissingExports: true,
    logLevel: "silent",
    transform: { target: "es2022", define: sandboxEntry },
  });
  await bundle.write({
    dir: out,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "chunks/[name]-[hash].mjs",
    minify: true,
  });
  await bundle.close();
  // What fetches its WebAssembly from beside its own code.
  const { resolve } = createRequire(import.meta.url);
  copyFileSync(
    path.join(path.dirname(resolve("onnxruntime-web/wasm")), "ort-wasm-simd-threaded.wasm"),
    path.join(out, "ort-wasm-simd-threaded.wasm"),
  );
  for (const file of ["@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm", "@jsquash/webp/codec/dec/webp_dec.wasm"])
    copyFileSync(resolve(file), path.join(out, "chunks", path.basename(file)));
}
