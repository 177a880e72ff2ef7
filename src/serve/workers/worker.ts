// A worker: serves a deployment on connections that the first process hands it, and changes when that says so.
import type { Socket } from "node:net";
import { Store } from "../../oci/index.ts";
import { Tokens } from "../access/tokens.ts";
import type { DeploymentPlan } from "../deployment/deployment_file.ts";
import { LoadedModels } from "../deployment/loaded_models.ts";
import { type ObservedModels, observedModels } from "../deployment/observed_models.ts";
import { storePackages } from "../deployment/store_packages.ts";
import { type RunningServer, startServer } from "../server.ts";
import { Channel, type End } from "./channel.ts";
import { HeldConnections } from "./held_connections.ts";
import { Judged } from "./judged.ts";
import type { FirstMethods, ShownModel, WorkerMethods, WorkerSettings } from "./messages.ts";
import { sharedLog } from "./shared_log.ts";

export class Worker {
  readonly #first: Channel<WorkerMethods, FirstMethods>;
  readonly #held: HeldConnections;
  readonly #judged: Judged;
  #server: RunningServer | null = null;
  #models: LoadedModels | null = null;
  #observed: ObservedModels | null = null;

  constructor(end: End) {
    this.#first = new Channel<WorkerMethods, FirstMethods>(end, {
      start: ({ settings, plan, warm }) => this.#start(settings, plan, warm),
      prepare: (plan) => this.#models!.prepare(plan, new Map()),
      commit: () => this.#models!.commit(),
      abandon: () => this.#models!.abandon(),
      forget: () => this.#models!.forget(),
      state: () => ({ watch: this.#server!.serving.watch.state(), details: this.#models!.details() }),
      ready: (all) => {
        if (this.#server) this.#server.serving.othersReady = all;
      },
      reloadCertificate: () => this.#server?.reloadCertificate(),
      stop: () => this.stop(),
    });
    this.#held = new HeldConnections(end, this.#first);
    this.#judged = new Judged((judgements) => this.#first.tell("judged", judgements));
  }

  /** Answers what was accepted, and frees everything. */
  async stop(): Promise<void> {
    await this.#server?.close();
    await this.#models?.close();
    await this.#observed?.close();
  }

  async #start(
    settings: WorkerSettings,
    plan: DeploymentPlan,
    warm: DeploymentPlan | null,
  ): Promise<readonly ShownModel[]> {
    const { server, tokens, load, accessLog, events, workers } = settings;
    const find = storePackages(
      await Store.open(settings.store),
      // Several processes keep the cores busy: runs that share them would wait for each other.
      workers > 1 ? { threads: 1, ...load } : load,
    );
    const toStderr = (line: string) => void process.stderr.write(`${line}\n`);
    const log = (entry: Readonly<Record<string, unknown>>) =>
      toStderr(JSON.stringify({ time: new Date().toISOString(), level: "info", pid: process.pid, ...entry }));
    const predictions = plan.predictions && sharedLog(plan.predictions, workers);
    this.#server = await startServer({
      ...server,
      maxInFlight: Math.ceil((server.maxInFlight ?? 1024) / workers),
      ...(tokens ? { tokens: Tokens.of(tokens) } : {}),
      ...(accessLog ? { accessLog: toStderr } : {}),
      ...(events ? { eventLog: toStderr } : {}),
      handed: {
        hasGrpc: settings.hasGrpc,
        open: (take) => this.#held.open((kind, socket: Socket) => take[kind](socket)),
      },
      prepare: async (serving) => {
        this.#observed = await observedModels(serving, { find, log, predictions, traces: settings.traces });
        const models = new LoadedModels(serving, this.#observed.options, this.#judged.note);
        this.#models = models;
        // What is kept for the way back serves for a moment before anybody can ask. That it is gone is no reason not to serve.
        if (warm)
          await models.prepare(warm, new Map()).then(
            () => models.commit(),
            () => undefined,
          );
        await models.prepare(plan, new Map());
        await models.commit();
        serving.watch.others = () => this.#first.ask("others", null);
        serving.watch.deployment = () => this.#first.ask("deployment", null);
        if (settings.modelControl)
          serving.repository = {
            index: () => this.#first.ask("index", null),
            load: (reference) => this.#first.ask("load", reference),
            unload: (name) => this.#first.ask("unload", name),
          };
      },
    });
    return this.#server.serving.models.map(({ name, version, digest, variant, schema, example }) => ({
      name,
      version,
      digest,
      variant,
      schema,
      example,
    }));
  }
}
