// What a server serves: a loaded package, and the counting of who uses it, so that it can be closed without harming anybody.
import type { IngotError, Schema } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import {
  decodeRecords,
  encodeRecords,
  type InputRecord,
  type OutputRecord,
  type Predictor,
  type QuickReader,
  type QuickRecords,
  type QuickWriter,
  quickReader,
  quickWriter,
} from "../runtime/index.ts";
import type { Around, Question } from "./around.ts";
import type { Call } from "./call.ts";
import { hasFixedRows, hasRows } from "./engine/batch.ts";
import { Engine, type EngineOptions } from "./engine/engine.ts";
import type { Placement } from "./engine/placement.ts";
import { alone, type BatchPlan } from "./engine/plan.ts";

/** An opened package with its predictor, or anything that has the same shape. */
export interface LoadedModel {
  /** As in `name:version`; may contain `/`, which clients percent-encode. */
  readonly name: string;
  readonly version: string;
  /** Digest of the package, sent as `Ingot-Package` with every answer. */
  readonly digest: string;
  readonly schema: Schema;
  /** Closed by the server that serves it. */
  readonly predictor: Predictor;
  readonly description?: string | undefined;
  /** A record the model accepts; fills the playground's form and the OpenAPI document. */
  readonly example?: InputRecord | undefined;
  /** Which variant of a deployment this is, sent as `Ingot-Variant`. Default `main`. */
  readonly variant?: string | undefined;
  /** Whether requests may run together. Default: each runs alone. */
  readonly plan?: BatchPlan | undefined;
  /** Opens the same model in a thread of its own; absent where it is in one, or stays where it is. */
  readonly openThread?: (() => Promise<Predictor>) | undefined;
  /** Finds out whether requests may run together, and where; absent where that is settled. */
  readonly measure?: Measure | undefined;
}

/** @param quietly does something while no request runs */
export type Measure = (quietly: <T>(work: () => Promise<T>) => Promise<T>) => Promise<Measured>;

export interface Measured {
  readonly plan: BatchPlan;
  /** Null where it is settled. */
  readonly placement: Placement | null;
  /** Copies of the model that compute side by side with it; none where requests run together, or that is no quicker. */
  readonly lanes: readonly Predictor[];
}

