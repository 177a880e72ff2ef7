// The workers as one: they change together, are counted together, and one that ends is replaced.
import { IngotError } from "../../core/index.ts";
import type { Carrier, Details } from "../deployment/carrier.ts";
import type { DeploymentPlan } from "../deployment/deployment_file.ts";
import type { Judge } from "../deployment/loaded_models.ts";
import { ProcessWatch } from "../observe/process_watch.ts";
import { type DeploymentState, departedState, type WatchState } from "../observe/watch.ts";
import type { ModelRepository } from "../repository.ts";
import { OtherSideGone } from "./channel.ts";
import { type Hand, Handout } from "./handout.ts";
import { mergeDetails } from "./merged_details.ts";
import type { Judgements, ShownModel, WorkerSettings, WorkerState } from "./messages.ts";
import { isEarly, restartDelayMs } from "./restart_delay.ts";
import { WorkerProcess } from "./worker_process.ts";

export interface FleetOptions {
  readonly settings: WorkerSettings;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

/** Lets something happen between two changes of what serves. */
type BetweenChanges = (step: (now: DeploymentPlan, warm: DeploymentPlan | null) => Promise<void>) => Promise<void>;

/** How often counts are taken from workers when nobody asks: what one has counted since is lost when it is killed. */
const lookEveryMs = 1000;

export class Fleet implements Carrier {
  readonly handout: Handout;
  /** What the first worker serves, for showing. */
  models: readonly ShownModel[] = [];
  /** Set once there is a deployment: whom workers ask about it. */
  deployment: { readonly report: () => Promise<DeploymentState>; readonly betweenChanges: BetweenChanges } | null =
    null;
  repository: ModelRepository | null = null;
  readonly #options: FleetOptions;
  readonly #judge: Judge;
  readonly #watch = new ProcessWatch();
  /** By place; null while there is none. */
  readonly #workers: (WorkerProcess | null)[];
  /** How often in a row the worker of a place ended early. */
  readonly #failures: number[];
  /** What workers that ended had counted. */
  #departed: WatchState | null = null;
  #looking: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: FleetOptions, judge: Judge) {
    this.#options = options;
    this.#judge = judge;
    this.#workers = Array.from({ length: options.settings.workers }, () => null);
    this.#failures = this.#workers.map(() => 0);
    this.handout = new Handout(() => this.#answering().map(({ hand }): Hand => hand));
  }

  /** All load it or none: the first worker alone, since a package may end the process that tries it. */
  async prepare(plan: DeploymentPlan): Promise<void> {
    const workers = this.#answering();
    if (this.deployment === null) return this.#begin(plan);
    const [first, ...others] = workers;
    try {
      if (!first) throw new OtherSideGone();
      await loadedBy(first, plan);
      await everyOne(others.map((worker) => loadedBy(worker, plan)));
    } catch (error) {
      for (const { channel } of workers) channel.tell("abandon", null);
      throw error instanceof OtherSideGone
        ? new IngotError("DEPLOYMENT_REFUSED", {
            what: "a worker ended while it loaded this",
            fix: "its end is in the log; try again if something else ended it",
          })
        : error;
    }
  }

