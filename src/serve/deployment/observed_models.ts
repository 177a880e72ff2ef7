// What stands around the models of a process that serves a deployment: the log of predictions, drift, traces.
import { PredictionLog } from "../log/prediction_log.ts";
import { Drift } from "../observe/drift.ts";
import type { TraceOptions, Traces } from "../observe/traces.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import type { FoundPackage } from "./carrier.ts";
import type { PredictionLogEntry } from "./deployment_file.ts";
import type { LoadedModelsOptions } from "./loaded_models.ts";

export interface ObservedOptions {
  readonly find: LoadedModelsOptions["find"];
  /** Null: predictions are not kept. */
  readonly predictions: PredictionLogEntry | null;
  /** Null: no traces. */
  readonly traces: TraceOptions | null;
  readonly log?: ((entry: Readonly<Record<string, unknown>>) => void) | undefined;
}

export interface ObservedModels {
  readonly options: LoadedModelsOptions;
  /** Writes and sends what waits. */
  close(): Promise<void>;
}

/** The examples are read when the first answers have been given: nobody waits for drift. */
const examplesAfterMs = 1000;

export async function observedModels(serving: Serving, options: ObservedOptions): Promise<ObservedModels> {
  const { find, log } = options;
  const predictions = options.predictions && new PredictionLog(options.predictions, log ? { log } : {});
  const drift = new Drift();
  if (predictions) serving.watch.gauges.add(() => predictions.gauges());
  serving.watch.drift = drift;
  serving.watch.predictions = predictions;
  let traces: Traces | null = null;
  if (options.traces) {
    traces = (await import("../observe/traces.ts")).startTraces(options.traces);
    serving.observe(traces.observe);
  }
  const gone = new WeakSet<ServedModel>();
  const expect = async (model: ServedModel, found: FoundPackage) => {
    if (gone.has(model)) return;
    try {
      const examples = (await found.examples?.()) ?? [];
      if (!gone.has(model)) drift.expect(model, examples);
    } catch (error) {
      log?.({ level: "warning", event: "no drift", model: model.name, why: String(error) });
    }
  };
  return {
    options: {
      find,
      notes: predictions ? [predictions.note, drift.note] : [drift.note],
      opened(model, found) {
        setTimeout(() => void expect(model, found), examplesAfterMs).unref();
      },
      closed(model) {
        gone.add(model);
        drift.forget(model);
      },
    },
    async close() {
      await predictions?.close();
      await traces?.close();
    },
  };
}
