// All guards of a deployment: which packages are new for which model, and what they are measured against.
import type { DeploymentPlan } from "./deployment_file.ts";
import { Guard, TrackRecord } from "./guard.ts";
import { answeringDigests, digestOf } from "./revision.ts";

export interface Verdict {
  readonly model: string;
  readonly digest: string;
  readonly what: string;
}

export class Guards {
  private readonly records = new Map<string, TrackRecord>();
  private readonly guards = new Map<string, Guard>();

  /** What answers in `next` but not in `before` is watched; who was watched and still answers goes on being. */
  follow(before: DeploymentPlan | null, next: DeploymentPlan): void {
    const kept = new Map<string, Guard>();
    for (const { name, guardrails } of next.models) {
      if (guardrails === null) continue;
      const known = answeringDigests(before, name);
      // The previous version is the one that had answered most.
      const [baseline] = [...known].map((digest) => this.record(name, digest)).sort((a, b) => b.count - a.count);
      for (const digest of answeringDigests(next, name)) {
        const key = `${name}\0${digest}`;
        const guard = this.guards.get(key);
        if (guard) kept.set(key, guard);
        else if (!known.has(digest) && baseline) kept.set(key, new Guard(guardrails, baseline));
      }
    }
    this.guards.clear();
    for (const [key, guard] of kept) this.guards.set(key, guard);
    this.forget(before, next);
  }

  /** One answer of a package for a model, or one failure that a fallback made good. @returns that a version must go, once */
  note(model: string, digest: string, failed: boolean, ms: number): Verdict | null {
    const key = `${model}\0${digest}`;
    this.record(model, digest).add(failed, ms);
    const what = this.guards.get(key)?.add(failed, ms) ?? null;
    if (what === null) return null;
    this.guards.delete(key);
    return { model, digest, what };
  }

  private record(model: string, digest: string): TrackRecord {
    const key = `${model}\0${digest}`;
    const record = this.records.get(key) ?? new TrackRecord();
    this.records.set(key, record);
    return record;
  }

  /** Records of what neither serves nor served just before would pile up. */
  private forget(before: DeploymentPlan | null, next: DeploymentPlan): void {
    const needed = new Set(
      [before, next].flatMap((plan) =>
        (plan?.models ?? []).flatMap(({ name, variants }) =>
          variants.map((variant) => `${name}\0${digestOf(variant.package)}`),
        ),
      ),
    );
    for (const key of this.records.keys()) if (!needed.has(key)) this.records.delete(key);
  }
}
