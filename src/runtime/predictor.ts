// What every runtime offers.
import type { IngotError, Schema } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import type { PackedGroup } from "./packed/pack_inputs.ts";

/** `native`: ONNX Runtime. `wasm`: ONNX Runtime Web. `micro`: Ingot's evaluator in plain TypeScript. */
export type RuntimeName = "native" | "wasm" | "micro";

/** Values by input name, as JSON or a program gives them. */
export type InputRecord = Readonly<Record<string, unknown>>;

/** A number, a text, a truth value, null for a text that is missing; nested arrays for shaped outputs; an object by class where the schema names classes. */
export type OutputValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | readonly OutputValue[]
  | { readonly [className: string]: OutputValue };

export type OutputRecord = Record<string, OutputValue>;

export interface Predictor {
  readonly runtime: RuntimeName;
  readonly schema: Schema;
  /** Steps on the host read records: tensors are turned into records first. Default false. */
  readonly needsRecords?: boolean;
  /** Tensors in, tensors out, by name. @throws IngotError RUNTIME_FAILED, INPUT_INVALID, RECORD_REFUSED for the first such row */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Typed records in, one output record for each, in order. @throws IngotError INPUT_INVALID, RECORD_REFUSED naming field and row */
  predict(records: readonly InputRecord[]): Promise<OutputRecord[]>;
  /** The same, each record by itself: what cannot be answered has its error, which names field and row, and the others are answered. */
  predictEach(records: readonly InputRecord[]): Promise<(OutputRecord | IngotError)[]>;
  /** Frees the graph. Predictions under way finish first. */
  close(): Promise<void>;
}

/** What a runtime implements; records and closing are the same for all. */
export interface Session {
  /** Columns that cross side by side: `run` takes them one by one, or as the inputs of their group. */
  readonly packed?: readonly PackedGroup[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}
