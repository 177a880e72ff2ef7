// The models of one process: loaded, verified and warmed up beside those that serve, switched in one step, closed when their users have gone.
import type { FinishedRequest } from "../finished_request.ts";
import { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import type { Carrier, Details, FoundPackage } from "./carrier.ts";
import { Companions, type Note } from "./companions.ts";
import { mustFit } from "./compatible.ts";
import type { DeploymentPlan, VariantPlan } from "./deployment_file.ts";
import { Pool } from "./pool.ts";
import { digestOf, isSubset } from "./revision.ts";
import { warmUp } from "./warm_up.ts";

export interface LoadedModelsOptions {
  /** @throws IngotError PACKAGE_NOT_FOUND, REFERENCE_INVALID */
  readonly find: (reference: string) => Promise<FoundPackage>;
  readonly notes?: readonly Note[];
  /** Told of a model before it serves, and once it never will again. */
  readonly opened?: (model: ServedModel, found: FoundPackage) => void;
  readonly closed?: (model: ServedModel) => void;
}

/** One answer of a package for a model, or a failure that a fallback made good. */
export type Judge = (model: string, digest: string, failed: boolean, ms: number) => void;

/** A plan whose models are loaded. */
interface Loaded {
  readonly plan: DeploymentPlan;
  readonly pools: readonly Pool[];
  readonly companions: ReadonlyMap<string, Companions>;
}

export class LoadedModels implements Carrier {
  private readonly serving: Serving;
  private readonly options: LoadedModelsOptions;
  private readonly judge: Judge;
  private current: Loaded | null = null;
  /** Still loaded, for a while: going back to it is instant. */
  private previous: Loaded | null = null;
  private prepared: Loaded | null = null;
  private readonly closing = new Set<Promise<void>>();

  constructor(serving: Serving, options: LoadedModelsOptions, judge: Judge) {
    this.serving = serving;
    this.options = options;
    this.judge = judge;
    serving.observe((request) => this.watch(request));
  }

  async prepare(plan: DeploymentPlan, found: ReadonlyMap<string, FoundPackage>): Promise<void> {
    this.abandon();
    const fresh: ServedModel[] = [];
    try {
      const pools: Pool[] = [];
      for (const entry of plan.models) {
        const members = new Map<string, ServedModel>();
        for (const variant of entry.variants) {
          const { model, isFresh } = await this.member(entry.name, variant, found);
          if (isFresh) fresh.push(model);
          members.set(variant.name, model);
        }
        mustFit(entry, members);
        pools.push(new Pool(entry, members));
      }
      for (const model of fresh) await warmUp(model);
      const { notes = [] } = this.options;
      const { traffic } = this.serving.watch;
      const failed = ({ name, digest }: ServedModel) => this.judge(name, digest, true, 0);
      const companions = new Map(
        pools.map((pool) => [pool.plan.name, new Companions(pool, traffic, notes, failed)] as const),
      );
      this.prepared = { plan, pools, companions };
    } catch (error) {
      for (const model of fresh) this.options.closed?.(model);
      await Promise.all(fresh.map((model) => model.close()));
      throw error;
    }
  }

  async commit(): Promise<void> {
    const next = this.prepared;
    if (next === null) return;
    const before = this.loaded();
    for (const pool of next.pools) {
      const { around } = next.companions.get(pool.plan.name)!;
      for (const model of pool.members.values()) model.around = around;
    }
    this.serving.replace(
      modelsOf(next),
      new Map(next.pools.map((pool) => [pool.plan.name, (asker) => pool.choose(asker)])),
    );
    // Other weights for the same models leave the way back as it was.
    if (this.current && !isSubset(modelsOf(this.current), modelsOf(next))) this.previous = this.current;
    this.current = next;
    this.prepared = null;
    this.closeUnused(before);
    // What serves from the start is placed by the server, once it listens.
    if (before.length > 0) void this.serving.settle(modelsOf(next).filter((model) => !before.includes(model)));
  }

  /** Frees what was prepared and does not serve. */
  abandon(): void {
    if (this.prepared === null) return;
    const unwanted = modelsOf(this.prepared);
    this.prepared = null;
    this.closeUnused(unwanted);
  }

  forget(): void {
    const before = this.loaded();
    this.previous = null;
    this.closeUnused(before);
  }

  async look(): Promise<void> {}

  details(): Details {
    const entries = (this.current?.pools ?? []).flatMap((pool) =>
      [...pool.members].map(([variant, { inFlight }]) => {
        const comparison = this.current!.companions.get(pool.plan.name)!.comparisons.get(variant)?.state();
        return [`${pool.plan.name}\0${variant}`, { inFlight, ...(comparison ? { comparison } : {}) }] as const;
      }),
    );
    return new Map(entries);
  }

  /** Waits until everything unloaded is closed. The server closes what it serves. */
  async close(): Promise<void> {
    this.abandon();
    this.forget();
    await Promise.all(this.closing);
  }

  /** The model of a variant: one that is loaded already where the digest is the same. */
  private async member(
    name: string,
    { name: variant, package: reference }: VariantPlan,
    known: ReadonlyMap<string, FoundPackage>,
  ) {
    const digest = digestOf(reference);
    const warm = this.loaded().find(
      (model) => model.name === name && model.variant === variant && model.digest === digest,
    );
    if (warm) return { model: warm, isFresh: false };
    const found = known.get(reference) ?? (await this.options.find(reference));
    const model = new ServedModel({ ...(await found.load()), name, variant }, this.serving.options.engine);
    this.options.opened?.(model, found);
    return { model, isFresh: true };
  }

  private loaded(): ServedModel[] {
    return [this.current, this.previous].flatMap((plan) => (plan ? modelsOf(plan) : []));
  }

  private closeUnused(before: readonly ServedModel[]): void {
    const needed = new Set(this.loaded());
    for (const model of new Set(before)) {
      if (needed.has(model)) continue;
      this.options.closed?.(model);
      const closing = model.close().finally(() => this.closing.delete(closing));
      this.closing.add(closing);
    }
  }

  private watch({ model, status, errorCode, ms }: FinishedRequest): void {
    // Who left, and how many came at once, says nothing about a version.
    if (model === null || status === 499 || errorCode === "SHUTTING_DOWN" || errorCode === "OVERLOADED") return;
    this.judge(model.name, model.digest, status >= 500, ms);
  }
}

function modelsOf({ pools }: Loaded): ServedModel[] {
  return pools.flatMap((pool) => [pool.first, ...[...pool.members.values()].filter((model) => model !== pool.first)]);
}
