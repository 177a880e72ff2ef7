// The native runtime: ONNX Runtime on the CPU, from the binary inside its npm package.
import { link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { checkPath, IngotError } from "../core/index.ts";
import { NativeSession } from "./native_session.ts";
import { type GraphFile, graphBytes, type SessionOptions } from "./open.ts";
import { loadFailure } from "./ort_tensors.ts";
import type { Session } from "./predictor.ts";

/** @throws IngotError RUNTIME_UNSUPPORTED when ONNX Runtime does not take the graph */
export async function openSession(graph: GraphFile, { threads, sharesCores }: SessionOptions): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    logSeverityLevel: 3,
    ...(threads > 0 ? { intraOpNumThreads: threads, interOpNumThreads: 1 } : {}),
    // Threads that spin between runs keep a core busy (47 ms instead of 13 for a run of 13 ms every 40); within a run they make it twice as quick.
    ...(sharesCores ? { extra: { session: { force_spinning_stop: "1" } } } : {}),
  };
  try {
    return await create(graph, options);
  } catch (cause) {
    throw cause instanceof IngotError ? cause : loadFailure(cause, graph.path);
  }
}

async function create(graph: GraphFile, options: InferenceSession.SessionOptions): Promise<NativeSession> {
  const external = Object.entries(graph.externalData ?? {});
  if (external.some(([, file]) => typeof file === "string")) return createInFolder(graph, external, options);
  const externalData = external.map(([location, bytes]) => ({ path: location, data: bytes as Uint8Array }));
  const all = external.length > 0 ? { ...options, externalData } : options;
  if (graph.path !== undefined && !graph.bytes) return new NativeSession(graph.path, all);
  return new NativeSession(await graphBytes(graph), all);
}

type ExternalFiles = readonly (readonly [location: string, file: Uint8Array | string])[];

/**
 * External tensors are mapped from their files, not read: the graph goes into a folder beside hard links to them (links
 * that leave the graph's folder are refused by ONNX Runtime). The mapping outlives the folder.
 */
async function createInFolder(
  graph: GraphFile,
  files: ExternalFiles,
  options: InferenceSession.SessionOptions,
): Promise<NativeSession> {
  const bytes = await graphBytes(graph);
  const onDisk = files.flatMap(([, file]) => (typeof file === "string" ? [file] : []));
  for (const parent of [tmpdir(), path.dirname(onDisk[0] ?? ".")]) {
    const folder = await mkdtemp(path.join(parent, ".ingot-load-")).catch(() => null);
    if (folder === null) continue;
    try {
      if (!(await linkAll(files, folder))) continue;
      const file = path.join(folder, "model.onnx");
      await writeFile(file, bytes);
      return new NativeSession(file, options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new IngotError("RUNTIME_UNSUPPORTED", {
    what: "the files of external tensors cannot be linked beside the graph",
    where: onDisk[0],
    fix: `make ${tmpdir()} a folder on the same disk as the store (TMPDIR)`,
  });
}

/** False when the files are on another disk. */
async function linkAll(files: ExternalFiles, folder: string): Promise<boolean> {
  try {
    for (const [location, file] of files) {
      const target = path.join(folder, checkPath(location));
      await mkdir(path.dirname(target), { recursive: true });
      if (typeof file === "string") await link(file, target);
      else await writeFile(target, file);
    }
    return true;
  } catch (error) {
    if (["EXDEV", "EPERM", "EACCES", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
