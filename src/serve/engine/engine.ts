// How a loaded model runs: one run at a time, and what queued during a run goes together in the next. No timer, no knob: a request that
// comes alone leaves alone at once.
import { IngotError, type Schema } from "../../core/index.ts";
import type { Feeds, InputRecord, OutputRecord, Predictor } from "../../runtime/index.ts";
import { ClientGone } from "../body.ts";
import type { Call } from "../call.ts";
import { bytesOf, hasFixedRows, mergeFeeds, pickRows, shapeKeyOf, splitResults } from "./batch.ts";
import type { Job, Result, Work } from "./job.ts";
import type { BatchPlan } from "./plan.ts";
import { JobQueue } from "./queue.ts";
import { BatchWindow } from "./window.ts";

export interface EngineOptions {
  /** Predictions that may wait or run at once; the next one is told to come back. */
  readonly maxInFlight: number;
  /** Milliseconds that an answer may take: waiting for company is then worth its time as long as answers keep below. Null: nobody waits. */
  readonly latencyTargetMs?: number | null;
}

/** Rows and bytes of one run; a single request may have more. */
const limits = { rows: 256, bytes: 8 * 2 ** 20 };

export class Engine {
  readonly #schema: Schema;
  readonly #names: readonly string[];
  readonly #hasFixedRows: boolean;
  readonly #options: EngineOptions;
  readonly #queue = new JobQueue();
  readonly #window: BatchWindow | null;
  #predictor: Predictor;
  #plan: BatchPlan;
  /** Where runs go that would keep this thread from listening; null when the predictor is elsewhere anyway. */
  #elsewhere: (() => Promise<Predictor>) | null;
  #opened: Promise<Predictor> | null = null;
  /** Copies of the model that compute side by side with it, and are idle. */
  readonly #idleLanes: Predictor[] = [];
  readonly #lanes: Predictor[] = [];
  #runs = 0;
  /** Told when no run is under way; nothing new begins while it is set. */
  #held: (() => void) | null = null;
  #isScheduled = false;
  #inFlight = 0;

  /** @param openElsewhere opens the same model in a thread; null when `predictor` is in one, or must stay here */
  constructor(
    predictor: Predictor,
    plan: BatchPlan,
    options: EngineOptions,
    openElsewhere: (() => Promise<Predictor>) | null = null,
  ) {
    this.#predictor = predictor;
    this.#plan = plan;
    this.#options = options;
    this.#elsewhere = openElsewhere;
    this.#schema = predictor.schema;
    this.#names = predictor.schema.inputs.map(({ name }) => name);
    this.#hasFixedRows = hasFixedRows(predictor.schema);
    this.#window = options.latencyTargetMs ? new BatchWindow(options.latencyTargetMs) : null;
  }

  /** Copies of the model. */
  get lanes(): number {
    return this.#lanes.length;
  }

  /** Predictions that wait or run. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get plan(): BatchPlan {
    return this.#plan;
  }

  set plan(plan: BatchPlan) {
    this.#plan = plan;
  }

  /** @throws IngotError OVERLOADED, DEADLINE_EXCEEDED, RUNTIME_FAILED; ClientGone */
  run(feeds: Feeds, call: Call): Promise<Feeds> {
    const isAlone = this.#plan.rows === 1;
    const shapeKey = isAlone ? null : this.#hasFixedRows ? "" : shapeKeyOf(this.#schema, feeds);
    return this.#submit({ feeds }, isAlone ? 0 : bytesOf(feeds), shapeKey, call) as Promise<Feeds>;
  }

  /** Records that the predictor itself turns into tensors. @throws as `run` */
  predict(records: readonly InputRecord[], call: Call): Promise<OutputRecord[]> {
    const shapeKey = this.#plan.rows === 1 || !this.#predictor.needsRecords ? null : "records";
    return this.#submit({ records }, 0, shapeKey, call) as Promise<OutputRecord[]>;
  }

  /** Records, each by itself: one that cannot be answered has its error. @throws as `run` */
  predictEach(records: readonly InputRecord[], call: Call): Promise<(OutputRecord | IngotError)[]> {
    return this.#submit({ each: records }, 0, null, call) as Promise<(OutputRecord | IngotError)[]>;
  }

  /** From the next run on the model runs in its thread; the predictor here is closed when its runs are done. */
  async moveElsewhere(): Promise<void> {
    const there = await this.#opening();
    const old = this.#predictor;
    this.#predictor = there;
    this.#elsewhere = null;
    await old.close();
  }

  /** From now on these copies of the model answer what would wait for a run under way. Closed with it. */
  addLanes(lanes: readonly Predictor[]): void {
    this.#lanes.push(...lanes);
    this.#idleLanes.push(...lanes);
  }

