// What a fitted TfidfTransformer weighs counts by. Rule: sklearn/feature_extraction/text.py, TfidfTransformer.transform.
import { type Fitted, PyObject } from "../../formats/index.ts";
import type { GraphBuilder } from "../../onnx/index.ts";
import { logarithm, rarity, rowLength, type Weighting, withValues } from "../../pipeline/index.ts";
import type { Block, SparseRows } from "./estimator.ts";
import { sparseBlock } from "./sparse.ts";

/** @throws IngotError MODEL_UNSUPPORTED */
export function normOf(self: Fitted, mayBeNaN = false): Weighting[] {
  const norm = self.get("norm") ?? null;
  if (norm === null) return [];
  if (norm !== "l1" && norm !== "l2") throw self.unsupported("has a `norm` other than l1, l2 and None");
  return [rowLength(norm, mayBeNaN)];
}

/** @param self a TfidfTransformer, @param width number of terms, where it is known */
export function tfidfWeights(self: Fitted, width: number | null): Weighting[] {
  const isSublinear = self.boolean("sublinear_tf");
  return [
    ...(isSublinear ? [logarithm] : []),
    ...(self.boolean("use_idf") ? [rarity(idfOf(self, width))] : []),
    ...normOf(self, isSublinear),
  ];
}

/** `idf_`, up to 1.4 the diagonal of a sparse matrix: never read as a dense one. */
export function idfOf(self: Fitted, width: number | null): Float64Array {
  const idf = storedIdf(self);
  if (width !== null && idf.length !== width) throw self.invalid(`weighs ${idf.length} terms where there are ${width}`);
  return idf;
}

function storedIdf(self: Fitted): Float64Array {
  if (!self.has("_idf_diag")) return self.floats("idf_");
  const diagonal = self.get("_idf_diag");
  if (!(diagonal instanceof PyObject)) throw self.invalid("has an `_idf_diag` that is no matrix");
  return self.at(diagonal, "_idf_diag").floats("data");
}

/** Every weighting in turn, on a block of any kind. */
export function emitWeighted(g: GraphBuilder, block: Block, weightings: readonly Weighting[]): Block {
  const { sparse, width } = block;
  if (weightings.length === 0) return block;
  if (!sparse) return { width, value: weightings.reduce((value, one) => one.emit(g, value, null), block.value) };
  const weighted = weightings.reduce(
    (rows: SparseRows, one) => withValues(g, rows, width, (_g, values, columns) => one.emit(g, values, columns)),
    sparse,
  );
  return sparseBlock(g, weighted, width);
}
