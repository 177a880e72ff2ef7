// What a converter is: a described model in, an ONNX graph and its schema out.
import type { Schema } from "../core/index.ts";
import type { Model, Tensor } from "../onnx/index.ts";
import type { Accepted } from "./edge_rows.ts";

/** What the project file adds to what the model says. */
export interface ConvertOptions {
  /** Input names and types by the model's column order, when the file has none or the project renames them. */
  readonly inputs?: readonly { name: string; type?: string; categories?: readonly (string | number)[] }[];
  /** Names of the classes in the model's order. */
  readonly classes?: readonly (string | number)[];
  /** Trees up to this boosting round only; default is what the library's own `predict` uses. */
  readonly rounds?: number;
  /** `compact`: the graph in float32, for small devices; numbers differ in their last places. Default `exact`. */
  readonly dialect?: "exact" | "compact";
  /** The value that stands for a missing one besides NaN (XGBoost's `missing=`). */
  readonly missing?: number;
}

export interface Converted {
  readonly model: Model;
  readonly schema: Schema;
  /** Per output name: what is promised against the source library. */
  readonly promises: Readonly<Record<string, Tolerance>>;
  /**
   * The model computed without the graph, from the library's semantics: tensors under the names of the graph's inputs in, under those of
   * its outputs out.
   */
  readonly reference?: (feeds: Readonly<Record<string, Tensor>>) => Record<string, Tensor>;
  /** Default `exact`: computed in the source library's own types. */
  readonly dialect?: "exact" | "compact";
  /** Which numbers the source library takes: what lies beyond is not compared. */
  readonly accepts?: Accepted;
  /** Choices made that a user should know of, one line each (e.g. which trees were used). */
  readonly notes: readonly string[];
}

/** `exact`: every bit equal. Otherwise the largest allowed difference: |a-b| <= absolute + relative*|b|. */
export type Tolerance =
  | { readonly exact: true }
  | { readonly exact: false; readonly absolute: number; readonly relative: number };

export interface Converter<M = unknown> {
  /** Ids of the formats whose models this converts. */
  readonly formats: readonly string[];
  /** @throws IngotError MODEL_UNSUPPORTED naming the object, where it is, and what would help */
  convert(model: M, options: ConvertOptions): Converted;
}