  /** Does something while no request runs: they wait for its end. Not twice at once. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#held = resolve;
      if (this.#runs === 0) resolve();
    });
    try {
      return await work();
    } finally {
      this.#held = null;
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#predictor, ...this.#lanes].map((predictor) => predictor.close()));
    const opened = await this.#opened;
    if (opened && opened !== this.#predictor) await opened.close();
  }

  #opening(): Promise<Predictor> {
    if (!this.#elsewhere) return Promise.resolve(this.#predictor);
    this.#opened ??= this.#elsewhere();
    return this.#opened;
  }

  #submit(work: Work, bytes: number, shapeKey: string | null, call: Call): Promise<Result> {
    if (this.#inFlight >= this.#options.maxInFlight) return Promise.reject(overloaded(this.#inFlight));
    const queuedAt = performance.now();
    if (queuedAt >= call.deadline) return Promise.reject(tooLate("before the model ran"));
    this.#inFlight++;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | null = null;
      const settle = () => {
        job.isSettled = true;
        this.#inFlight--;
        if (timer) clearTimeout(timer);
      };
      const job: Job = {
        work,
        rows: call.rows,
        bytes,
        shapeKey,
        call,
        queuedAt,
        isSettled: false,
        resolve(result) {
          if (job.isSettled) return;
          settle();
          resolve(result);
        },
        reject(error) {
          if (job.isSettled) return;
          settle();
          reject(error);
        },
      };
      if (call.deadline !== Infinity)
        timer = setTimeout(() => job.reject(tooLate("before the model had answered")), call.deadline - queuedAt);
      this.#queue.push(job);
      this.#schedule();
    });
  }

  /** Once this turn of the event loop has read what came in: all of it can then go together. */
  #schedule(): void {
    if (this.#held || this.#isScheduled || (this.#runs > 0 && this.#idleLanes.length === 0)) return;
    this.#isScheduled = true;
    const wait = this.#window?.ms(this.#queue.rows, limits.rows) ?? 0;
    if (wait === 0) setImmediate(() => void this.#next());
    else setTimeout(() => void this.#next(), wait);
  }

  async #next(): Promise<void> {
    this.#isScheduled = false;
    if (this.#held) return;
    const jobs = this.#queue.take(limits, (job) => job.reject(new ClientGone("the client left before its turn")));
    if (jobs.length === 0) return;
    // Who is alone has the model itself, which may compute on all cores.
    const isAlone = this.#runs === 0 && this.#queue.length === 0;
    const lane = isAlone ? undefined : this.#idleLanes.pop();
    this.#runs++;
    if (this.#queue.length > 0) this.#schedule();
    await this.#runTogether(jobs, lane);
    this.#ran(lane);
  }

  #ran(lane: Predictor | undefined): void {
    this.#runs--;
    if (lane) this.#idleLanes.push(lane);
    if (this.#runs === 0) this.#held?.();
    if (this.#queue.length > 0) this.#schedule();
  }

  async #runTogether(jobs: readonly Job[], lane: Predictor | undefined): Promise<void> {
    const start = performance.now();
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    try {
      const results = await this.#results(jobs, rows, lane);
      const end = performance.now();
      for (const [index, job] of jobs.entries()) {
        job.call.phases.queue = start - job.queuedAt;
        job.call.phases.compute = end - start;
        job.call.batchSize = rows;
        this.#window?.saw(end - job.queuedAt);
        const result = results[index]!;
        if (result instanceof Error) job.reject(result);
        else job.resolve(result);
      }
    } catch (error) {
      // What is wrong with one request must not harm those that went with it.
      if (jobs.length === 1) jobs[0]!.reject(error);
      else for (const job of jobs) await this.#runTogether([job], lane);
    }
  }

  async #results(jobs: readonly Job[], rows: number, lane: Predictor | undefined): Promise<(Result | Error)[]> {
    const predictor = lane ?? (await this.#predictorFor(rows));
    const [first] = jobs;
    if ("records" in first!.work) return recordsTogether(predictor, jobs);
    if ("each" in first!.work) return [await predictor.predictEach(first!.work.each)];
    const parts = jobs.map(({ work }) => (work as { feeds: Feeds }).feeds);
    const padding = (this.#plan.multiple - (rows % this.#plan.multiple)) % this.#plan.multiple;
    if (jobs.length === 1 && (padding === 0 || rows === 0)) return [await predictor.run(parts[0]!)];
    if (padding > 0) {
      const last = parts.at(-1)!;
      parts.push(pickRows(last, new Array<number>(padding).fill(jobs.at(-1)!.rows - 1)));
    }
    const counts = jobs.map((job) => job.rows);
    const results = splitResults(await predictor.run(mergeFeeds(this.#names, parts)), [...counts, padding]);
    return results.slice(0, jobs.length);
  }

  /** Long runs leave this thread to those that listen. */
  async #predictorFor(rows: number): Promise<Predictor> {
    if (this.#elsewhere === null || this.#plan.expectedMs(rows) < longestHereMs) return this.#predictor;
    return this.#opening();
  }
}

/** Answers of several requests for records. One with a refused record is asked again by itself: its error then counts its own rows. */
async function recordsTogether(predictor: Predictor, jobs: readonly Job[]): Promise<(Result | Error)[]> {
  const asked = jobs.map(({ work }) => (work as { records: readonly InputRecord[] }).records);
  if (jobs.length === 1) return [await predictor.predict(asked[0]!)];
  const answers = await predictor.predictEach(asked.flat());
  const results: (Result | Error)[] = [];
  let at = 0;
  for (const records of asked) {
    const own = answers.slice(at, at + records.length);
    at += records.length;
    const isRefused = own.some((answer) => answer instanceof Error);
    results.push(isRefused ? await predictor.predict(records).catch((error: Error) => error) : (own as OutputRecord[]));
  }
  return results;
}

/** A run on the listening thread may take this long. */
const longestHereMs = 2;

function overloaded(inFlight: number): IngotError {
  return new IngotError("OVERLOADED", {
    what: `${inFlight} predictions are under way already`,
    fix: "try again after the time in Retry-After",
  });
}

function tooLate(when: string): IngotError {
  return new IngotError("DEADLINE_EXCEEDED", {
    what: `the request's time was over ${when}`,
    fix: "give it more time, or send fewer records at once",
  });
}
