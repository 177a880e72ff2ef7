// Packages whose answers say which version gave them: `y = x + version`, `by = "version"`. They are real graphs on the native runtime.
import { digest, IngotError, type Schema } from "../../../src/core/index.ts";
import { float64, GraphBuilder, int64, strings, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor, type Predictor } from "../../../src/runtime/index.ts";
import {
  type DeploymentPlan,
  type FoundPackage,
  LiveDeployment,
  type LiveDeploymentOptions,
  parseDeployment,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "../../../src/serve/index.ts";

const number = { type: "float", dtype: "float64", shape: [] } as const;
const schema: Schema = {
  inputs: [
    { name: "x", ...number, layout: "column" },
    { name: "who", type: "string", dtype: "string", shape: [], layout: "column", missing: "allow", missingValue: "" },
  ],
  outputs: [
    { name: "y", ...number, layout: "batch" },
    { name: "by", type: "string", dtype: "string", shape: [], layout: "batch", role: "label" },
  ],
};

function graphOf(version: number): Uint8Array {
  const g = new GraphBuilder("numbered");
  const x = g.input("x", "float64", ["N", 1]);
  const who = g.input("who", "string", ["N", 1]);
  const flat = g.op("Reshape", [x, g.constant(int64([-1]))]);
  g.output(g.op("Add", [flat, g.constant(float64([version]))]), "y");
  const rows = g.op("Shape", [g.op("Reshape", [who, g.constant(int64([-1]))])]);
  g.output(g.op("Expand", [g.constant(strings([String(version)])), rows]), "by");
  return writeModel(g.build());
}

/** What a version does besides answering; changed while it serves. */
export interface Behaviour {
  /** Share of predictions that fail inside. */
  fails: number;
  delayMs: number;
  /** Predictions end after it. */
  held: Promise<void> | null;
  closed: number;
  loads: number;
}

export class NumberedPackages {
  readonly behaviours = new Map<string, Behaviour>();
  readonly refused = new Set<string>();

  of(version: string): Behaviour {
    const behaviour = this.behaviours.get(version) ?? { fails: 0, delayMs: 0, held: null, closed: 0, loads: 0 };
    this.behaviours.set(version, behaviour);
    return behaviour;
  }

  /** `numbered:<version>`, pinned or not. */
  readonly find = async (reference: string): Promise<FoundPackage> => {
    const version = /^numbered:(\d+)/.exec(reference)?.[1];
    if (version === undefined)
      throw new IngotError("PACKAGE_NOT_FOUND", { what: `there is no package ${reference}`, where: "store" });
    const bytes = graphOf(Number(version));
    return {
      name: "numbered",
      version: `${version}.0.0`,
      digest: digest(bytes),
      load: async () => {
        if (this.refused.has(version))
          throw new IngotError("PACKAGE_CORRUPT", { what: "model.onnx: its bytes have changed" });
        const behaviour = this.of(version);
        behaviour.loads++;
        const predictor = wrapped(await openPredictor({ bytes }, schema, { runtime: "native" }), behaviour);
        const identity = { name: "numbered", version: `${version}.0.0`, digest: digest(bytes) };
        return { ...identity, schema, predictor, example: { x: 1, who: "a" } };
      },
    };
  };
}

function wrapped(predictor: Predictor, behaviour: Behaviour): Predictor {
  const meddle = async <T>(run: () => Promise<T>): Promise<T> => {
    if (behaviour.closed > 0) throw new Error("a closed model was asked");
    await behaviour.held;
    if (behaviour.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
    if (Math.random() < behaviour.fails) throw new IngotError("RUNTIME_FAILED", { what: "this version fails" });
    return run();
  };
  return {
    runtime: predictor.runtime,
    schema: predictor.schema,
    run: (feeds) => meddle(() => predictor.run(feeds)),
    predict: (records) => meddle(() => predictor.predict(records)),
    predictEach: (records) => meddle(() => predictor.predictEach(records)),
    close: async () => {
      behaviour.closed++;
      await predictor.close();
    },
  };
}

export interface Deployed {
  readonly server: RunningServer;
  readonly deployment: LiveDeployment;
  readonly packages: NumberedPackages;
  readonly log: Record<string, unknown>[];
  close(): Promise<void>;
}

export function planOf(yaml: string): DeploymentPlan {
  return parseDeployment(Buffer.from(yaml));
}

export async function deploy(
  yaml: string,
  options: Partial<LiveDeploymentOptions> = {},
  server: Partial<ServerOptions> = {},
): Promise<Deployed> {
  const packages = new NumberedPackages();
  const log: Record<string, unknown>[] = [];
  let deployment: LiveDeployment | null = null;
  const running = await startServer({
    port: 0,
    webFolder: null,
    errorLog: () => {},
    ...server,
    prepare: async (serving) => {
      deployment = await LiveDeployment.start(serving, planOf(yaml), {
        find: packages.find,
        log: (entry) => log.push(entry),
        ...options,
      });
    },
  });
  return {
    server: running,
    deployment: deployment!,
    packages,
    log,
    async close() {
      await running.close();
      await deployment!.close();
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly by: string | undefined;
  readonly y: number | undefined;
  readonly variant: string | null;
  readonly digest: string | null;
}

export async function ask(url: string, x: number, headers: Record<string, string> = {}, who = "a"): Promise<Reply> {
  const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify({ x, who }), headers });
  const body = (await response.json()) as { y?: number; by?: string };
  const [variant, digest] = [response.headers.get("ingot-variant"), response.headers.get("ingot-package")];
  return { status: response.status, by: body.by, y: body.y, variant, digest };
}
