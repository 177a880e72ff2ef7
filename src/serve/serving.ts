// The one core under all dialects: which models there are, and how a request runs on one.
import { IngotError, nearest, quoted } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import type { InputRecord, OutputRecord } from "../runtime/index.ts";
import type { Phases } from "./exchange.ts";
import type { ServedModel } from "./served_model.ts";
import type { WebAssets } from "./web_assets.ts";

export interface ServingOptions {
  /** Version of Ingot, shown in server metadata and the OpenAPI document. */
  readonly version: string;
  /** Bytes of one request body. */
  readonly bodyLimit: number;
  /** Predictions that may be under way at once; the next one is told to come back. */
  readonly maxInFlight: number;
  readonly web: WebAssets;
}

export class Serving {
  readonly models: readonly ServedModel[];
  readonly options: ServingOptions;
  /** Set when the server is about to stop: answers go on, readiness does not. */
  draining = false;
  private inFlight = 0;
  private closed = false;

  /** @param models at least one; the first answers where no model is named */
  constructor(models: readonly ServedModel[], options: ServingOptions) {
    this.models = models;
    this.options = options;
  }

  get first(): ServedModel {
    return this.models[0]!;
  }

  get isReady(): boolean {
    return !this.draining;
  }

  /**
   * @param version empty = the server's choice, which is the first of that name
   * @throws IngotError MODEL_UNKNOWN
   */
  find(name: string, version = ""): ServedModel {
    const versions = this.models.filter((model) => model.name === name);
    const model = version === "" ? versions[0] : versions.find((candidate) => candidate.version === version);
    if (model) return model;
    if (versions.length > 0)
      throw new IngotError("MODEL_UNKNOWN", {
        what: `model ${quoted(name)} has no version ${quoted(version)}`,
        fix: `served: ${versions.map((candidate) => candidate.version).join(", ")}`,
      });
    const names = [...new Set(this.models.map((candidate) => candidate.name))];
    const meant = nearest(name, names);
    throw new IngotError("MODEL_UNKNOWN", {
      what: `no model is called ${quoted(name)}`,
      fix: meant ? `did you mean ${quoted(meant)}?` : `served: ${names.join(", ")}`,
    });
  }

  /** Typed records in, typed records out. */
  predict(model: ServedModel, records: readonly InputRecord[], phases: Phases): Promise<OutputRecord[]> {
    return this.compute(phases, () => model.predictor.predict(records));
  }

  /** Tensors in, tensors out. */
  infer(model: ServedModel, feeds: Readonly<Record<string, Tensor>>, phases: Phases): Promise<Record<string, Tensor>> {
    return this.compute(phases, () => model.predictor.run(feeds));
  }

  private async compute<T>(phases: Phases, run: () => Promise<T>): Promise<T> {
    if (this.inFlight >= this.options.maxInFlight)
      throw new IngotError("OVERLOADED", {
        what: `${this.inFlight} predictions are under way already`,
        fix: "try again after the time in Retry-After",
      });
    this.inFlight++;
    const start = performance.now();
    try {
      return await run();
    } finally {
      phases.compute = performance.now() - start;
      this.inFlight--;
    }
  }

  /** Closes every predictor, once. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all(this.models.map((model) => model.predictor.close()));
  }
}
