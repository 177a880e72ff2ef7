// Which axis of a graph's inputs and outputs counts records.
import type { Dim } from "../../core/index.ts";

/** Names of first axes that are not the batch. */
const notBatch = /seq|time|step|len|height|width|token|channel/i;

/**
 * True when every input and output begins with an axis of open size that is not called a sequence, time or picture axis:
 * then one record is one row. A graph of fixed sizes takes one record, whole.
 */
export function isBatched(inputs: readonly (readonly Dim[])[], outputs: readonly (readonly Dim[])[]): boolean {
  const isOpen = ([first]: readonly Dim[]) =>
    typeof first !== "number" && !notBatch.test(first ?? "") && first !== undefined;
  return inputs.length > 0 && inputs.every(isOpen) && outputs.every(isOpen);
}
