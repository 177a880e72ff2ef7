// A server of several processes: this one listens, decides and counts; its workers answer.
import { type AdminOptions, checkTokenLength, startAdmin } from "../deployment/admin.ts";
import type { DeployedServer } from "../deployment/deployed_server.ts";
import type { DeploymentPlan } from "../deployment/deployment_file.ts";
import { DeploymentRepository } from "../deployment/deployment_repository.ts";
import { DeploymentSource } from "../deployment/deployment_source.ts";
import { type DecisionOptions, LiveDeployment } from "../deployment/live_deployment.ts";
import { versionOf } from "../deployment/revision.ts";
import { TlsFiles } from "../listener/tls_files.ts";
import type { RepositoryEntry } from "../repository.ts";
import { listening, listeningForGrpc, type ServerOptions } from "../server.ts";
import { Fleet } from "./fleet.ts";
import type { ShownModel, WorkerSettings } from "./messages.ts";

export interface WorkersOptions extends Pick<ServerOptions, "host" | "port" | "grpcPort" | "socket"> {
  /** A deployment.yaml, watched while it is served; or a plan. */
  readonly deployment: string | DeploymentPlan;
  readonly find: DecisionOptions["find"];
  readonly settings: Omit<WorkerSettings, "hasGrpc">;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
  /** Default: no admin API. */
  readonly admin?: AdminOptions;
  /** How often the file is looked at. Default 1 s. */
  readonly watchMs?: number;
}

export interface DeployedWorkers extends Omit<DeployedServer, "serving" | "reloadCertificate"> {
  readonly models: readonly ShownModel[];
}

/** @throws IngotError DEPLOYMENT_INVALID, ADDRESS_IN_USE and what loading throws */
export async function startWorkers(options: WorkersOptions): Promise<DeployedWorkers> {
  const { deployment: given, find, log, admin: adminOptions, watchMs, grpcPort } = options;
  if (adminOptions) checkTokenLength(adminOptions.token);
  const settings = { ...options.settings, hasGrpc: grpcPort !== undefined };
  const { tls } = settings.server;
  if (tls) new TlsFiles(tls.certificate, tls.key).close();
  const source = new DeploymentSource(given, watchMs);
  let carrier: Fleet | null = null;
  const deployment = await LiveDeployment.carried(await source.read(), { find, log }, (judge) => {
    carrier = new Fleet({ settings, log }, judge);
    return carrier;
  });
  const fleet = carrier as unknown as Fleet;
  fleet.deployment = {
    report: () => deployment.report(),
    betweenChanges: (step) => deployment.betweenChanges(step),
  };
  fleet.repository = new DeploymentRepository(deployment, () => served(deployment.plan));
  try {
    const where = await listening(fleet.handout.server("http"), { ...options, ...(tls ? { tls } : {}) });
    const grpc = settings.hasGrpc ? await listeningForGrpc(fleet.handout.server("grpc"), options) : null;
    const admin = adminOptions ? await startAdmin(deployment, adminOptions) : null;
    source.follow(deployment);
    return {
      ...where,
      grpcPort: grpc,
      models: fleet.models,
      deployment,
      admin,
      async reload(why) {
        fleet.reloadCertificate();
        await source.reload(deployment, why);
      },
      async close() {
        source.close();
        await admin?.close();
        // A change under way must not keep workers from answering what they have.
        await fleet.close();
        await deployment.close();
      },
    };
  } catch (error) {
    await deployment.close();
    throw error;
  }
}

function served({ models }: DeploymentPlan): RepositoryEntry[] {
  const entries = new Map<string, RepositoryEntry>();
  for (const { name, variants } of models)
    for (const { package: reference } of variants) {
      const version = versionOf(reference);
      entries.set(JSON.stringify([name, version]), { name, version, state: "READY", reason: "" });
    }
  return [...entries.values()];
}
