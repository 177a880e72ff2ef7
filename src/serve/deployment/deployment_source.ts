// Where a deployment is said: a file that is followed while it changes, or a plan.
import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { cannotOpen } from "../../core/index.ts";
import type { DeploymentPlan } from "./deployment_file.ts";
import type { LiveDeployment } from "./live_deployment.ts";

export class DeploymentSource {
  readonly #source: string | DeploymentPlan;
  readonly #watchMs: number;
  #changed: (() => void) | null = null;

  /** @param source path of a deployment.yaml, or a plan. @param watchMs how often the file is looked at */
  constructor(source: string | DeploymentPlan, watchMs = 1000) {
    this.#source = source;
    this.#watchMs = watchMs;
  }

  /** @throws IngotError FILE_NOT_FOUND, DEPLOYMENT_INVALID */
  async read(): Promise<DeploymentPlan> {
    const source = this.#source;
    if (typeof source !== "string") return source;
    const bytes = await readFile(source).catch((cause) => {
      throw cannotOpen(cause, source);
    });
    // The parser of YAML and its checks are half of what serving would load.
    return (await import("./deployment_file.ts")).parseDeployment(bytes, source);
  }

  /** Reads again and applies; what is wrong is noted and logged by the deployment, and the old one goes on. */
  async reload(deployment: LiveDeployment, why: string): Promise<void> {
    let plan: DeploymentPlan;
    try {
      plan = await this.read();
    } catch (error) {
      deployment.refused(why, error);
      return;
    }
    // What it refuses it has noted and logged itself.
    await deployment.apply(plan, why).catch(() => undefined);
  }

  /** From now on, changes of the file are applied. */
  follow(deployment: LiveDeployment): void {
    const source = this.#source;
    if (typeof source !== "string") return;
    this.#changed = () => void this.reload(deployment, `${path.basename(source)} changed`);
    watchFile(source, { interval: this.#watchMs }, this.#changed);
  }

  close(): void {
    if (this.#changed) unwatchFile(this.#source as string, this.#changed);
  }
}
