// A server whose models come from a deployment: started, changed by its file and by signals, stopped as one.
import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { cannotOpen } from "../../core/index.ts";
import { PredictionLog } from "../log/prediction_log.ts";
import { Drift } from "../observe/drift.ts";
import type { TraceOptions, Traces } from "../observe/traces.ts";
import { servedEntries } from "../repository.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server.ts";
import { type AdminOptions, checkTokenLength, type RunningAdmin, startAdmin } from "./admin.ts";
import type { DeploymentPlan } from "./deployment_file.ts";
import { DeploymentRepository } from "./deployment_repository.ts";
import { LiveDeployment, type LiveDeploymentOptions } from "./live_deployment.ts";

export interface DeployedOptions extends Omit<ServerOptions, "models" | "prepare"> {
  /** A deployment.yaml, watched while it is served; or a plan. */
  readonly deployment: string | DeploymentPlan;
  readonly find: LiveDeploymentOptions["find"];
  readonly log?: LiveDeploymentOptions["log"];
  /** Default: no admin API. */
  readonly admin?: AdminOptions;
  /** Default: no traces. */
  readonly traces?: TraceOptions;
  /** Clients may load and unload models through the protocols' repositories. Default: they may not. */
  readonly modelControl?: boolean;
  /** How often the file is looked at. Default 1 s. */
  readonly watchMs?: number;
}

export interface DeployedServer extends RunningServer {
  readonly deployment: LiveDeployment;
  readonly admin: RunningAdmin | null;
  /** Reads the certificate again, and the file, or resolves the references of the plan again; what is wrong is logged, and the old one goes on. */
  reload(why: string): Promise<void>;
}

/** @throws IngotError DEPLOYMENT_INVALID, ADDRESS_IN_USE and what loading throws */
export async function startDeployed(options: DeployedOptions): Promise<DeployedServer> {
  const {
    deployment: source,
    find,
    log,
    admin: adminOptions,
    traces: traceOptions,
    modelControl,
    watchMs = 1000,
    ...serverOptions
  } = options;
  if (adminOptions) checkTokenLength(adminOptions.token);
  const wanted = () => (typeof source === "string" ? readDeployment(source) : Promise.resolve(source));
  let deployment: LiveDeployment | null = null;
  let predictions: PredictionLog | null = null;
  let traces: Traces | null = null;
  const server = await startServer({
    ...serverOptions,
    prepare: async (serving) => {
      const plan = await wanted();
      predictions = plan.predictions === null ? null : new PredictionLog(plan.predictions, log ? { log } : {});
      const counted = predictions;
      const drift = new Drift();
      if (counted) serving.watch.gauges.add(() => counted.gauges());
      serving.watch.gauges.add(() => drift.gauges());
      if (traceOptions) {
        traces = (await import("../observe/traces.ts")).startTraces(traceOptions);
        serving.observe(traces.observe);
      }
      serving.watch.predictions = predictions;
      deployment = await LiveDeployment.start(serving, plan, {
        find,
        notes: counted ? [counted.note, drift.note] : [drift.note],
        opened: async (model, found) => drift.expect(model, (await found.examples?.()) ?? []),
        closed: (model) => drift.forget(model),
        ...(log ? { log } : {}),
      });
      if (modelControl) serving.repository = new DeploymentRepository(deployment, () => servedEntries(serving));
    },
  });
  const live = deployment as unknown as LiveDeployment;
  const reload = async (why: string): Promise<void> => {
    server.reloadCertificate();
    let plan: DeploymentPlan;
    try {
      plan = await wanted();
    } catch (error) {
      live.refused(why, error);
      return;
    }
    // What it refuses it has noted and logged itself.
    await live.apply(plan, why).catch(() => undefined);
  };
  const admin = adminOptions
    ? await startAdmin(live, adminOptions).catch((error) => server.close().then(() => Promise.reject(error)))
    : null;
  const changed = () => void reload(`${path.basename(source as string)} changed`);
  if (typeof source === "string") watchFile(source, { interval: watchMs }, changed);
  return {
    ...server,
    deployment: live,
    admin,
    reload,
    async close() {
      if (typeof source === "string") unwatchFile(source, changed);
      await admin?.close();
      await server.close();
      await live.close();
      await (predictions as PredictionLog | null)?.close();
      await (traces as Traces | null)?.close();
    },
  };
}

async function readDeployment(file: string): Promise<DeploymentPlan> {
  const bytes = await readFile(file).catch((cause) => {
    throw cannotOpen(cause, file);
  });
  // The parser of YAML and its checks are half of what serving would load.
  return (await import("./deployment_file.ts")).parseDeployment(bytes, file);
}
