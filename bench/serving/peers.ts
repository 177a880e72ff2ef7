// The Python servers that Ingot is compared with: each as its own guide says to start it, in a virtual environment of its own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Schema } from "../../src/core/index.ts";

/** What a server is started with. */
export interface Served {
  readonly name: string;
  /** Paths of the graph and of its schema as JSON. */
  readonly graph: string;
  readonly schemaFile: string;
  readonly schema: Schema;
  readonly example: Readonly<Record<string, unknown>>;
  /** A folder of its own. */
  readonly folder: string;
}

export interface Peer {
  readonly name: string;
  /** Name of `requirements-<environment>.txt`. */
  readonly environment: string;
  /** Program and arguments; `prepare` may write into `served.folder` first. */
  command(served: Served, port: number, bin: string): readonly string[];
  prepare?(served: Served, port: number, bin: string): void;
  readonly path: (served: Served) => string;
  readonly body: (served: Served) => unknown;
}

const folder = path.join(import.meta.dirname, "peers");
const file = (name: string) => path.join(folder, name);

/** Open Inference Protocol: one row of every input. */
export function oipBody({ schema, example }: Pick<Served, "schema" | "example">): unknown {
  const datatypes: Readonly<Record<string, string>> = {
    float32: "FP32",
    float64: "FP64",
    int64: "INT64",
    string: "BYTES",
  };
  return {
    inputs: schema.inputs.map(({ name, dtype, layout, shape }) => ({
      name,
      datatype: datatypes[dtype],
      shape: layout === "column" ? [1, 1] : [1, ...shape],
      data: [example[name]].flat(9),
    })),
  };
}

export const peers: readonly Peer[] = [
  {
    name: "FastAPI + onnxruntime",
    environment: "fastapi",
    command: (_served, port, bin) => [path.join(bin, "python"), file("fastapi_server.py"), String(port)],
    path: () => "/predict",
    body: ({ example }) => example,
  },
  {
    name: "LitServe",
    environment: "litserve",
    command: (_served, port, bin) => [path.join(bin, "python"), file("litserve_server.py"), String(port)],
    path: () => "/predict",
    body: ({ example }) => example,
  },
  {
    name: "BentoML",
    environment: "bentoml",
    command: (_served, port, bin) => [
      path.join(bin, "bentoml"),
      "serve",
      "bentoml_service:Bench",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--working-dir",
      folder,
    ],
    path: () => "/predict",
    body: ({ example }) => ({ record: example }),
  },
  {
    name: "MLServer",
    environment: "mlserver",
    prepare(served, port) {
      const settings = {
        host: "127.0.0.1",
        http_port: port,
        grpc_port: port + 1,
        metrics_port: port + 2,
        debug: false,
      };
      const model = { name: "bench", implementation: "mlserver_model.Bench" };
      writeFileSync(path.join(served.folder, "settings.json"), JSON.stringify({ ...settings, access_log: false }));
      writeFileSync(path.join(served.folder, "model-settings.json"), JSON.stringify(model));
    },
    command: (served, _port, bin) => [path.join(bin, "mlserver"), "start", served.folder],
    path: () => "/v2/models/bench/infer",
    body: oipBody,
  },
  {
    name: "MLflow",
    environment: "mlflow",
    prepare(served, _port, bin) {
      const saved = path.join(served.folder, "mlflow");
      rmSync(saved, { recursive: true, force: true });
      const python = path.join(bin, "python");
      must(python, [file("mlflow_model.py"), saved, served.graph, served.schemaFile], served.folder);
    },
    command: (served, port, bin) => [
      path.join(bin, "mlflow"),
      "models",
      "serve",
      "-m",
      path.join(served.folder, "mlflow"),
      "--env-manager",
      "local",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
    ],
    path: () => "/invocations",
    body: ({ example }) => ({ dataframe_records: [example] }),
  },
];

/** Where virtual environments are kept: outside of the clone, so that they serve every clone. */
const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "ingot-bench");

/** Folder of a peer's programs, installed on first use; null with a printed reason where that fails. */
export function environmentOf({ name, environment }: Peer): string | null {
  const home = path.join(cache, environment);
  const wanted = readFileSync(file(`requirements-${environment}.txt`), "utf8");
  const stamp = path.join(home, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return path.join(home, "bin");
  process.stderr.write(`  installing ${name} into ${home}\n`);
  mkdirSync(cache, { recursive: true });
  try {
    must("python3", ["-m", "venv", home], cache);
    const pip = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "-r",
      file(`requirements-${environment}.txt`),
    ];
    must(path.join(home, "bin", "python"), pip, cache);
  } catch (error) {
    process.stderr.write(`  ${name} is left out: ${error instanceof Error ? error.message : error}\n`);
    return null;
  }
  writeFileSync(stamp, wanted);
  return path.join(home, "bin");
}

/** What a peer's process sees. */
export function peerEnvironment(served: Served, bin: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${bin}:${process.env["PATH"]}`,
    PYTHONPATH: folder,
    BENCH_GRAPH: served.graph,
    BENCH_SCHEMA: served.schemaFile,
    MLFLOW_DISABLE_TELEMETRY: "true",
    BENTOML_DO_NOT_TRACK: "true",
    OMP_NUM_THREADS: "1",
  };
}

/** Starts a command as the leader of a group, so that all of it can be ended. */
export function startGroup(command: readonly string[], env: NodeJS.ProcessEnv, cwd: string) {
  const [program, ...args] = command;
  return spawn(program!, args, { cwd, env, detached: true, stdio: process.env["BENCH_LOG"] ? "inherit" : "ignore" });
}

function must(program: string, args: readonly string[], cwd: string): void {
  const run = spawnSync(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${path.basename(program)} failed: ${run.stderr?.trim().split("\n").at(-1)}`);
}
