// Bundles the command line twice. The first bundle is rehearsed: the build runs the commands whose start people wait for. In the second one, what
// the same commands load is one chunk, so that each loads few files and nothing that it does not use; and V8's work of another rehearsal lies beside it.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";
import { sandboxEntry } from "./build_browser.mjs";
import { rehearse } from "./rehearsal.mjs";

const root = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

/** Programs of their own: the command line, the demo, threads and processes that others start. */
const entries = {
  main: "src/cli/main.ts",
  demo: "src/cli/demo.ts",
  thread: "src/runtime/thread/entry.ts",
  worker: "src/serve/workers/entry.ts",
  sandbox: "src/pipeline/host/custom/entry.ts",
};
/** What a thread loads: kept apart, since every thread has its own copy. */
const threadModules = ["src/runtime/thread/entry.ts", "src/runtime/native.ts"];

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

/** @param out the folder, dist/cli */
export async function bundleCommandLine(out) {
  const bundle = await rolldown({
    cwd: root,
    input: entries,
    preserveEntrySignatures: "allow-extension",
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
        INGOT_THREAD_ENTRY: '"thread.cjs"',
        INGOT_WORKER_ENTRY: '"worker.cjs"',
        ...sandboxEntry,
        INGOT_SANDBOX_ENTRY: '"sandbox.cjs"',
      },
    },
  });
  try {
    const trial = path.join(path.dirname(out), "rehearsal");
    const chunks = await write(bundle, trial, []);
    const loaded = { ...(await rehearse(trial)), thread: loadedStatically(chunks, threadModules) };
    rmSync(trial, { recursive: true });
    const together = new Map();
    for (const chunk of chunks) {
      const users = Object.keys(loaded).filter((name) => loaded[name].includes(path.basename(chunk.fileName)));
      if (users.length > 0 && !chunk.isEntry) for (const id of chunk.moduleIds) together.set(id, users.join("-"));
    }
    await write(bundle, out, [{ debugName: "together", name: (id) => together.get(id) ?? null }]);
    await rehearse(out);
  } finally {
    await bundle.close();
  }
}

/** Names of the chunks that hold these modules, and of what those import. */
function loadedStatically(chunks, modules) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const names = new Set();
  const visit = (name) => {
    if (names.has(name) || !byName.has(name)) return;
    names.add(name);
    byName.get(name).imports.forEach(visit);
  };
  for (const module of modules) {
    const id = path.join(root, module);
    visit(chunks.find(({ moduleIds }) => moduleIds.includes(id)).fileName);
  }
  return [...names].map((name) => path.basename(name));
}

/** Writes the loader, the chunks as functions that it calls, and a file to start each entry. */
async function write(bundle, folder, groups) {
  const { output } = await bundle.generate({
    format: "cjs",
    dynamicImportInCjs: false,
    entryFileNames: "chunks/[name].cjs",
    chunkFileNames: "chunks/[name]-[hash].cjs",
    minify: false,
    sourcemap: true,
    ...(groups.length > 0 && { codeSplitting: { includeDependenciesRecursively: false, groups } }),
  });
  mkdirSync(path.join(folder, "chunks"), { recursive: true });
  for (const file of output) {
    const content = file.type === "chunk" ? asFunction(file.code) : file.source;
    writeFileSync(path.join(folder, file.fileName), content);
  }
  copyFileSync(path.join(import.meta.dirname, "load_compiled.cjs"), path.join(folder, "load.cjs"));
  for (const name of Object.keys(entries))
    writeFileSync(path.join(folder, `${name}.cjs`), `require("./load.cjs").run(${JSON.stringify(name)});\n`);
  return output.filter(({ type }) => type === "chunk");
}

/** As Node wraps what it loads by `require`; on the first line, so that source maps still fit. */
function asFunction(code) {
  const [, body, map = ""] = /^([\s\S]*?)(\/\/# sourceMappingURL=\S+\s*)?$/.exec(code);
  return `(function (exports, require, module, __filename, __dirname) {${inAscii(body)}\n})\n${map}`;
}

/**
 * V8 keeps a text with one letter beyond Latin-1 in twice the memory, and decodes it slowly. An escape means the same in strings, templates and
 * patterns; where it might not, the code stays as it is.
 */
function inAscii(code) {
  if (/\\[\u0080-\uffff]|String\.raw/.test(code)) return code;
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
