// What is served right now, and the way from one state to the next: load, verify, warm up, switch, drain. A step that fails leaves
// everything as it was.
import { IngotError, nearest, quoted } from "../../core/index.ts";
import type { InputRecord } from "../../runtime/index.ts";
import type { FinishedRequest } from "../finished_request.ts";
import { type LoadedModel, ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import { Companions, type Note } from "./companions.ts";
import { mustFit } from "./compatible.ts";
import type { DeploymentPlan, ModelPlan, VariantPlan } from "./deployment_file.ts";
import { Guards, type Verdict } from "./guards.ts";
import { Pool } from "./pool.ts";
import {
  answers,
  checkWeight,
  isSubset,
  type LoadedRevision,
  modelsOf,
  mustKeepLog,
  packagesOf,
  type Revision,
  revisionOf,
  withModel,
  withWeights,
} from "./revision.ts";
import { warmUp } from "./warm_up.ts";

/** A package that was found, not loaded yet. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Every digest is verified before anything is believed. */
  load(): Promise<LoadedModel>;
  /** Records that it was packed with. Default: none. */
  examples?(): Promise<readonly InputRecord[]>;
}

export interface LiveDeploymentOptions {
  /** @throws IngotError PACKAGE_NOT_FOUND, REFERENCE_INVALID */
  readonly find: (reference: string) => Promise<FoundPackage>;
  readonly notes?: readonly Note[];
  /** Told of a model before it serves, and once it never will again. */
  readonly opened?: (model: ServedModel, found: FoundPackage) => Promise<void>;
  readonly closed?: (model: ServedModel) => void;
  /** One JSON-able entry per change, refusal and automatic rollback. */
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void;
  readonly now?: () => number;
}