/** A model that answers. Whoever uses it acquires it first and releases it after; `close` waits for them. */
export class ServedModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly variant: string;
  readonly schema: Schema;
  readonly description: string | undefined;
  readonly example: InputRecord | undefined;
  readonly runtime: Predictor["runtime"];
  readonly #engine: Engine;
  /** Whether records become tensors here, so that those of several requests can run together. */
  readonly #takesTensors: boolean;
  readonly #measure: Measure | null;
  readonly #hasFixedRows: boolean;
  readonly #read: QuickReader | null;
  readonly #write: QuickWriter;
  #settling: Promise<Placement | null> | null = null;
  /** Stands around every prediction when set. */
  around: Around | null = null;
  #users = 0;
  #unused: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(model: LoadedModel, options: EngineOptions) {
    this.name = model.name;
    this.version = model.version;
    this.digest = model.digest;
    this.variant = model.variant ?? "main";
    this.schema = model.schema;
    this.description = model.description;
    this.example = model.example;
    this.runtime = model.predictor.runtime;
    this.#takesTensors = hasRows(model.schema) && model.predictor.needsRecords !== true;
    this.#hasFixedRows = hasFixedRows(model.schema);
    this.#read = this.#takesTensors ? quickReader(model.schema) : null;
    this.#write = quickWriter(model.schema);
    this.#measure = model.measure ?? null;
    const plan = model.plan ?? alone("nobody has tried it");
    this.#engine = new Engine(model.predictor, plan, options, model.openThread ?? null);
  }

  /** Predictions that wait or run. */
  get inFlight(): number {
    return this.#engine.inFlight;
  }

  /** Copies that compute side by side with it. */
  get lanes(): number {
    return this.#engine.lanes;
  }

  /** Whether requests run together, and why. */
  get plan(): BatchPlan {
    return this.#engine.plan;
  }

  /**
   * Tensors in, tensors out, by name.
   * @throws IngotError INPUT_INVALID, RUNTIME_FAILED, OVERLOADED, DEADLINE_EXCEEDED
   */
  run(feeds: Readonly<Record<string, Tensor>>, call: Call): Promise<Record<string, Tensor>> {
    call.rows = rowsOf(this.schema, feeds);
    return this.#surrounded({ feeds }, call, (model) => model.#engine.run(feeds, call));
  }

  /**
   * Typed records in, one record out for each, in order.
   * @throws IngotError INPUT_INVALID naming field and row, RUNTIME_FAILED, OVERLOADED, DEADLINE_EXCEEDED
   */
  predict(records: readonly InputRecord[], call: Call): Promise<OutputRecord[]> {
    call.rows = records.length;
    return this.#surrounded({ records }, call, (model) => model.#predictRecords(records, call));
  }

  /**
   * The same, each record by itself: one that cannot be answered has its error, which names field and row.
   * @throws IngotError OVERLOADED, DEADLINE_EXCEEDED
   */
  predictEach(records: readonly InputRecord[], call: Call): Promise<(OutputRecord | IngotError)[]> {
    call.rows = records.length;
    return this.#surrounded({ records }, call, (model) => model.#engine.predictEach(records, call));
  }

  async #predictRecords(records: readonly InputRecord[], call: Call): Promise<OutputRecord[]> {
    if (records.length === 0) return [];
    // Records of different sizes fit into no tensor together.
    if (!this.#takesTensors || (records.length > 1 && !this.#hasFixedRows)) return this.#engine.predict(records, call);
    const results = await this.#engine.run(encodeRecords(this.schema, records), call);
    return decodeRecords(this.schema, results, records.length);
  }

  #surrounded<T>(question: Question, call: Call, answer: (model: ServedModel) => Promise<T>): Promise<T> {
    return this.around === null ? answer(this) : this.around(this, question, call, answer);
  }

  /** Tensors straight from a request's JSON; null where records must be read first, or something is unusual: `predict` then says what. */
  read(body: Buffer): QuickRecords | null {
    return this.#read === null ? null : this.#read(body);
  }

  /** JSON of the results of `rows` records, as one record or as an array. @throws IngotError RUNTIME_FAILED */
  write(results: Readonly<Record<string, Tensor>>, rows: number, isArray: boolean): string {
    return this.#write(results, rows, isArray);
  }

  get isInUse(): boolean {
    return this.#users > 0;
  }

  /** From now on this model is in use, until `release`. */
  acquire(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    if (this.#users === 0) this.#unused?.();
  }

  /**
   * Finds out where the model runs best, and moves it there while it goes on answering. Once; later calls wait for the same.
   * @returns what was measured; null where there was nothing to decide
   */
  settle(): Promise<Placement | null> {
    this.#settling ??= this.#place();
    return this.#settling;
  }

  async #place(): Promise<Placement | null> {
    if (!this.#measure || this.#closed) return null;
    this.acquire();
    try {
      const { plan, placement, lanes } = await this.#measure((work) => this.#engine.quietly(work));
      this.#engine.plan = plan;
      this.#engine.addLanes(lanes);
      if (placement?.isQuickerInThread && !this.#closed) await this.#engine.moveElsewhere();
      return placement;
    } finally {
      this.release();
    }
  }

  /** Waits until nobody uses the model, then frees it. Calling again waits for the same end. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#settling;
    if (this.#users > 0)
      await new Promise<void>((resolve) => {
        this.#unused = resolve;
      });
    await this.#engine.close();
  }
}

/** Records that tensors hold: the first size of one that has a row per record. */
function rowsOf({ inputs }: Schema, feeds: Readonly<Record<string, Tensor>>): number {
  const spec = inputs.find(({ layout }) => layout !== "whole");
  return spec ? (feeds[spec.name]?.dims[0] ?? 0) : 1;
}
