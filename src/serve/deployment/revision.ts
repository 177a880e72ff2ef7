// One state of what is served: a plan with its packages pinned by digest, and the loaded models that carry it out.
import { IngotError, quoted } from "../../core/index.ts";
import type { ServedModel } from "../served_model.ts";
import type { Companions } from "./companions.ts";
import type { DeploymentPlan, ModelPlan } from "./deployment_file.ts";
import type { Pool } from "./pool.ts";

export interface Revision {
  /** Counts up from 1, also when going back. */
  readonly number: number;
  /** Its packages are pinned: `name:version@sha256:…`. */
  readonly plan: DeploymentPlan;
  /** Why it came to be: a file changed, somebody asked, a guard went off. */
  readonly why: string;
  readonly appliedAt: number;
}

/** A revision whose models are loaded. */
export interface LoadedRevision extends Revision {
  readonly pools: readonly Pool[];
  readonly companions: ReadonlyMap<string, Companions>;
}

export function modelsOf(revision: LoadedRevision): ServedModel[] {
  return revision.pools.flatMap((pool) => [
    pool.first,
    ...[...pool.members.values()].filter((model) => model !== pool.first),
  ]);
}

/** Digests of what answers for a model; shadows do not. */
export function answeringDigests(revision: LoadedRevision | null, model: string): ReadonlySet<string> {
  const pool = revision?.pools.find((candidate) => candidate.plan.name === model);
  const answering = pool?.plan.variants.filter(({ weight }) => weight > 0) ?? [];
  return new Set(answering.map(({ name }) => pool!.members.get(name)!.digest));
}

/** The plan with other weights for one model's variants. */
export function withWeights(
  plan: DeploymentPlan,
  model: string,
  weights: Readonly<Record<string, number>>,
): DeploymentPlan {
  return withModel(plan, model, (entry) => ({
    ...entry,
    variants: entry.variants.map((variant) => ({ ...variant, weight: weights[variant.name] ?? variant.weight })),
  }));
}

/** The plan with one model changed. */
export function withModel(
  plan: DeploymentPlan,
  model: string,
  change: (entry: ModelPlan) => ModelPlan,
): DeploymentPlan {
  return { ...plan, models: plan.models.map((entry) => (entry.name === model ? change(entry) : entry)) };
}

/** @throws IngotError DEPLOYMENT_REFUSED */
export function checkWeight({ name, variants }: ModelPlan, variant: string, weight: unknown): void {
  const known = variants.find((candidate) => candidate.name === variant);
  const refuse = (what: string): never => {
    throw new IngotError("DEPLOYMENT_REFUSED", {
      what,
      where: `models.${name}`,
      fix: `variants: ${variants.map((one) => one.name).join(", ")}`,
    });
  };
  if (!known) refuse(`there is no variant ${quoted(variant)}`);
  if (known!.shadow !== null) refuse(`${variant} is a shadow: it has no weight`);
  if (typeof weight !== "number" || !(weight >= 0 && weight <= 1e6))
    refuse(`the weight of ${variant} must be from 0 to 1e6, got ${quoted(weight)}`);
}

/** The log is opened once. @throws IngotError DEPLOYMENT_REFUSED */
export function mustKeepLog(now: DeploymentPlan, next: DeploymentPlan): void {
  if (JSON.stringify(now.predictions) === JSON.stringify(next.predictions)) return;
  throw new IngotError("DEPLOYMENT_REFUSED", {
    what: "`predictions` cannot change while the server runs",
    fix: "leave it as it was, or start the server again",
  });
}

export function isSubset<T>(some: readonly T[], all: readonly T[]): boolean {
  return some.every((one) => all.includes(one));
}

export function revisionOf({ number, plan, why, appliedAt }: Revision): Revision {
  return { number, plan, why, appliedAt };
}

export function packagesOf(plan: DeploymentPlan): Record<string, string> {
  return Object.fromEntries(
    plan.models.flatMap(({ name, variants }) =>
      variants.map((variant) => [`${name}/${variant.name}`, variant.package]),
    ),
  );
}

export function answers(plan: DeploymentPlan, model: string, digest: string): boolean {
  const variants = plan.models.find(({ name }) => name === model)?.variants ?? [];
  return variants.some((variant) => variant.weight > 0 && variant.package.endsWith(digest));
}
