// One state of what is served: a plan with its packages pinned by digest.
import { IngotError, quoted } from "../../core/index.ts";
import type { DeploymentPlan, ModelPlan } from "./deployment_file.ts";

export interface Revision {
  /** Counts up from 1, also when going back. */
  readonly number: number;
  /** Its packages are pinned: `name:version@sha256:…`. */
  readonly plan: DeploymentPlan;
  /** Why it came to be: a file changed, somebody asked, a guard went off. */
  readonly why: string;
  readonly appliedAt: number;
}

/** `name:version@sha256:…` */
export function isPinned(reference: string): boolean {
  return /:[^/@:]+@sha256:[0-9a-f]{64}$/.test(reference);
}

/** @param pinned `name:version@sha256:…` */
export function digestOf(pinned: string): string {
  return pinned.slice(pinned.lastIndexOf("@") + 1);
}

/** @param pinned `name:version@sha256:…` */
export function versionOf(pinned: string): string {
  return /:([^/@:]+)@/.exec(pinned)?.[1] ?? "";
}

/** What is loaded for a pinned plan: one key for each variant with its package. */
export function loadedKeys({ models }: DeploymentPlan): string[] {
  return models.flatMap(({ name, variants }) =>
    variants.map((variant) => `${name}\0${variant.name}\0${digestOf(variant.package)}`),
  );
}

/** Digests of what answers for a model; shadows do not. */
export function answeringDigests(plan: DeploymentPlan | null, model: string): ReadonlySet<string> {
  const variants = plan?.models.find(({ name }) => name === model)?.variants ?? [];
  return new Set(variants.filter(({ weight }) => weight > 0).map((variant) => digestOf(variant.package)));
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
