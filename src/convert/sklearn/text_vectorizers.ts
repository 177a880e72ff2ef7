// Texts to numbers. Rules: sklearn/feature_extraction/text.py, CountVectorizer.transform, TfidfVectorizer.transform, HashingVectorizer.transform,
// TfidfTransformer.transform; sklearn/feature_extraction/_hashing_fast.pyx (MurmurHash3, 32 bits, seed 0).
import { type Fitted, featureCountOf, numberOf, PyDict, PyGlobal, PyObject } from "../../formats/index.ts";
import {
  type Counting,
  countedRow,
  emitSums,
  hashed,
  lookedUp,
  presence,
  type Weighting,
  weightedRow,
} from "../../pipeline/index.ts";
import type { Block, Column, Columns, Emission, Estimator, Step, Table } from "./estimator.ts";
import { isEmptyColumn, sparseBlock, sparseTable } from "./sparse.ts";
import { type Analyzer, analyzerOf } from "./text_analyzer.ts";
import { emitWeighted, idfOf, normOf, tfidfWeights } from "./text_weights.ts";
import { numberColumns } from "./tree_input.ts";

function vectorizer(self: Fitted, analyzer: Analyzer, counting: Counting, weightings: readonly Weighting[]): Step {
  const { width } = counting;
  return {
    columns: [{ type: "text", ...(analyzer.form ? { text: analyzer.form } : {}) }],
    transform: {
      width,
      emit(x: Columns, { g }: Emission) {
        const { indices, weights } = counting.emit(g, analyzer.emit(g, x.blocks[0]!.value));
        const counted = sparseBlock(g, { ...emitSums(g, indices, weights, width), owner: self }, width);
        return { blocks: [emitWeighted(g, counted, weightings)] };
      },
      evaluate(x: Table) {
        const texts = x.columns[0] as readonly (string | null)[];
        const rows = texts.map((text) => weightedRow(countedRow(analyzer.evaluate(text ?? ""), counting), weightings));
        return sparseTable(rows, width);
      },
    },
  };
}

/** Terms are looked up; those that are not known count nowhere. */
function vocabularyOf(self: Fitted): Counting {
  const value = self.get("vocabulary_");
  if (!(value instanceof PyDict)) throw self.invalid("has no `vocabulary_`: it is not fitted");
  const columns = new Map<string, number>();
  for (const [term, column] of value.entries) {
    const number = numberOf(column);
    if (typeof term !== "string" || number === undefined || !Number.isInteger(number) || number < 0)
      throw self.invalid("has a `vocabulary_` that is not texts to columns");
    columns.set(term, number);
  }
  if ([...columns.values()].some((column) => column >= columns.size))
    throw self.invalid("has a `vocabulary_` with gaps");
  return lookedUp(columns);
}

/** Weights in float32 round at every step, and so do the models behind them. */
function refuseNarrow(self: Fitted): void {
  const dtype = self.get("dtype");
  const name = dtype instanceof PyGlobal ? dtype.name : typeof dtype === "string" ? dtype : describedType(self);
  if (/float(16|32)|single|half|<f[24]|^f[24]$/.test(name))
    throw self.unsupported(
      "counts in float32, and what follows it computes in float32 too",
      "fit it with dtype=numpy.float64",
    );
}

/** `numpy.dtype(...)` keeps its name as an argument. */
function describedType(self: Fitted): string {
  const dtype = self.get("dtype");
  return dtype instanceof PyObject ? dtype.args.map(String).join(" ") : "";
}

/** Sixteen times what the library takes by itself. */
const mostHashes = 2 ** 24;

const text = (name: string) => [`sklearn.feature_extraction.text.${name}`];

const presenceOf = (self: Fitted): Weighting[] => (self.boolean("binary") ? [presence] : []);

export const countVectorizer: Estimator = {
  classes: text("CountVectorizer"),
  read(self) {
    refuseNarrow(self);
    return vectorizer(self, analyzerOf(self), vocabularyOf(self), presenceOf(self));
  },
};

export const tfidfVectorizer: Estimator = {
  classes: text("TfidfVectorizer"),
  read(self) {
    refuseNarrow(self);
    const counting = vocabularyOf(self);
    const weights = [...presenceOf(self), ...tfidfWeights(self.child("_tfidf"), counting.width)];
    return vectorizer(self, analyzerOf(self), counting, weights);
  },
};

export const hashingVectorizer: Estimator = {
  classes: text("HashingVectorizer"),
  read(self) {
    refuseNarrow(self);
    const width = self.number("n_features");
    if (!Number.isInteger(width) || width < 1) throw self.invalid(`has ${width} columns (\`n_features\`)`);
    if (width > mostHashes)
      throw self.unsupported(`hashes into ${width} columns`, `fit it with at most ${mostHashes} as n_features`);
    const counting = hashed(width, self.boolean("alternate_sign"));
    return vectorizer(self, analyzerOf(self), counting, [...presenceOf(self), ...normOf(self)]);
  },
};

export const tfidfTransformer: Estimator = {
  classes: text("TfidfTransformer"),
  read(self) {
    // Before 1.0 only the weights say how many columns there are.
    const count = featureCountOf(self) ?? (self.boolean("use_idf") ? idfOf(self, null).length : null);
    const weights = tfidfWeights(self, count);
    return {
      columns: count === null ? null : numberColumns(count),
      transform: {
        ...(count === null ? {} : { width: count }),
        emit: (x, { g }) => ({ blocks: [emitWeighted(g, onlyBlock(self, x), weights)] }),
        evaluate: (x) =>
          sparseTable(
            sparseRowsOf(x).map((row) => weightedRow(row, weights)),
            x.columns.length,
          ),
      },
    };
  },
};

/** Rows are weighted as a whole; beside one another only columns of numbers can be joined. */
function onlyBlock(self: Fitted, { blocks }: Columns): Block {
  if (blocks.length === 1) return blocks[0]!;
  throw self.unsupported("weighs the terms of several vectorizers at once", "use a TfidfVectorizer for each");
}

function sparseRowsOf({ rows, columns }: Table): Map<number, number>[] {
  const found = Array.from({ length: rows }, () => new Map<number, number>());
  columns.forEach((column: Column, at) => {
    if (isEmptyColumn(column)) return;
    for (let row = 0; row < rows; row++) if (column[row] !== 0) found[row]!.set(at, column[row] as number);
  });
  return found;
}