const revisionsKept = 50;
export class LiveDeployment {
  readonly serving: Serving;
  private readonly options: LiveDeploymentOptions;
  private readonly guards = new Guards();
  private current: LoadedRevision | null = null;
  /** Still loaded, for a while: going back to it is instant. */
  private previous: LoadedRevision | null = null;
  private forgetting: NodeJS.Timeout | undefined;
  /** The way back: rolling back takes the last one off. */
  private readonly history: Revision[] = [];
  /** Everything that happened, in order. */
  private readonly changes: Pick<Revision, "number" | "why" | "appliedAt">[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private readonly closing = new Set<Promise<void>>();
  private problem: { readonly time: number; readonly why: string; readonly error: unknown } | null = null;

  private constructor(serving: Serving, options: LiveDeploymentOptions) {
    this.serving = serving;
    this.options = options;
    serving.observe((request) => this.watch(request));
  }

  /** Loads and serves the first plan. @throws IngotError what loading throws */
  static async start(serving: Serving, plan: DeploymentPlan, options: LiveDeploymentOptions): Promise<LiveDeployment> {
    const deployment = new LiveDeployment(serving, options);
    serving.watch.deployment = deployment;
    await deployment.apply(plan, "start");
    return deployment;
  }

  get plan(): DeploymentPlan {
    return this.current!.plan;
  }

  /**
   * Serves another plan. Models that are loaded already stay; the rest is loaded, verified and warmed up first.
   * @throws IngotError DEPLOYMENT_REFUSED, PACKAGE_NOT_FOUND, PACKAGE_CORRUPT …: what was served goes on
   */
  apply(plan: DeploymentPlan, why: string): Promise<Revision> {
    return this.alone(() => this.change(plan, why));
  }

  /** @throws IngotError MODEL_UNKNOWN, DEPLOYMENT_REFUSED */
  setWeights(model: string, weights: Readonly<Record<string, number>>): Promise<Revision> {
    return this.alone(() => {
      const entry = this.modelPlan(model);
      for (const [name, weight] of Object.entries(weights)) checkWeight(entry, name, weight);
      const plan = withWeights(this.plan, model, weights);
      if (!plan.models.find(({ name }) => name === model)!.variants.some((variant) => variant.weight > 0))
        throw new IngotError("DEPLOYMENT_REFUSED", {
          what: "no variant would have a weight above 0",
          where: `models.${model}`,
        });
      return this.change(plan, `weights of ${model}`);
    });
  }

  /** Goes back to the revision before. @throws IngotError DEPLOYMENT_REFUSED when there is none */
  rollback(why = "rollback"): Promise<Revision> {
    return this.alone(() => this.goBack(why));
  }

  /** Serves one package more, or another version of one that is served. @param name as in URLs; default the package's own */
  load(reference: string, name?: string): Promise<Revision> {
    return this.alone(async () => {
      const found = await this.options.find(reference);
      const model = name ?? found.name;
      const isServed = this.plan.models.some((entry) => entry.name === model);
      const single = { name: "main", package: reference, weight: 1, shadow: null };
      const entry: ModelPlan = { name: model, variants: [single], sticky: null, fallback: null, guardrails: null };
      const plan = isServed
        ? withModel(this.plan, model, ({ guardrails }) => ({ ...entry, guardrails }))
        : { ...this.plan, models: [...this.plan.models, entry] };
      return this.change(plan, `load ${reference}`);
    });
  }

  /** @throws IngotError MODEL_UNKNOWN, DEPLOYMENT_REFUSED for the last one */
  unload(model: string): Promise<Revision> {
    return this.alone(() => {
      this.modelPlan(model);
      const models = this.plan.models.filter((entry) => entry.name !== model);
      if (models.length === 0)
        throw new IngotError("DEPLOYMENT_REFUSED", {
          what: `${quoted(model)} is the only model that is served`,
          fix: "load another one first, or stop the server",
        });
      return this.change({ ...this.plan, models }, `unload ${model}`);
    });
  }

  /** Everything about now and before, as JSON. */
  state() {
    const current = this.current!;
    const before = this.history.at(-2);
    return {
      revision: current.number,
      why: current.why,
      appliedAt: current.appliedAt,
      models: current.pools.map((pool) => ({
        name: pool.plan.name,
        sticky: pool.plan.sticky,
        fallback: pool.plan.fallback,
        guardrails: pool.plan.guardrails,
        variants: pool.plan.variants.map(({ name, package: reference, weight, shadow }) => {
          const { version, digest, inFlight } = pool.members.get(name)!;
          const comparison = current.companions.get(pool.plan.name)!.comparisons.get(name)?.state();
          return {
            name,
            package: reference,
            version,
            digest,
            weight,
            shadow,
            inFlight,
            ...(comparison ? { comparison } : {}),
          };
        }),
      })),
      previous: before === undefined ? null : { revision: before.number, isWarm: this.isWarm(before.plan) },
      history: this.history.map(({ number, why, appliedAt, plan }) => ({
        number,
        why,
        appliedAt,
        packages: packagesOf(plan),
      })),
      changes: this.changes,
      problem:
        this.problem === null
          ? null
          : {
              ...this.problem,
              error:
                this.problem.error instanceof IngotError ? this.problem.error.toJSON() : String(this.problem.error),
            },
    };
  }

  /** Frees what is kept warm, and waits until everything unloaded is closed. The server closes what it serves. */
  async close(): Promise<void> {
    await this.queue;
    clearTimeout(this.forgetting);
    this.forget();
    await Promise.all(this.closing);
  }

  private alone<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(step);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** Keeps for people to see that a wanted change did not come about. */
  refused(why: string, error: unknown): void {
    this.problem = { time: this.now(), why, error };
    this.log({
      event: "deployment refused",
      why,
      ...(error instanceof IngotError ? error.toJSON() : { cause: String(error) }),
    });
  }

  private async change(plan: DeploymentPlan, why: string): Promise<Revision> {
    try {
      if (this.current !== null) mustKeepLog(this.current.plan, plan);
      const loaded = await this.loaded(plan, why);
      this.history.push(revisionOf(loaded));
      if (this.history.length > revisionsKept) this.history.shift();
      this.switchTo(loaded);
      return loaded;
    } catch (error) {
      // At the start nothing serves on: whoever starts gets the error.
      if (this.current !== null) this.refused(why, error);
      throw error;
    }
  }

  private async goBack(why: string): Promise<Revision> {
    const target = this.history.at(-2);
    if (!target)
      throw new IngotError("DEPLOYMENT_REFUSED", {
        what: "there is no revision before this one",
        fix: "apply the deployment that you want",
      });
    const back = await this.loaded(target.plan, target.why);
    this.history.pop();
    // The same content under a new number: what was live when stays readable.
    const again = { ...back, number: this.current!.number + 1, why, appliedAt: this.now() };
    this.history[this.history.length - 1] = revisionOf(again);
    this.switchTo(again);
    return again;
  }

  /** A revision ready to serve: whatever of it was not loaded yet is, and has answered an example. */
  private async loaded(plan: DeploymentPlan, why: string): Promise<LoadedRevision> {
    const fresh: ServedModel[] = [];
    try {
      const pools: Pool[] = [];
      for (const entry of plan.models) {
        const members = new Map<string, ServedModel>();
        const variants: ModelPlan["variants"][number][] = [];
        for (const variant of entry.variants) {
          const { model, reference, isFresh } = await this.member(entry.name, variant);
          if (isFresh) fresh.push(model);
          members.set(variant.name, model);
          variants.push({ ...variant, package: reference });
        }
        const pinned = { ...entry, variants };
        mustFit(pinned, members);
        pools.push(new Pool(pinned, members));
      }
      for (const model of fresh) await warmUp(model);
      const { notes = [] } = this.options;
      const { traffic } = this.serving.watch;
      const companions = new Map(
        pools.map((pool) => [pool.plan.name, new Companions(pool, traffic, notes, (model) => this.failed(model))]),
      );
      const number = (this.current?.number ?? 0) + 1;
      const pinnedPlan = { ...plan, models: pools.map((pool) => pool.plan) };
      return { number, plan: pinnedPlan, why, appliedAt: this.now(), pools, companions };
    } catch (error) {
      for (const model of fresh) this.options.closed?.(model);
      await Promise.all(fresh.map((model) => model.close()));
      throw error;
    }
  }

  /** The model of a variant: one that is loaded already where the digest is the same. */
  private async member(name: string, { name: variant, package: reference }: VariantPlan) {
    const pinned = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
    const warm = pinned === undefined ? undefined : this.find(name, variant, pinned);
    if (warm) return { model: warm, reference, isFresh: false };
    const found = await this.options.find(reference);
    const exact = `${found.name}:${found.version}@${found.digest}`;
    const known = this.find(name, variant, found.digest);
    if (known) return { model: known, reference: exact, isFresh: false };
    const loaded = { ...(await found.load()), name, variant };
    const model = new ServedModel(loaded, this.serving.options.engine);
    await this.options.opened?.(model, found);
    return { model, reference: exact, isFresh: true };
  }

  /** A model that is loaded already, serving or kept warm. */
  private find(name: string, variant: string, digest: string): ServedModel | undefined {
    return this.loadedModels().find(
      (model) => model.name === name && model.variant === variant && model.digest === digest,
    );
  }

  private isWarm(plan: DeploymentPlan): boolean {
    return plan.models.every(({ name, variants }) =>
      variants.every((variant) => this.find(name, variant.name, variant.package.split("@")[1] ?? "") !== undefined),
    );
  }

  private loadedModels(): ServedModel[] {
    return [this.current, this.previous].flatMap((revision) => (revision ? modelsOf(revision) : []));
  }

  /** From here on nothing can fail. */
  private switchTo(next: LoadedRevision): void {
    const before = this.loadedModels();
    this.guards.follow(this.current, next);
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
    this.problem = null;
    this.changes.push({ number: next.number, why: next.why, appliedAt: next.appliedAt });
    if (this.changes.length > revisionsKept) this.changes.shift();
    this.closeUnused(before);
    // What serves from the start is placed by the server, once it listens.
    if (before.length > 0) void this.serving.settle(modelsOf(next).filter((model) => !before.includes(model)));
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => this.forget(), next.plan.keepPreviousMs);
    this.forgetting.unref();
    this.log({ event: "deployment changed", revision: next.number, why: next.why, packages: packagesOf(next.plan) });
  }

