// The model repository of clients, carried out by the deployment: what they load and unload are revisions like all others.
import type { ModelRepository, RepositoryEntry } from "../repository.ts";
import type { LiveDeployment } from "./live_deployment.ts";

export class DeploymentRepository implements ModelRepository {
  private readonly deployment: LiveDeployment;
  /** What was unloaded by request and not loaded since, by name. */
  private readonly unloaded = new Map<string, readonly RepositoryEntry[]>();

  private readonly served: () => RepositoryEntry[];

  /** @param served what answers now */
  constructor(deployment: LiveDeployment, served: () => RepositoryEntry[]) {
    this.deployment = deployment;
    this.served = served;
  }

  async index(): Promise<readonly RepositoryEntry[]> {
    const served = this.served();
    const names = new Set(served.map(({ name }) => name));
    return [...served, ...[...this.unloaded].flatMap(([name, entries]) => (names.has(name) ? [] : entries))];
  }

  async load(reference: string): Promise<void> {
    await this.deployment.load(reference);
  }

  async unload(name: string): Promise<void> {
    const served = this.served().filter((entry) => entry.name === name);
    await this.deployment.unload(name);
    this.unloaded.set(
      name,
      served.map((entry) => ({ ...entry, state: "UNAVAILABLE", reason: "unloaded by request" })),
    );
  }
}
