// What every runtime offers.
import type { Schema } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";

/** `native`: ONNX Runtime. `wasm`: ONNX Runtime Web. `micro`: Ingot's evaluator in plain TypeScript. */
export type RuntimeName = "native" | "wasm" | "micro";

/** Values by input name, as JSON or a program gives them. */
export type InputRecord = Readonly<Record<string, unknown>>;

/** A number, a text, a truth value; nested arrays for shaped outputs; an object by class where the schema names classes. */
export type OutputValue =
  | number
  | bigint
  | string
  | boolean
  | readonly OutputValue[]
  | { readonly [className: string]: OutputValue };

export type OutputRecord = Record<string, OutputValue>;

export interface Predictor {
  readonly runtime: RuntimeName;
  readonly schema: Schema;
  /** Tensors in, tensors out, by name. @throws IngotError RUNTIME_FAILED, INPUT_INVALID */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Typed records in, one output record for each, in order. @throws IngotError INPUT_INVALID naming field and row */
  predict(records: readonly InputRecord[]): Promise<OutputRecord[]>;
  /** Frees the graph. Predictions under way finish first. */
  close(): Promise<void>;
}

/** What a runtime implements; records and closing are the same for all. */
export interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}
