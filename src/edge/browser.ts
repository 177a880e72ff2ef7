// A package in a browser: its files are fetched, compared with their digests, then opened on the same runtimes and steps as elsewhere. Entry of
// dist/browser; nothing of Node is in that bundle.
import { IngotError, type Schema } from "../core/index.ts";
import type { PipelineWork } from "../pipeline/index.ts";
import { openPredictor, type Predictor } from "../runtime/index.ts";

export { writeJson } from "../runtime/index.ts";

/** The files of one package, as `ingot show --json` lists them. */
export interface PackageFiles {
  /** sha256 of each file, by its path: `sha256:<hex>`. */
  readonly digests: Readonly<Record<string, string>>;
  /** A file's bytes, from wherever they come. */
  read(path: string): Promise<Uint8Array>;
}

export interface BrowserOptions {
  /** `wasm`: ONNX Runtime Web. `micro`: Ingot's evaluator, a tenth of the download. Default `wasm`. */
  readonly runtime?: "wasm" | "micro";
}

/** What is read of ingot.json. */
interface Description {
  readonly formatVersion: number;
  readonly schema: Schema;
  readonly graph: { readonly file: string; readonly data?: string };
  readonly pipeline?: PipelineWork;
}

/**
 * @returns predicts as in Node: records in, answers out
 * @throws IngotError PACKAGE_CORRUPT naming the file, PACKAGE_INVALID, RUNTIME_UNSUPPORTED
 */
export async function openPackage(files: PackageFiles, { runtime = "wasm" }: BrowserOptions = {}): Promise<Predictor> {
  const read = (path: string) => verified(files, path);
  const description = JSON.parse(new TextDecoder().decode(await read("ingot.json"))) as Description;
  if (description.formatVersion !== 1)
    throw new IngotError("PACKAGE_INVALID", {
      what: `is of format ${description.formatVersion}, this version reads 1`,
      where: "ingot.json",
    });
  const { graph, schema, pipeline } = description;
  if (graph.data !== undefined)
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: "its tensors are in a file of their own, from 1 GiB up, which no browser holds",
      where: graph.data,
    });
  if (runtime === "wasm") {
    const { env } = await import("onnxruntime-web/wasm");
    env.wasm.wasmPaths = { wasm: new URL("./ort-wasm-simd-threaded.wasm", import.meta.url).href };
  }
  return openPredictor({ bytes: await read(graph.file) }, schema, {
    runtime,
    ...(pipeline === undefined ? {} : { pipeline: { work: pipeline, read } }),
  });
}

async function verified({ digests, read }: PackageFiles, path: string): Promise<Uint8Array> {
  const wanted = Object.hasOwn(digests, path) ? digests[path] : undefined;
  if (wanted === undefined)
    throw new IngotError("PACKAGE_INVALID", { what: "the package holds no such file", where: path });
  const bytes = await read(path);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  const found = `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (found === wanted) return bytes;
  throw new IngotError("PACKAGE_CORRUPT", { what: `is ${found}, not ${wanted}`, where: path, fix: "fetch it again" });
}
