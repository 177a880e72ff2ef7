// What a server serves: a loaded package, and the counting of who uses it, so that it can be closed without harming anybody.
import type { Schema } from "../core/index.ts";
import { IngotError } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import type { Package } from "../package/index.ts";
import type { InputRecord, OutputRecord, Predictor, PredictorOptions } from "../runtime/index.ts";
import type { Around, Question } from "./around.ts";
import type { Call } from "./call.ts";

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
}

/** How a model runs. */
export interface EngineOptions {
  /** Predictions that may be under way at once; the next one is told to come back. */
  readonly maxInFlight: number;
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
  readonly #predictor: Predictor;
  /** Stands around every prediction when set. */
  around: Around | null = null;
  readonly #maxInFlight: number;
  #inFlight = 0;
  #users = 0;
  #unused: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(model: LoadedModel, { maxInFlight }: EngineOptions) {
    this.name = model.name;
    this.version = model.version;
    this.digest = model.digest;
    this.variant = model.variant ?? "main";
    this.schema = model.schema;
    this.description = model.description;
    this.example = model.example;
    this.runtime = model.predictor.runtime;
    this.#predictor = model.predictor;
    this.#maxInFlight = maxInFlight;
  }

  /** Predictions that wait or run. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Tensors in, tensors out, by name.
   * @throws IngotError INPUT_INVALID, RUNTIME_FAILED, OVERLOADED, DEADLINE_EXCEEDED
   */
  run(feeds: Readonly<Record<string, Tensor>>, call: Call): Promise<Record<string, Tensor>> {
    call.rows = rowsOf(this.schema, feeds);
    return this.#surrounded({ feeds }, call, (model) => model.#compute(call, () => model.#predictor.run(feeds)));
  }

  /**
   * Typed records in, one record out for each, in order.
   * @throws IngotError INPUT_INVALID naming field and row, RUNTIME_FAILED, OVERLOADED, DEADLINE_EXCEEDED
   */
  predict(records: readonly InputRecord[], call: Call): Promise<OutputRecord[]> {
    call.rows = records.length;
    return this.#surrounded({ records }, call, (model) =>
      model.#compute(call, () => model.#predictor.predict(records)),
    );
  }

  #surrounded<T>(question: Question, call: Call, answer: (model: ServedModel) => Promise<T>): Promise<T> {
    return this.around === null ? answer(this) : this.around(this, question, call, answer);
  }

  /** From now on this model is in use, until `release`. */
  acquire(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    if (this.#users === 0) this.#unused?.();
  }

  /** Waits until nobody uses the model, then frees it. Calling again waits for the same end. */
  close(): Promise<void> {
    this.#closed ??= this.#untilUnused().then(() => this.#predictor.close());
    return this.#closed;
  }

  #untilUnused(): Promise<void> {
    if (this.#users === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unused = resolve;
    });
  }

  async #compute<T>(call: Call, run: () => Promise<T>): Promise<T> {
    if (this.#inFlight >= this.#maxInFlight)
      throw new IngotError("OVERLOADED", {
        what: `${this.#inFlight} predictions are under way already`,
        fix: "try again after the time in Retry-After",
      });
    const start = performance.now();
    if (start >= call.deadline) throw tooLate("before the model ran");
    this.#inFlight++;
    try {
      const result = await run();
      if (performance.now() > call.deadline) throw tooLate("while the model ran");
      return result;
    } finally {
      call.phases.compute = performance.now() - start;
      call.batchSize = call.rows;
      this.#inFlight--;
    }
  }
}

function tooLate(when: string): IngotError {
  return new IngotError("DEADLINE_EXCEEDED", {
    what: `the request's time was over ${when}`,
    fix: "give it more time, or send fewer records at once",
  });
}

/** Records that tensors hold: the first size of one that has a row per record. */
function rowsOf({ inputs }: Schema, feeds: Readonly<Record<string, Tensor>>): number {
  const spec = inputs.find(({ layout }) => layout !== "whole");
  return spec ? (feeds[spec.name]?.dims[0] ?? 0) : 1;
}

/** An opened package as the server takes it: its predictor runs, its first example fills the form. */
export async function servedPackage(pkg: Package, options: PredictorOptions = {}): Promise<LoadedModel> {
  const [predictor, examples] = await Promise.all([pkg.predictor(options), pkg.examples()]);
  return {
    name: pkg.name,
    version: pkg.version,
    digest: pkg.digest,
    schema: predictor.schema,
    predictor,
    description: pkg.description.description,
    example: examples[0]?.inputs,
  };
}
