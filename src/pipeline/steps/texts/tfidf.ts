// Rule: sklearn/feature_extraction/text.py, CountVectorizer.transform and TfidfTransformer.transform. Lower case and accents are a step of
// their own (`text_form`), since no graph can do them.
import { z } from "zod";
import { float64, type GraphBuilder, int64, strings, type Value } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";
import { step } from "../../step.ts";
import { type Counting, countedRow, lookedUp } from "../../terms/counting.ts";
import { emitSpread, emitSums, type TermCounts, widestDense, withValues } from "../../terms/counts.ts";
import { PatternUnsupported } from "../../terms/pattern.ts";
import { englishStopWords } from "../../terms/stop_words.ts";
import { characterRuns, longestRun, type Terms, wordCharacterRuns, words } from "../../terms/terms.ts";
import { tokenPattern } from "../../terms/token_pattern.ts";
import { logarithm, presence, rarity, rowLength, type Weighting, weightedRow } from "../../terms/weights.ts";

const counting = {
  column: z.string().describe("The text"),
  vocabulary: z
    .string()
    .describe(
      'JSON file beside ingot.yaml: {"vocabulary": {term: column}, "idf": [numbers]} as `vocabulary_` and `idf_` have them',
    ),
  analyzer: z
    .enum(["word", "char", "char_wb"])
    .default("word")
    .describe("Terms are words, characters, or characters within words"),
  ngram_range: z
    .tuple([z.int().min(1), z.int().max(longestRun)])
    .default([1, 1])
    .describe("Least and most words or characters in a row"),
  token_pattern: z.string().default("(?u)\\b\\w\\w+\\b").describe("Expression of Python that finds words"),
  stop_words: z
    .union([z.literal("english"), z.array(z.string())])
    .default([])
    .describe("Words that are left out; `english`: scikit-learn's list"),
  binary: z.boolean().default(false).describe("Whether a term counts once, however often it is there"),
  as: z.string().min(1).default("features").describe("Name of the result, float64 [terms]"),
};
type Options = z.infer<z.ZodObject<typeof counting>>;

export const countTerms = step({
  name: "count_terms",
  about: "How often each term of a vocabulary is in a text: words or characters, alone and in rows",
  family: "texts",
  options: z.strictObject(counting),
  example: "count_terms: { column: text, vocabulary: vocabulary.json, ngram_range: [1, 2] }",
  reference: "sklearn.feature_extraction.text.CountVectorizer",
  files: ({ vocabulary }) => [vocabulary],
  plan: (options, frame) => planned(options, vocabularyOf(options, frame), [], frame),
});

export const tfidf = step({
  name: "tfidf",
  about: "Terms of a text weighted by how rare they are",
  family: "texts",
  options: z.strictObject({
    ...counting,
    use_idf: z.boolean().default(true).describe("Whether terms are weighted by `idf` of the vocabulary file"),
    sublinear_tf: z.boolean().default(false).describe("Counts become 1 + log(count)"),
    norm: z.enum(["l2", "l1", "none"]).default("l2").describe("Length that each row is divided by"),
  }),
  example: "tfidf: { column: text, vocabulary: vocabulary.json }",
  reference: "sklearn.feature_extraction.text.TfidfVectorizer",
  files: ({ vocabulary }) => [vocabulary],
  plan(options, frame) {
    const { sublinear_tf, use_idf, norm } = options;
    const vocabulary = vocabularyOf(options, frame);
    if (use_idf && !vocabulary.idf)
      throw frame.refuse(`\`${options.vocabulary}\` holds no \`idf\``, {
        option: "vocabulary",
        fix: "store `idf_`, or `use_idf: false`",
      });
    return planned(
      options,
      vocabulary,
      [
        ...(sublinear_tf ? [logarithm] : []),
        ...(use_idf ? [rarity(vocabulary.idf!)] : []),
        ...(norm === "none" ? [] : [rowLength(norm, sublinear_tf)]),
      ],
      frame,
    );
  },
});

interface Vocabulary {
  readonly counting: Counting;
  readonly idf: Float64Array | null;
}

const vocabularyFile = z.object({
  vocabulary: z.union([z.record(z.string(), z.int().nonnegative()), z.array(z.string())]),
  idf: z.array(z.number()).nullish(),
});

