// Texts to numbers. Rules: sklearn/feature_extraction/text.py, CountVectorizer.transform, TfidfVectorizer.transform, HashingVectorizer.transform,
// TfidfTransformer.transform; sklearn/feature_extraction/_hashing_fast.pyx (MurmurHash3, 32 bits, seed 0).
import { type Fitted, featureCountOf, numberOf, PyDict, PyGlobal, PyObject } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, murmur3, strings, type Value } from "../../onnx/index.ts";
import type { Block, Column, Columns, Emission, Estimator, Step, Table } from "./estimator.ts";
import { emitSums, isEmptyColumn, sparseBlock, sparseTable } from "./sparse.ts";
import { type Analyzer, analyzerOf, noTerm } from "./text_analyzer.ts";
import { emitWeighted, idfOf, normOf, presence, tfidfWeights, type Weighting, weightedRow } from "./text_weights.ts";
import { numberColumns } from "./tree_input.ts";

/** What terms are counted as. */
interface Counting {
  readonly width: number;
  /** Terms `[N, T]` as columns, with their weights where those are not 1. */
  emit(g: GraphBuilder, terms: Value): { readonly indices: Value; readonly weights: Value | null };
  /** Column and weight of a term; null where it has none. */
  evaluate(term: string): readonly [column: number, weight: number] | null;
}

function vectorizer(self: Fitted, analyzer: Analyzer, counting: Counting, weightings: readonly Weighting[]): Step {
  const { width } = counting;
  return {
    columns: [{ type: "text", ...(analyzer.form ? { text: analyzer.form } : {}) }],
    transform: {
      width,
      emit(x: Columns, { g }: Emission) {
        const { indices, weights } = counting.emit(g, analyzer.emit(g, x.blocks[0]!.value));
        const counted = sparseBlock(g, emitSums(g, indices, weights, width, self), width);
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

/** Columns in ascending order, as a row of scipy.sparse has them. */
function countedRow(terms: readonly string[], counting: Counting): Map<number, number> {
  const counts = new Map<number, number>();
  for (const term of terms) {
    const found = counting.evaluate(term);
    if (found) counts.set(found[0], (counts.get(found[0]) ?? 0) + found[1]);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
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
  const width = columns.size;
  if ([...columns.values()].some((column) => column >= width)) throw self.invalid("has a `vocabulary_` with gaps");
  // No text holds these, so no term is one of them.
  const known = [...columns].filter(([term]) => term !== "" && !term.includes("\0") && !term.includes(noTerm));
  return {
    width,
    emit(g, terms) {
      if (known.length === 0) return { weights: null, indices: emitNowhere(g, terms, width) };
      const indices = g.op(
        "LabelEncoder",
        [terms],
        {
          keys_strings: known.map(([term]) => term),
          values_int64s: BigInt64Array.from(known, ([, column]) => BigInt(column)),
          default_int64: width,
        },
        { domain: "ai.onnx.ml", name: "vocabulary" },
      );
      return { indices, weights: null };
    },
    evaluate(term) {
      const column = columns.get(term);
      return column === undefined ? null : [column, 1];
    },
  };
}

function emitNowhere(g: GraphBuilder, terms: Value, width: number): Value {
  const zeros = g.op("Cast", [g.op("Equal", [terms, terms])], { to: 7 });
  return g.op("Add", [g.op("Sub", [zeros, zeros]), g.constant(int64([width], []))]);
}

function hashed(width: number, alternates: boolean): Counting {
  const int = (g: GraphBuilder, value: number) => g.constant(int64([value], []));
  const float = (g: GraphBuilder, value: number) => g.constant(float64([value], []));
  return {
    width,
    emit(g, terms) {
      const hash = g.op("MurmurHash3", [terms], { seed: 0, positive: 0 }, { domain: "com.microsoft", name: "hash" });
      const long = g.op("Cast", [hash], { to: 7 });
      const column = g.op("Mod", [g.op("Abs", [long]), int(g, width)]);
      const isNone = g.op("Equal", [terms, g.constant(strings([noTerm]))]);
      const sign = alternates
        ? g.op("Where", [g.op("Less", [long, int(g, 0)]), float(g, -1), float(g, 1)])
        : float(g, 1);
      return {
        indices: g.op("Where", [isNone, int(g, width), column]),
        weights: g.op("Where", [isNone, float(g, 0), sign]),
      };
    },
    evaluate(term) {
      const hash = murmur3(encoder.encode(term), 0);
      return [Math.abs(hash) % width, alternates && hash < 0 ? -1 : 1];
    },
  };
}

const encoder = new TextEncoder();

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
