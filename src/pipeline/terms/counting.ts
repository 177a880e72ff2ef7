// Which column each term counts in: looked up in a vocabulary, or hashed. Rule: sklearn/feature_extraction/text.py, CountVectorizer;
// sklearn/feature_extraction/_hashing_fast.pyx, transform.
import { float64, type GraphBuilder, int64, murmur3, strings, type Value } from "../../onnx/index.ts";
import { noTerm } from "./terms.ts";

/** What terms are counted as. */
export interface Counting {
  readonly width: number;
  /** Terms `[N, T]` as columns, with their weights where those are not 1. */
  emit(g: GraphBuilder, terms: Value): { readonly indices: Value; readonly weights: Value | null };
  /** Column and weight of a term; null where it has none. */
  evaluate(term: string): readonly [column: number, weight: number] | null;
}

/** Columns in ascending order, as a row of scipy.sparse has them. */
export function countedRow(terms: readonly string[], counting: Counting): Map<number, number> {
  const counts = new Map<number, number>();
  for (const term of terms) {
    const found = counting.evaluate(term);
    if (found) counts.set(found[0], (counts.get(found[0]) ?? 0) + found[1]);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}

/** Terms that are not known count nowhere. @param columns 0 to their number, each once */
export function lookedUp(columns: ReadonlyMap<string, number>): Counting {
  const width = columns.size;
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

export function hashed(width: number, alternates: boolean): Counting {
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
