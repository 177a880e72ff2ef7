// The one core under all dialects: which models there are, which of them answers a request, and who is told afterwards.
import type { Cors } from "./access/cors.ts";
import type { Tokens } from "./access/tokens.ts";
import type { Chooser } from "./around.ts";
import type { Asker } from "./call.ts";
import type { EngineOptions } from "./engine/engine.ts";
import type { FinishedRequest, Observer } from "./finished_request.ts";
import { Watch } from "./observe/watch.ts";
import type { ModelRepository } from "./repository.ts";
import { RequestMemory } from "./request_memory.ts";
import { type LoadedModel, ServedModel } from "./served_model.ts";
import { ShownModels } from "./shown_models.ts";
import type { WebAssets } from "./web_assets.ts";

export interface ServingOptions {
  /** Version of Ingot, shown in server metadata and the OpenAPI document. */
  readonly version: string;
  /** Bytes of one request body. */
  readonly bodyLimit: number;
  readonly engine: EngineOptions;
  /** Told what was measured and decided, one JSON line each. */
  readonly eventLog?: ((line: string) => void) | undefined;
  /** Who may ask; null: everybody. */
  readonly tokens?: Tokens | null;
  /** Which other origins' pages may ask; null: none. */
  readonly cors?: Cors | null;
  readonly web: WebAssets;
}

/** Bytes that requests under way may hold: some of the largest at once, and any number of small ones. */
const largestBodies = 8;
const leastRequestMemory = 256 * 2 ** 20;

/** The requests that met, and what comes with them, are answered first. */
const settleAfterMs = 250;

export class Serving {
  readonly options: ServingOptions;
  /** What loads and unloads models when clients ask for it; null: they may not. */
  repository: ModelRepository | null = null;
  /** Set when the server is about to stop: answers go on, readiness does not. */
  draining = false;
  /** Where several processes serve: false while one of them is being replaced. */
  othersReady = true;
  /** What all requests hold together. */
  readonly memory: RequestMemory;
  /** What was counted. */
  readonly watch: Watch;
  #shown: ShownModels;
  #choosers: ReadonlyMap<string, Chooser> = new Map();
  readonly #observers = new Set<Observer>();
  readonly #settled = new WeakSet<ServedModel>();
  readonly #crowded = new WeakSet<ServedModel>();
  /** One after the other: what is measured at the same time is measured wrongly. */
  #settling: Promise<void> = Promise.resolve();
  #isOpen = false;
  #closed: Promise<void> | null = null;

  /** @param models the first answers where no model is named; none = `replace` brings them before anybody asks */
  constructor(models: readonly LoadedModel[], options: ServingOptions) {
    this.options = options;
    this.memory = new RequestMemory(Math.max(leastRequestMemory, largestBodies * options.bodyLimit));
    this.watch = new Watch(this);
    this.#shown = new ShownModels(models.map((model) => new ServedModel(model, options.engine)));
  }

  get models(): readonly ServedModel[] {
    return this.#shown.models;
  }

  get first(): ServedModel {
    return this.#shown.first;
  }

  get isReady(): boolean {
    return !this.draining && this.othersReady;
  }

  /**
   * Changes what is served, at once: requests that were chosen before are answered by what they were given. The caller
   * closes what is no longer served (`ServedModel.close` waits for its users).
   * @param models the variants of one name stand together, the one that is shown first; at least one
   * @param choosers which variant answers, by name; absent = the first of that name
   */
  replace(models: readonly ServedModel[], choosers: ReadonlyMap<string, Chooser> = new Map()): void {
    this.#shown = new ShownModels(models);
    this.#choosers = choosers;
  }

  /**
   * The model that answers a request, acquired: whoever called this releases it.
   * @param name empty = the first model that the asker may know of
   * @param version empty = the server's choice
   * @throws IngotError MODEL_UNKNOWN, UNAUTHENTICATED
   */
  choose(asker: Asker, name = "", version = ""): ServedModel {
    const shown = this.shownTo(asker);
    const wanted = name === "" ? shown.first.name : name;
    const chooser = version === "" && (shown === this.#shown || shown.has(wanted)) ? this.#choosers.get(wanted) : null;
    const model = chooser ? chooser(asker) : name === "" ? shown.first : shown.find(name, version);
    this.use(model);
    if (version !== "") asker.call.isPinned = true;
    return model;
  }

  /** What the asker may know of. @throws IngotError UNAUTHENTICATED where tokens are asked for and this one is not known */
  shownTo(asker: Pick<Asker, "header">): ShownModels {
    const reach = this.reachOf(asker);
    return reach === null ? this.#shown : this.#shown.reached(reach);
  }

  /** Names of the models that the asker's token is for; null: all. @throws IngotError UNAUTHENTICATED */
  reachOf(asker: Pick<Asker, "header">): ReadonlySet<string> | null {
    return this.options.tokens?.check(asker.header("authorization")).models ?? null;
  }

  /** All models by name; see `ShownModels`. @throws IngotError MODEL_UNKNOWN */
  find(name: string, version = ""): ServedModel {
    return this.#shown.find(name, version);
  }

  /**
   * Where tokens are asked for: is the asker's known, and does it reach this model?
   * @throws IngotError UNAUTHENTICATED, FORBIDDEN
   */
  authorize(asker: Pick<Asker, "header">, model?: string): void {
    const grant = this.options.tokens?.check(asker.header("authorization"));
    if (model !== undefined) grant?.mustReach(model);
  }

  /** Acquires a model for a request. When requests first meet, it finds out, a little later, where it runs best and whether together. */
  use(model: ServedModel): void {
    const meetsOthers = model.isInUse;
    model.acquire();
    if (!meetsOthers || !this.#isOpen || this.#crowded.has(model)) return;
    this.#crowded.add(model);
    const timer = setTimeout(() => {
      this.#settling = this.#settling.then(() => this.settle([model]));
    }, settleAfterMs);
    timer.unref();
  }

  /**
   * The server listens: from now on models whose requests meet settle where they run best. One that is asked by one client at a time is
   * quickest where it is, and takes no memory for trials and threads.
   */
  open(): void {
    this.#isOpen = true;
  }

  /** Lets each model find out where it runs best, while it answers. Failures leave it where it is. */
  async settle(models: readonly ServedModel[] = this.models): Promise<void> {
    for (const model of models) {
      if (this.#settled.has(model)) continue;
      this.#settled.add(model);
      const { name, version } = model;
      const told = {
        time: new Date().toISOString(),
        level: "info",
        event: "model placed",
        model: `${name}:${version}`,
      };
      try {
        const measured = await model.settle();
        this.options.eventLog?.(
          JSON.stringify({
            ...told,
            ...measured,
            together: model.plan.rows > 1,
            copies: model.lanes,
            why: model.plan.reason,
          }),
        );
      } catch (error) {
        this.options.eventLog?.(
          JSON.stringify({ ...told, level: "warning", event: "model stays", why: String(error) }),
        );
      }
    }
  }

  /** Adds one who is told of every finished request. @returns the way to stop that */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  get isObserved(): boolean {
    return this.#observers.size > 0;
  }

  finished(request: FinishedRequest): void {
    for (const observer of this.#observers) observer(request);
  }

  /** Closes every model, once. */
  close(): Promise<void> {
    this.#closed ??= Promise.all(this.models.map((model) => model.close())).then(() => {});
    return this.#closed;
  }
}