  async commit(): Promise<void> {
    // Who ended meanwhile is replaced by one that serves what is decided now.
    await Promise.allSettled(this.#answering().map(({ channel }) => channel.ask("commit", null)));
  }

  forget(): void {
    for (const { channel } of this.#answering()) channel.tell("forget", null);
  }

  /** Asks every worker what it counted. */
  async look(): Promise<void> {
    await Promise.all(this.#answering().map((worker) => worker.look()));
  }

  details(): Details {
    return mergeDetails(this.#known().map(({ details }) => details));
  }

  reloadCertificate(): void {
    for (const { channel } of this.#answering()) channel.tell("reloadCertificate", null);
  }

  /** Accepts no more, lets every worker answer what it has, and ends them. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#looking);
    this.handout.close();
    const timeoutMs = this.#options.settings.server.closeTimeoutMs ?? 30_000;
    await Promise.all(this.#workers.map((worker) => worker?.stop(timeoutMs)));
  }

  /** From the start on: a worker that ends early then ends the start. */
  async #begin(plan: DeploymentPlan): Promise<void> {
    try {
      const shown = await everyOne(this.#workers.map((_, place) => this.#start(place, plan, null)));
      this.models = shown[0]!;
    } catch (error) {
      await this.close();
      throw error instanceof OtherSideGone
        ? new IngotError("RUNTIME_FAILED", { what: "a worker ended while it started" })
        : error;
    }
    this.#looking = setInterval(() => void this.look(), lookEveryMs);
    this.#looking.unref();
  }

  async #start(place: number, plan: DeploymentPlan, warm: DeploymentPlan | null): Promise<readonly ShownModel[]> {
    const worker = new WorkerProcess({
      judged: (judgements) => this.#judgeAll(judgements),
      others: async () => {
        await this.look();
        return this.#othersThan(worker);
      },
      deployment: () => this.deployment!.report(),
      index: async () => this.repository!.index(),
      load: (reference) => this.repository!.load(reference),
      unload: (name) => this.repository!.unload(name),
    });
    this.#workers[place] = worker;
    worker.ended.then((how) => this.#ended(place, worker, how));
    const shown = await worker.channel.ask("start", { settings: this.#options.settings, plan, warm });
    worker.isAnswering = true;
    if (!this.#isClosing) this.#tellReadiness();
    this.handout.resume();
    return shown;
  }

  #ended(place: number, worker: WorkerProcess, how: string): void {
    this.#workers[place] = null;
    const { last, hand, startedAt, pid } = worker;
    if (last) this.#departed = departedState(this.#departed, last.watch);
    if (this.#isClosing || this.deployment === null) return;
    const lived = Date.now() - startedAt;
    this.#failures[place] = isEarly(lived) ? this.#failures[place]! + 1 : 0;
    const restartMs = restartDelayMs(this.#failures[place]!);
    this.#options.log({ level: "error", event: "worker ended", pid, how, lived, restartMs });
    this.#tellReadiness();
    this.handout.giveAgain(hand.takeBack());
    setTimeout(() => this.#replace(place), restartMs).unref();
  }

  #replace(place: number): void {
    if (this.#isClosing) return;
    this.deployment!.betweenChanges(async (now, warm) => {
      await this.#start(place, now, warm);
      this.#options.log({ event: "worker started", pid: this.#workers[place]?.pid });
    }).catch((error: unknown) => {
      // One that ended has been heard of; one that could not load is ended, which is heard of too.
      if (error instanceof OtherSideGone || this.#isClosing) return;
      this.#options.log({ level: "error", event: "worker cannot start", cause: String(error) });
      this.#workers[place]?.kill();
    });
  }

  #judgeAll(judgements: Judgements): void {
    for (const [model, digest, times] of judgements)
      for (const ms of times) this.#judge(model, digest, ms < 0, Math.max(0, ms));
  }

  #tellReadiness(): void {
    const all = this.#workers.every((worker) => worker?.isAnswering);
    for (const { channel } of this.#answering()) channel.tell("ready", all);
  }

  #answering(): WorkerProcess[] {
    return this.#workers.filter((worker): worker is WorkerProcess => worker?.isAnswering === true);
  }

  #known(): WorkerState[] {
    return this.#answering().flatMap(({ last }) => (last ? [last] : []));
  }

  #othersThan(asking: WorkerProcess): WatchState[] {
    const { version = "0.0.0" } = this.#options.settings.server;
    const own = { ...departedState(null, null, version), processes: [this.#watch.state(0)] };
    const others = this.#answering().flatMap((worker) =>
      worker === asking || !worker.last ? [] : [worker.last.watch],
    );
    return [own, ...others, ...(this.#departed ? [this.#departed] : [])];
  }
}

/** @throws what loading throws, with the worker that could not */
async function loadedBy({ channel, pid }: WorkerProcess, plan: DeploymentPlan): Promise<void> {
  try {
    await channel.ask("prepare", plan);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const { code, what, where, fix } = error;
    const worker = `worker ${pid}`;
    throw new IngotError(code, { what, where: where ? `${where} (${worker})` : worker, fix, cause: error });
  }
}

/** Waits for all, then throws the first error: nothing is left under way. */
async function everyOne<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
