// Work on the host: what no graph can do, the same in Node and in a browser. Declared in ingot.json, so that a package says by itself what has
// to be done before and after its graph.
import type { IngotError, Json } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";

/** What a step on the host is made of; part of the package description. */
export interface HostWork {
  /** Key of the table of host work (host/index.ts). */
  readonly kind: string;
  /** All that it needs to know, as JSON; files of the package by their path. */
  readonly settings: Json;
  /** Files that travel in the package, by path: relative to the project when packing, checked like all others. */
  readonly files?: readonly string[];
}

/**
 * Values of one column, one for each record. Before the graph: what JSON or a program gives, checked against the input's type (text, number,
 * bytes as base64 text or Uint8Array), null where missing; of another step on the host its element, or its tensor where it is no scalar.
 * After the graph: tensors of one record (no N).
 */
export type HostColumn = readonly unknown[];

/** One record's results in the order of the step's `writes` (tensors without N before the graph, values after it), or why there are none. */
export type HostResult = readonly (Tensor | unknown)[] | IngotError;

export interface HostRunner {
  /**
   * @param columns what the step reads, column by column
   * @returns one result per record, in order; a record's error is its own
   */
  run(columns: readonly HostColumn[], rows: number): HostResult[] | Promise<HostResult[]>;
  close?(): void | Promise<void>;
}

/** A member of the table: opens once per loaded package. Bounds time and memory of every record itself. */
export interface HostKind {
  readonly kind: string;
  /** @param read a file of the package, verified. @throws IngotError PACKAGE_INVALID, PIPELINE_INVALID for settings or files that cannot be */
  open(settings: Json, read: (path: string) => Promise<Uint8Array>): Promise<HostRunner>;
}
