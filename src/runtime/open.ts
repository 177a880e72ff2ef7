// From a graph to a predictor, on the runtime that is asked for. Runtimes load when first used.
import { IngotError, type Schema } from "../core/index.ts";
import {
  addsTrees,
  externalFiles,
  type Model,
  nodesOf,
  readModel,
  tensorsOf,
  treeProblems,
  writeModel,
} from "../onnx/index.ts";
import { openHost, type PipelineFiles } from "./host_stages.ts";
import { sendNothing } from "./no_telemetry.ts";
import { packInputs } from "./packed/pack_inputs.ts";
import { packedSession } from "./packed/packed_session.ts";
import type { Predictor, RuntimeName, Session } from "./predictor.ts";
import { SessionPredictor } from "./session_predictor.ts";

/** A graph: its bytes, or the path of its file (which large graphs need). */
export interface GraphFile {
  readonly bytes?: Uint8Array;
  readonly path?: string;
  /** Files of external tensors, by the location that the graph gives them: bytes, or a path on disk. */
  readonly externalData?: Readonly<Record<string, Uint8Array | string>>;
}

export interface PredictorOptions {
  /** Default `native`. */
  readonly runtime?: RuntimeName;
  /** Threads within one run. Default: one where the runtime adds up trees (it then does so in order), else one for each core. */
  readonly threads?: number;
  /** Other work waits for the same cores: threads leave them between runs. Default false: they spin for a while, in case another comes. */
  readonly sharesCores?: boolean;
  /** Declared steps: what the graph refuses, and the work on the host around it. */
  readonly pipeline?: PipelineFiles | undefined;
}

/** What a runtime is given; `threads` 0 is its own choice. */
export interface SessionOptions {
  readonly threads: number;
  readonly sharesCores: boolean;
}

const largestPacked = 64 * 2 ** 20;

const openers: Readonly<
  Record<RuntimeName, () => Promise<{ openSession: (graph: GraphFile, options: SessionOptions) => Promise<Session> }>>
> = {
  native: () => {
    sendNothing();
    return import("./native.ts");
  },
  wasm: () => import("./wasm.ts"),
  micro: () => import("./micro.ts"),
};

/** @throws IngotError RUNTIME_UNSUPPORTED, ONNX_MALFORMED */
export async function openPredictor(
  graph: GraphFile,
  schema: Schema,
  options: PredictorOptions = {},
): Promise<Predictor> {
  const runtime = options.runtime ?? "native";
  const { openSession } = await openers[runtime]();
  const model = await modelOf(graph);
  // ONNX Runtime splits large ensembles among threads and adds the parts: another order, another last bit.
  const threads = options.threads ?? (model && addsUpTrees(model) ? 1 : 0);
  const packed = model && runtime !== "micro" && canPack(graph, model) ? packInputs(model) : null;
  const given = packed ? { ...graph, bytes: writeModel(packed.model) } : graph;
  const session = await openSession(given, { threads, sharesCores: options.sharesCores ?? false });
  return predictorOn(packed ? packedSession(session, packed.groups) : session, runtime, schema, options.pipeline);
}

/** A predictor on anything that computes tensors as the graph does. */
export async function predictorOn(
  session: Session,
  runtime: RuntimeName,
  schema: Schema,
  pipeline?: PipelineFiles,
): Promise<Predictor> {
  try {
    return new SessionPredictor(runtime, schema, session, pipeline?.work, await openHost(pipeline));
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** @throws IngotError ONNX_INVALID for trees that would crash the runtime that loads them */
async function modelOf(graph: GraphFile): Promise<Model | null> {
  if (!graph.bytes && graph.path === undefined) return null;
  const model = readModel(await graphBytes(graph));
  for (const { message, where } of treeProblems(model))
    throw new IngotError("ONNX_INVALID", { what: message, where, fix: "export the model again, with shallower trees" });
  return model;
}

function addsUpTrees(model: Model): boolean {
  for (const node of nodesOf(model)) if (addsTrees(node)) return true;
  return false;
}

/** A graph that is rewritten is in memory twice for a moment, and no longer beside the files that it names. */
function canPack(graph: GraphFile, model: Model): boolean {
  const size = tensorsOf(model).reduce(
    (sum, { content }) => sum + (content.kind === "raw" || content.kind === "typed" ? content.bytes.length : 0),
    0,
  );
  return size <= largestPacked && (graph.bytes !== undefined || externalFiles(model).length === 0);
}

/** The graph's bytes, wherever they are. */
export async function graphBytes(graph: GraphFile): Promise<Uint8Array> {
  if (graph.bytes) return graph.bytes;
  if (graph.path === undefined)
    throw new IngotError("ONNX_INVALID", { what: "a graph needs bytes or a path", fix: "give one of them" });
  const { readFile } = await import("node:fs/promises");
  return readFile(graph.path);
}
