// All guards of a deployment: which packages are new for which model, and what they are measured against.
import type { FinishedRequest } from "../finished_request.ts";
import type { ServedModel } from "../served_model.ts";
import { Guard, TrackRecord } from "./guard.ts";
import { answeringDigests, type LoadedRevision } from "./revision.ts";

export interface Verdict {
  readonly model: string;
  readonly digest: string;
  readonly what: string;
}

export class Guards {
  private readonly records = new Map<string, TrackRecord>();
  private readonly guards = new Map<string, Guard>();

  /** What answers in `next` but not in `before` is watched; who was watched and still answers goes on being. */
  follow(before: LoadedRevision | null, next: LoadedRevision): void {
    const kept = new Map<string, Guard>();
    for (const { plan } of next.pools) {
      const { name, guardrails } = plan;
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

  /** @returns that a version must go, once */
  add({ model, status, errorCode, ms }: FinishedRequest): Verdict | null {
    // Who left, and how many came at once, says nothing about a version.
    if (model === null || status === 499 || errorCode === "SHUTTING_DOWN" || errorCode === "OVERLOADED") return null;
    return this.note(model, status >= 500, ms);
  }

  /** One answer of a model, or one failure that a fallback made good. */
  note(model: ServedModel, failed: boolean, ms: number): Verdict | null {
    const key = `${model.name}\0${model.digest}`;
    this.record(model.name, model.digest).add(failed, ms);
    const what = this.guards.get(key)?.add(failed, ms) ?? null;
    if (what === null) return null;
    this.guards.delete(key);
    return { model: model.name, digest: model.digest, what };
  }

  private record(model: string, digest: string): TrackRecord {
    const key = `${model}\0${digest}`;
    const record = this.records.get(key) ?? new TrackRecord();
    this.records.set(key, record);
    return record;
  }

  /** Records of what neither serves nor served just before would pile up. */
  private forget(before: LoadedRevision | null, next: LoadedRevision): void {
    const needed = new Set(
      [before, next].flatMap((revision) =>
        (revision?.pools ?? []).flatMap((pool) =>
          [...pool.members.values()].map(({ name, digest }) => `${name}\0${digest}`),
        ),
      ),
    );
    for (const key of this.records.keys()) if (!needed.has(key)) this.records.delete(key);
  }
}