function vocabularyOf({ vocabulary: name }: Options, frame: Frame): Vocabulary {
  const refuse = (what: string) => frame.refuse(`\`${name}\` ${what}`, { option: "vocabulary" });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame.file(name)));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw refuse("is not JSON in UTF-8");
  }
  const parsed = vocabularyFile.safeParse(json);
  if (!parsed.success) throw refuse('is not {"vocabulary": {term: column}, "idf": [numbers]}');
  const { vocabulary, idf = null } = parsed.data;
  const columns = new Map(
    Array.isArray(vocabulary) ? vocabulary.map((term, at) => [term, at] as const) : Object.entries(vocabulary),
  );
  const places = new Set(columns.values());
  const size = Array.isArray(vocabulary) ? vocabulary.length : columns.size;
  if (size === 0 || places.size !== size || [...places].some((place) => place >= size))
    throw refuse("does not give each term a column of its own, from 0 on");
  if (size > widestDense)
    throw refuse(`has ${size} terms, at most ${widestDense} become columns: let the model hold the vectorizer`);
  if (idf && idf.length !== size) throw refuse(`has ${idf.length} \`idf\` for ${size} terms`);
  return { counting: lookedUp(columns), idf: idf && Float64Array.from(idf) };
}

function planned(
  options: Options,
  { counting: counted }: Vocabulary,
  weights: readonly Weighting[],
  frame: Frame,
): StepPlan {
  const column = textColumn(frame, options.column);
  const terms = termsOf(options, frame);
  const weightings = [...(options.binary ? [presence] : []), ...weights];
  const { width } = counted;
  const problem = { column: column.name, what: "is missing, and terms are counted in texts only" };
  return {
    reads: [column.name],
    writes: [{ name: options.as, dtype: "float64", shape: [width], missing: false }],
    ...(weights.length > 0 ? { inexact: true } : {}),
    emit([text], { g, reject }) {
      if (column.missing) reject(isMissing(g, text!), problem);
      const found = terms.emit(g, g.op("Unsqueeze", [text!, g.constant(int64([1]))]));
      const { indices, weights: units } = counted.emit(g, found);
      const rows = weightings.reduce(
        (counts: TermCounts, one) =>
          withValues(g, counts, width, (_g, values, columns) => one.emit(g, values, columns)),
        emitSums(g, indices, units, width),
      );
      return [emitSpread(g, rows, width)];
    },
    evaluate([text], rows, { reject }) {
      const data = new Float64Array(rows * width);
      for (let row = 0; row < rows; row++) {
        const own = text!.data[row] as string;
        if (column.missing && own === missingText) reject(row, problem);
        const values = weightedRow(countedRow(terms.evaluate(own), counted), weightings);
        for (const [at, value] of values) data[row * width + at] = value;
      }
      return [float64(data, [rows, width])];
    },
  };
}

/** A column of texts, one per record. @throws what `frame.refuse` returns */
export function textColumn(frame: Frame, name: string): Column {
  const column = frame.column(name);
  if (column.dtype !== "string" || column.shape.length > 0 || column.isBytes)
    throw frame.refuse(`column \`${name}\` is not one text per record`, { option: "column" });
  return column;
}

/** bool `[N]` */
export function isMissing(g: GraphBuilder, text: Value): Value {
  return g.op("Equal", [text, g.constant(strings([missingText], []))]);
}

function termsOf({ analyzer, ngram_range: range, token_pattern, stop_words }: Options, frame: Frame): Terms {
  if (range[0] > range[1]) throw frame.refuse("`ngram_range` runs backwards", { option: "ngram_range" });
  if (analyzer === "char") return characterRuns(range);
  if (analyzer === "char_wb") return wordCharacterRuns(range);
  try {
    return words(tokenPattern(token_pattern), stop_words === "english" ? englishStopWords : stop_words, range);
  } catch (error) {
    if (!(error instanceof PatternUnsupported)) throw error;
    throw frame.refuse(`the pattern ${token_pattern.slice(0, 100)} is not compiled: ${error.message}`, {
      option: "token_pattern",
      fix: "use the default, or one like \\b[a-z]{3,}\\b, \\w+ or [^,]+",
    });
  }
}