  private forget(): void {
    const before = this.loadedModels();
    this.previous = null;
    this.closeUnused(before);
  }

  private closeUnused(before: readonly ServedModel[]): void {
    const needed = new Set(this.loadedModels());
    for (const model of new Set(before)) {
      if (needed.has(model)) continue;
      this.options.closed?.(model);
      const closing = model.close().finally(() => this.closing.delete(closing));
      this.closing.add(closing);
    }
  }

  private watch(request: FinishedRequest): void {
    this.judge(this.guards.add(request));
  }

  private failed(model: ServedModel): void {
    this.judge(this.guards.note(model, true, 0));
  }

  private judge(verdict: Verdict | null): void {
    if (verdict === null) return;
    this.log({ event: "guardrail", model: verdict.model, what: verdict.what, revision: this.current!.number });
    this.alone(() => this.leave(verdict)).catch((error: unknown) => {
      this.log({ event: "rollback failed", model: verdict.model, cause: String(error) });
    });
  }

  /** Back to the latest revision in which a package did not answer for a model. */
  private async leave({ digest, model, what }: Verdict): Promise<void> {
    while (this.history.length > 1 && answers(this.history.at(-1)!.plan, model, digest))
      if (answers(this.history.at(-2)!.plan, model, digest)) this.history.splice(-2, 1);
      else await this.goBack(`guardrail: ${what}`);
  }

  private modelPlan(model: string): ModelPlan {
    const entry = this.plan.models.find(({ name }) => name === model);
    if (entry) return entry;
    const names = this.plan.models.map(({ name }) => name);
    const near = nearest(model, names);
    throw new IngotError("MODEL_UNKNOWN", {
      what: `no model is called ${quoted(model)}`,
      fix: near ? `did you mean ${quoted(near)}?` : `served: ${names.join(", ")}`,
    });
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private log(entry: Readonly<Record<string, unknown>>): void {
    this.options.log?.(entry);
  }
}
