// What is served right now, and the way from one state to the next: load, verify, warm up, switch, drain. A step that fails leaves
// everything as it was. It decides; a carrier loads and serves, in this process or in several.
import { IngotError, nearest, quoted } from "../../core/index.ts";
import type { Serving } from "../serving.ts";
import type { Carrier, FoundPackage } from "./carrier.ts";
import type { DeploymentPlan, ModelPlan } from "./deployment_file.ts";
import { Guards, type Verdict } from "./guards.ts";
import { type Judge, LoadedModels, type LoadedModelsOptions } from "./loaded_models.ts";
import {
  answers,
  checkWeight,
  digestOf,
  isPinned,
  isSubset,
  loadedKeys,
  mustKeepLog,
  packagesOf,
  type Revision,
  revisionOf,
  versionOf,
  withModel,
  withWeights,
} from "./revision.ts";

export interface DecisionOptions {
  /** @throws IngotError PACKAGE_NOT_FOUND, REFERENCE_INVALID */
  readonly find: (reference: string) => Promise<FoundPackage>;
  /** One JSON-able entry per change, refusal and automatic rollback. */
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void;
  readonly now?: () => number;
}

export interface LiveDeploymentOptions extends DecisionOptions, LoadedModelsOptions {}

const revisionsKept = 50;
export class LiveDeployment {
  private readonly options: DecisionOptions;
  private readonly carrier: Carrier;
  private readonly guards = new Guards();
  private current: Revision | null = null;
  /** Still loaded, for a while: going back to it is instant. */
  private previous: DeploymentPlan | null = null;
  private forgetting: NodeJS.Timeout | undefined;
  /** The way back: rolling back takes the last one off. */
  private readonly history: Revision[] = [];
  /** Everything that happened, in order. */
  private readonly changes: Pick<Revision, "number" | "why" | "appliedAt">[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private problem: { readonly time: number; readonly why: string; readonly error: unknown } | null = null;

  private constructor(options: DecisionOptions, carrierOf: (judge: Judge) => Carrier) {
    this.options = options;
    this.carrier = carrierOf((model, digest, failed, ms) => this.judge(this.guards.note(model, digest, failed, ms)));
  }

  /** Loads and serves the first plan in this process. @throws IngotError what loading throws */
  static async start(serving: Serving, plan: DeploymentPlan, options: LiveDeploymentOptions): Promise<LiveDeployment> {
    const deployment = await LiveDeployment.carried(
      plan,
      options,
      (judge) => new LoadedModels(serving, options, judge),
    );
    serving.watch.deployment = () => deployment.report();
    return deployment;
  }

  /**
   * The first plan, loaded and served by a carrier.
   * @param carrierOf is given whom to tell of every answer, for guardrails
   * @throws IngotError what loading throws
   */
  static async carried(
    plan: DeploymentPlan,
    options: DecisionOptions,
    carrierOf: (judge: Judge) => Carrier,
  ): Promise<LiveDeployment> {
    const deployment = new LiveDeployment(options, carrierOf);
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

  /** The state, with what every process knows now. */
  async report() {
    await this.carrier.look();
    return this.state();
  }

  /** Everything about now and before, as JSON. */
  state() {
    const current = this.current!;
    const before = this.history.at(-2);
    const details = this.carrier.details();
    return {
      revision: current.number,
      why: current.why,
      appliedAt: current.appliedAt,
      models: current.plan.models.map(({ name: model, sticky, fallback, guardrails, variants }) => ({
        name: model,
        sticky,
        fallback,
        guardrails,
        variants: variants.map(({ name, package: reference, weight, shadow }) => {
          const { inFlight = 0, comparison } = details.get(`${model}\0${name}`) ?? {};
          return {
            name,
            package: reference,
            version: versionOf(reference),
            digest: digestOf(reference),
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
    this.previous = null;
    await this.carrier.close();
  }

  /** Lets something happen between two changes, never during one. @param step is told what serves, and what is kept warm */
  betweenChanges<T>(step: (now: DeploymentPlan, warm: DeploymentPlan | null) => Promise<T>): Promise<T> {
    return this.alone(() => step(this.plan, this.previous));
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
      const next = await this.prepared(plan, why);
      await this.switchTo(next);
      this.history.push(next);
      if (this.history.length > revisionsKept) this.history.shift();
      return next;
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
    // The same content under a new number: what was live when stays readable.
    const again = await this.prepared(target.plan, why);
    await this.switchTo(again);
    this.history.splice(-2, 2, again);
    return again;
  }

  /** A revision that is ready to serve: its packages are pinned and loaded, and have answered an example. */
  private async prepared(plan: DeploymentPlan, why: string): Promise<Revision> {
    const found = new Map<string, FoundPackage>();
    const pinned = async (reference: string): Promise<string> => {
      if (isPinned(reference)) return reference;
      const known = await this.options.find(reference);
      const exact = `${known.name}:${known.version}@${known.digest}`;
      found.set(exact, known);
      return exact;
    };
    const models: ModelPlan[] = [];
    for (const entry of plan.models) {
      const variants: ModelPlan["variants"][number][] = [];
      for (const variant of entry.variants) variants.push({ ...variant, package: await pinned(variant.package) });
      models.push({ ...entry, variants });
    }
    const exact = { ...plan, models };
    await this.carrier.prepare(exact, found);
    return revisionOf({ number: (this.current?.number ?? 0) + 1, plan: exact, why, appliedAt: this.now() });
  }

  private isWarm(plan: DeploymentPlan): boolean {
    const warm = [this.current?.plan, this.previous].flatMap((kept) => (kept ? loadedKeys(kept) : []));
    return isSubset(loadedKeys(plan), warm);
  }

  /** From here on nothing can fail. */
  private async switchTo(next: Revision): Promise<void> {
    this.guards.follow(this.current?.plan ?? null, next.plan);
    await this.carrier.commit();
    // Other weights for the same models leave the way back as it was.
    if (this.current && !isSubset(loadedKeys(this.current.plan), loadedKeys(next.plan)))
      this.previous = this.current.plan;
    this.current = next;
    this.problem = null;
    this.changes.push({ number: next.number, why: next.why, appliedAt: next.appliedAt });
    if (this.changes.length > revisionsKept) this.changes.shift();
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => void this.alone(async () => this.forget(next)), next.plan.keepPreviousMs);
    this.forgetting.unref();
    this.log({ event: "deployment changed", revision: next.number, why: next.why, packages: packagesOf(next.plan) });
  }

  private forget(since: Revision): void {
    // A change that waited before it starts the time again.
    if (this.current !== since) return;
    this.previous = null;
    this.carrier.forget();
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
