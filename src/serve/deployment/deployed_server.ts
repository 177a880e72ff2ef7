// A server whose models come from a deployment: started, changed by its file and by signals, stopped as one.
import type { TraceOptions } from "../observe/traces.ts";
import { servedEntries } from "../repository.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server.ts";
import { type AdminOptions, checkTokenLength, type RunningAdmin, startAdmin } from "./admin.ts";
import type { DeploymentPlan } from "./deployment_file.ts";
import { DeploymentRepository } from "./deployment_repository.ts";
import { DeploymentSource } from "./deployment_source.ts";
import { LiveDeployment, type LiveDeploymentOptions } from "./live_deployment.ts";
import { type ObservedModels, observedModels } from "./observed_models.ts";

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
    deployment: given,
    find,
    log,
    admin: adminOptions,
    traces,
    modelControl,
    watchMs,
    ...serverOptions
  } = options;
  if (adminOptions) checkTokenLength(adminOptions.token);
  const source = new DeploymentSource(given, watchMs);
  let deployment: LiveDeployment | null = null;
  let observed: ObservedModels | null = null;
  const server = await startServer({
    ...serverOptions,
    prepare: async (serving) => {
      const plan = await source.read();
      observed = await observedModels(serving, { find, log, traces: traces ?? null, predictions: plan.predictions });
      deployment = await LiveDeployment.start(serving, plan, { ...observed.options, ...(log ? { log } : {}) });
      if (modelControl) serving.repository = new DeploymentRepository(deployment, () => servedEntries(serving));
    },
  });
  const live = deployment as unknown as LiveDeployment;
  const admin = adminOptions
    ? await startAdmin(live, adminOptions).catch((error) => server.close().then(() => Promise.reject(error)))
    : null;
  source.follow(live);
  return {
    ...server,
    deployment: live,
    admin,
    async reload(why) {
      server.reloadCertificate();
      await source.reload(live, why);
    },
    async close() {
      source.close();
      await admin?.close();
      await server.close();
      await live.close();
      await (observed as ObservedModels | null)?.close();
    },
  };
}
