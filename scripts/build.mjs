// Bundles the command line into dist/cli (one small entry, chunks that load when used), the pages into dist/web, and what runs packages in
// browsers into dist/browser.
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { build as viteBuild } from "vite";
import { bundleBrowser, sandboxEntry } from "./build_browser.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

/**
 * A layer that is imported while running is an entry of its own beside its `index.ts`. Were that file the entry, everybody who imports one name
 * of it would load the whole layer.
 */
const wholeLayers = {
  name: "whole-layers",
  async resolveId(source, importer, { kind }) {
    if (kind !== "dynamic-import" || !/^\.\.?\/.*index\.ts$/.test(source)) return null;
    const resolved = await this.resolve(source, importer, { skipSelf: true, kind: "import-statement" });
    return resolved ? { id: `\0whole:${resolved.id}`, moduleSideEffects: false } : null;
  },
  load: (id) => (id.startsWith("\0whole:") ? `export * from ${JSON.stringify(id.slice("\0whole:".length))};` : null),
};

rmSync(path.join(root, "dist"), { recursive: true, force: true });

await Promise.all([bundleCommandLine(), bundlePages(), bundleBrowser(path.join(root, "dist", "browser"))]);

async function bundleCommandLine() {
  const bundle = await rolldown({
    cwd: root,
    input: {
      main: "src/cli/main.ts",
      demo: "src/cli/demo.ts",
      thread: "src/runtime/thread/entry.ts",
      worker: "src/serve/workers/entry.ts",
      sandbox: "src/pipeline/host/custom/entry.ts",
    },
    platform: "node",
    // Native and WebAssembly runtimes, and the bundler of custom steps, find their binaries beside their own files.
    external: [/^onnxruntime-/, /^rolldown/],
    // Modules of the layers do nothing but define, so an `index.ts` brings only what is asked of it: `ingot serve` loads no converters.
    treeshake: {
      moduleSideEffects: [{ test: /[\\/]src[\\/](?!cli[\\/])/, external: false, sideEffects: false }],
    },
    plugins: [wholeLayers],
    // What several commands share stays by itself: merged into the chunk of one of them, it would bring the whole of that one.
    experimental: { chunkOptimization: { mergeCommonChunks: false } },
    transform: {
      target: "node22",
      define: {
        INGOT_VERSION: JSON.stringify(version),
        INGOT_THREAD_ENTRY: '"thread.mjs"',
        INGOT_WORKER_ENTRY: '"worker.mjs"',
        ...sandboxEntry,
      },
    },
  });
  await bundle.write({
    dir: path.join(root, "dist", "cli"),
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "chunks/[name]-[hash].mjs",
    minify: false,
    sourcemap: true,
  });
  await bundle.close();
}

async function bundlePages() {
  await viteBuild({ configFile: path.join(root, "web", "vite.config.ts"), logLevel: "warn" });
}
